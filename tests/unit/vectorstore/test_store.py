"""Opening an index: what fits is served, what does not is refused with the way out."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from core.errors import IndexMismatch, IndexUnavailable
from tests.fakes.embeddings import HashedWords
from tests.fakes.indexes import lined, open_store, publish
from vectorstore.durable import sha256_of
from vectorstore.pointer import Pointer, write_pointer
from vectorstore.seal import sealed
from vectorstore.store import Store

ANN = {"ann": [lined("ann", "n1", "takes aspirin")]}


def test_without_an_index_there_is_no_generation_yet(tmp_path: Path) -> None:
    store = open_store(tmp_path / "nothing")
    with pytest.raises(IndexUnavailable, match="make ingest"):
        _ = store.generation
    assert store.refresh() is False


def test_the_first_generation_is_noticed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    publish(tmp_path, ANN)
    assert store.refresh() is True
    assert store.refresh() is False
    assert store.generation.number == 1


def test_a_new_generation_is_noticed_and_the_segments_in_common_are_shared(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    store = open_store(tmp_path)
    before = store.generation.open_segments()["00000001"]
    publish(tmp_path, {"bob": [lined("bob", "n2", "walks")]})
    assert store.refresh() is True
    assert store.generation.open_segments()["00000001"] is before


class OtherModel(HashedWords):
    spec = replace(HashedWords.spec, model="other/model", weight_digest="f" * 64)


def test_refuses_an_index_built_with_another_embedder(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    with pytest.raises(IndexMismatch, match=r"hashed-words.*other/model.*make ingest NOTES=… REBUILD=1"):
        Store(tmp_path, OtherModel())


def test_a_model_of_another_name_with_the_same_weights_is_the_same(tmp_path: Path) -> None:
    publish(tmp_path, ANN)

    class Renamed(HashedWords):
        spec = replace(HashedWords.spec, model="/models/copy")

    assert Store(tmp_path, Renamed()).generation.number == 1


def test_the_old_generation_stays_when_the_new_one_does_not_fit(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    store = open_store(tmp_path)
    publish(tmp_path, ANN, embedding=OtherModel.spec, rebuild=True)
    for _ in range(2):
        with pytest.raises(IndexMismatch):
            store.refresh()
    assert store.generation.number == 1
    assert store.generation.chart("ann").search("aspirin")


def test_embeddings_that_do_not_name_their_model_are_checked_by_length(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    chart = Store(tmp_path, DeterministicFakeEmbedding(size=7)).generation.chart("ann")
    with pytest.raises(IndexMismatch, match=r"\(7,\).*64 dimensions"):
        chart.search("aspirin")


def rewrite_manifest(root: Path, **changes: object) -> None:
    path = next(root.glob("generations/*/manifest.json"))
    raw = json.loads(path.read_text())
    del raw["checksum"]
    path.write_bytes(sealed({**raw, **changes}))
    write_pointer(root / "CURRENT", Pointer(1, sha256_of(path)))


@pytest.mark.parametrize(("version", "words"), [(99, "update the program"), (0, "REBUILD=1")])
def test_refuses_a_manifest_of_another_time(tmp_path: Path, version: int, words: str) -> None:
    publish(tmp_path, ANN)
    rewrite_manifest(tmp_path, schema_version=version)
    with pytest.raises(IndexMismatch, match=words):
        open_store(tmp_path)


def test_refuses_a_manifest_that_misses_parts(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    rewrite_manifest(tmp_path, counts={"patients": 1})
    with pytest.raises(IndexMismatch, match="REBUILD=1"):
        open_store(tmp_path)


@pytest.mark.parametrize("name", ["vectors.f32", "catalog.sqlite", "directory.sqlite", "manifest.json"])
@pytest.mark.parametrize("harm", ["truncate", "remove"])
def test_refuses_a_missing_or_truncated_file_and_names_it(tmp_path: Path, name: str, harm: str) -> None:
    publish(tmp_path, ANN)
    path = next(tmp_path.rglob(name))
    if harm == "remove":
        path.unlink()
    else:
        os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(IndexMismatch, match=name):
        open_store(tmp_path)


def test_refuses_a_catalog_that_is_no_database(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    path = next(tmp_path.rglob("catalog.sqlite"))
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(IndexMismatch, match="verify"):
        open_store(tmp_path)


def test_readers_write_nothing(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    chart = open_store(tmp_path).generation.chart("ann")
    chart.search("aspirin")
    chart.processed()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
