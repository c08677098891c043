"""An index of an older release is refused with the command that migrates it, and that command loses nothing."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import IndexMismatch, IndexUnavailable, IngestFailed
from tests.fakes.first_schema import publish_first_schema
from tests.fakes.indexes import compact, lined, open_store, open_writer, publish, vectors_of
from vectorstore.durable import sha256_of
from vectorstore.layout import Layout
from vectorstore.migrate import main, migrate
from vectorstore.pointer import Pointer, write_pointer
from vectorstore.rollback import roll_back
from vectorstore.verify import verify

FIRST = {
    "ann": [lined("ann", "n1", "takes aspirin\nno fever"), lined("ann", "n2", "walks again", "2021-05-01")],
    "a/b": [lined("a/b", "n3", "as it was")],
    "nobody": [],
}
SECOND = {"a/b": [lined("a/b", "n3", "as it is\ntakes no aspirin", None)]}
LIVE = {**FIRST, **SECOND}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An index of schema 1: two segments, a patient of the first overtaken by the second."""
    publish_first_schema(tmp_path, FIRST, SECOND)
    return tmp_path


def content_of(root: Path) -> dict[str, bytes]:
    """Every file but the pointer."""
    return {
        p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file() and p.name != "CURRENT"
    }


def assert_live_as_written(root: Path) -> None:
    generation = open_store(root).generation
    assert list(generation.patient_ids()) == sorted(LIVE)
    for patient_id, notes in LIVE.items():
        chart = generation.chart(patient_id)
        assert chart.processed() == tuple(notes)
        assert chart.quarantined == 2
        if notes:
            assert np.array_equal(chart.vectors(), vectors_of(notes))
            assert set(chart.metadata().values()) == {'{"from": "schema 1"}'}
        states = generation.note_states(patient_id)
        assert set(states) == {item.note.note_id for item in notes}
        assert all(state.row_digest is None for state in states.values())
    assert generation.chart("a/b").search("aspirin")[0].chunk.note_id == "n3"


def test_readers_and_writers_refuse_it_with_the_command_that_mends_it(root: Path) -> None:
    words = "schema 1 and this program reads 2: run `python -m vectorstore.migrate`"
    with pytest.raises(IndexMismatch, match=words):
        open_store(root)
    with pytest.raises(IndexMismatch, match=words), open_writer(root):
        pass
    (finding,) = verify(root).findings
    assert f"python -m vectorstore.migrate` {root}" in finding.remedy or "vectorstore.migrate" in finding.remedy


def test_everything_comes_over_and_what_was_live_is_untouched(root: Path) -> None:
    before = content_of(root)
    assert migrate(root) == 3
    after = content_of(root)
    assert {name: after[name] for name in before} == before
    assert_live_as_written(root)
    assert not verify(root).findings
    manifest = open_store(root).generation.manifest
    assert [(s.patients, s.live_patients, s.vectors, s.live_vectors) for s in manifest.segments] == [
        (3, 2, 4, 3),
        (1, 1, 2, 2),
    ]
    assert (manifest.follows, manifest.compacts) == (2, 2)


def test_vectors_are_shared_with_the_generation_before(root: Path) -> None:
    migrate(root)
    assert (root / "segments/00000001/vectors.f32").samefile(root / "segments/00000003/vectors.f32")


def test_where_there_are_no_hard_links_vectors_are_copied(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)
    migrate(root)
    assert not (root / "segments/00000001/vectors.f32").samefile(root / "segments/00000003/vectors.f32")
    assert_live_as_written(root)
    assert not verify(root).findings


def test_a_second_time_there_is_nothing_to_do(root: Path) -> None:
    migrate(root)
    before = content_of(root)
    assert migrate(root) is None
    assert content_of(root) == before


def test_a_refresh_goes_on_from_it_and_what_was_before_ages_out(root: Path) -> None:
    migrate(root)
    publish(root, {"bob": [lined("bob", "n9", "new")]}, keep=2)
    generation = open_store(root).generation
    assert generation.chart("ann").processed() == tuple(LIVE["ann"])
    assert generation.note("n9").text == "new"
    # The migrated generation and the one it was made from count as one.
    assert Layout(root).generation_numbers() == [2, 3, 4]
    publish(root, {"bob": [lined("bob", "n9", "newer")]}, keep=2)
    assert Layout(root).generation_numbers() == [4, 5]
    assert open_store(root).generation.chart("ann").processed() == tuple(LIVE["ann"])
    assert not verify(root).findings


def test_the_old_generation_is_left_out_of_a_rollback(root: Path) -> None:
    migrate(root)
    with pytest.raises(IndexMismatch, match="schema 1 and this program reads 2, so the live generation stays"):
        roll_back(root, 2)
    with pytest.raises(IndexUnavailable, match="no whole generation before"):
        roll_back(root)
    assert open_store(root).generation.number == 3


def test_a_rebuild_needs_no_migration(root: Path) -> None:
    assert publish(root, LIVE, rebuild=True) == 3
    assert list(open_store(root).generation.patient_ids()) == sorted(LIVE)


class Dies:
    """Ends the process, as a kill does, at the n-th time that something is made durable."""

    def __init__(self, after: int) -> None:
        self._left = after
        self._fsync = os.fsync

    def __call__(self, handle: int) -> None:
        if self._left == 0:
            os._exit(9)
        self._left -= 1
        self._fsync(handle)


def killed(work: Callable[[], object], after: int) -> bool:
    """Run in a child that dies; returns whether it did before its work was done."""
    child = os.fork()
    if child == 0:
        os.fsync = Dies(after)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_killed_at_any_moment_it_leaves_the_old_one_live_or_the_new_one_and_can_be_run_again(tmp_path: Path) -> None:
    moments = 0
    for after in range(40):
        root = tmp_path / str(after)
        publish_first_schema(root, FIRST, SECOND)
        before = content_of(root)
        if not killed(lambda root=root: migrate(root), after):
            break
        moments += 1
        kept = content_of(root)
        assert {name: kept[name] for name in before} == before
        number = int((root / "CURRENT").read_text().split()[0])
        assert number in (2, 3)
        if number == 3:
            assert_live_as_written(root)
        done = migrate(root)
        assert (done is None) == (number == 3)
        assert_live_as_written(root)
        assert not verify(root).findings
        live = Layout(root).generation_numbers()
        assert live[0] == 2
        assert len(live) == 2
        assert len(list((root / "segments").iterdir())) == 4
    assert moments > 8


def test_a_full_disk_leaves_the_old_one_live_and_nothing_else_behind(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, fsync, left = content_of(root), os.fsync, [4]

    def full(handle: int) -> None:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= 1
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(IngestFailed, match=r"No space left.*as it was.*run this again"):
        migrate(root)
    assert content_of(root) == before
    left[0] = 99
    assert migrate(root) == 3


@pytest.mark.parametrize("name", ["segments/00000002/catalog.sqlite", "generations/00000002/directory.sqlite"])
@pytest.mark.parametrize("harm", ["flip", "cut", "remove"])
def test_damage_is_named_and_not_carried_over(root: Path, name: str, harm: str) -> None:
    path = root / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if harm == "flip":
        path.write_bytes(content)
    elif harm == "cut":
        path.write_bytes(content[:-7])
    else:
        path.unlink()
    with pytest.raises(IndexMismatch, match=rf"{name}.*make ingest NOTES=… REBUILD=1"):
        migrate(root)
    assert Layout(root).generation_numbers() == [2]


def test_refuses_while_a_writer_is_at_work_and_without_an_index(root: Path, tmp_path: Path) -> None:
    migrate(root)
    with open_writer(root), pytest.raises(IngestFailed, match="another writer"):
        migrate(root)
    with pytest.raises(IndexUnavailable, match="there is no index"):
        migrate(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(("version", "words"), [(3, "schema 3 and this program reads 2: update"), (0, "no way from")])
def test_refuses_a_schema_that_it_does_not_know(root: Path, version: int, words: str) -> None:
    path = root / "generations" / "00000002" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": version}))
    write_pointer(root / "CURRENT", Pointer(2, sha256_of(path)))
    with pytest.raises(IndexMismatch, match=words):
        migrate(root)


def test_refuses_a_manifest_that_the_pointer_does_not_name(root: Path) -> None:
    path = root / "generations" / "00000002" / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"patients": 3', b'"patients": 4'))
    with pytest.raises(IndexMismatch, match=r"manifest.json is damaged.*vectorstore.verify"):
        migrate(root)


def test_the_command_reports_and_exits_by_what_happened(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(folder: Path) -> tuple[int, str]:
        return main([str(folder)]), capsys.readouterr().out

    assert run(root) == (
        0,
        "segment 1 of 2 is copied\nsegment 2 of 2 is copied\nlive now: generation 3, of schema 2\n",
    )
    assert run(root) == (0, f"the index in {root} has schema 2 already: nothing to do\n")
    assert run(root / "nothing")[0] == 2
    (root / "CURRENT").write_text("?")
    assert run(root)[0] == 1


def test_notes_that_came_over_can_be_copied_on(root: Path) -> None:
    migrate(root)
    generation = open_store(root).generation
    with open_writer(root) as writer:
        for patient_id in LIVE:
            writer.put_chart(patient_id, generation.stored_notes(patient_id), quarantined=2)
        writer.publish()
    again = open_store(root).generation
    for patient_id, notes in LIVE.items():
        assert again.processed(patient_id) == tuple(notes)
        assert [note.text for note in again.stored_notes(patient_id)] == [item.note.text for item in notes]


def test_segments_that_came_over_can_be_compacted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(root)
    monkeypatch.setattr("vectorstore.writer.worth_merging", lambda entries, _: {entry.name for entry in entries})
    assert compact(root) is not None
    assert len(open_store(root).generation.manifest.segments) == 1
    assert_live_as_written(root)
