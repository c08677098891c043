"""Writing: what is put is published whole, or not at all."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import IndexMismatch, IngestFailed, PatientNotFound
from core.records import SkippedNote
from tests.fakes.indexes import CHUNKING, EMBEDDINGS, lined, open_store, open_writer, publish, vectors_of
from vectorstore.manifest import Counts
from vectorstore.specs import ChunkingSpec

ANN = {"ann": [lined("ann", "n1", "takes aspirin\nno fever")]}
BOB = {"bob": [lined("bob", "n2", "sees a dentist")]}


def test_published_patients_can_be_read(tmp_path: Path) -> None:
    assert publish(tmp_path, {**ANN, **BOB}) == 1
    generation = open_store(tmp_path).generation
    assert list(generation.patient_ids()) == ["ann", "bob"]
    assert generation.chart("ann").processed() == tuple(ANN["ann"])
    counts = generation.manifest.counts
    assert (counts.patients, counts.notes, counts.chunks) == (2, 2, 3)


def test_a_refresh_keeps_untouched_patients_and_writes_only_touched_ones(tmp_path: Path) -> None:
    publish(tmp_path, {**ANN, **BOB})
    assert publish(tmp_path, {"bob": [lined("bob", "n2", "sees no dentist")]}) == 2
    generation = open_store(tmp_path).generation
    assert generation.note("n2").text == "sees no dentist"
    assert generation.chart("ann").processed() == tuple(ANN["ann"])
    newest = generation.manifest.segments[-1]
    assert (newest.patients, newest.vectors) == (1, 1)


def test_nothing_changed_publishes_nothing(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    assert publish(tmp_path, {}, removed=["nobody"]) == 1
    assert len(list((tmp_path / "generations").iterdir())) == 1


def test_a_run_that_finds_nothing_changed_says_that_the_index_is_up_to_date(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    os.utime(tmp_path / "CURRENT", (1000, 1000))
    store = open_store(tmp_path)
    assert store.checked_at() == 1000
    publish(tmp_path, {})
    assert not store.refresh()
    assert (store.checked_at() or 0) > 1_000_000


def test_an_empty_run_on_an_empty_folder_publishes_nothing(tmp_path: Path) -> None:
    assert publish(tmp_path, {}) == 0
    assert not (tmp_path / "CURRENT").exists()


def test_a_removed_patient_is_gone_with_their_notes(tmp_path: Path) -> None:
    publish(tmp_path, {**ANN, **BOB})
    publish(tmp_path, {}, removed=["ann"])
    generation = open_store(tmp_path).generation
    with pytest.raises(PatientNotFound):
        generation.chart("ann")
    assert generation.patient_of("n1") is None
    assert generation.manifest.counts.patients == 1


def test_the_last_patient_can_be_removed(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    publish(tmp_path, {}, removed=["ann"])
    generation = open_store(tmp_path).generation
    assert generation.patients().patients == ()
    assert generation.manifest.segments == ()


def test_a_patient_put_twice_has_the_second_chart(tmp_path: Path) -> None:
    with open_writer(tmp_path) as writer:
        for text in ("first words", "second words"):
            note = lined("ann", "n1", text)
            writer.put_patient("ann", [note], vectors_of([note]))
            writer.put_patient("bob", BOB["bob"], vectors_of(BOB["bob"]))
        writer.publish()
    generation = open_store(tmp_path).generation
    assert generation.note("n1").text == "second words"
    assert [hit.chunk.note_id for hit in generation.chart("ann").search("first words")] == ["n1"]
    assert np.array_equal(generation.chart("ann").vectors(), EMBEDDINGS.embed(["second words"]))


def test_a_patient_put_and_then_removed_is_not_published(tmp_path: Path) -> None:
    publish(tmp_path, {**ANN, **BOB}, removed=["ann"])
    assert list(open_store(tmp_path).generation.patient_ids()) == ["bob"]


def test_leaving_without_publish_changes_nothing(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with open_writer(tmp_path) as writer:
        writer.put_patient("bob", BOB["bob"], vectors_of(BOB["bob"]))
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    assert open_store(tmp_path).generation.number == 1


def test_a_failing_run_changes_nothing_and_frees_the_lock(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    with pytest.raises(RuntimeError, match="source"), open_writer(tmp_path) as writer:
        writer.put_patient("bob", BOB["bob"], vectors_of(BOB["bob"]))
        raise RuntimeError("source went away")
    assert publish(tmp_path, BOB) == 2


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with open_writer(tmp_path), pytest.raises(IngestFailed, match="another writer"), open_writer(tmp_path):
        pass
    publish(tmp_path, ANN)


def test_the_lock_of_a_killed_writer_is_free(tmp_path: Path) -> None:
    code = f"""
import sys, time
from pathlib import Path
from tests.fakes.indexes import *
with open_writer(Path({str(tmp_path)!r})) as writer:
    note = lined("bob", "n2", "half written")
    writer.put_patient("bob", [note], vectors_of([note]))
    print("ready", flush=True)
    time.sleep(60)
"""
    publish(tmp_path, ANN)
    root = Path(__file__).resolve().parents[3]
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=root)
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == "ready\n"
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert len(list((tmp_path / "segments").iterdir())) == 2
    assert list(open_store(tmp_path).generation.patient_ids()) == ["ann"]
    publish(tmp_path, BOB)
    assert sorted(path.name for path in (tmp_path / "segments").iterdir()) == ["00000001", "00000003"]


def test_leftovers_of_an_unfinished_publication_are_cleared(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    (tmp_path / "segments" / "00000002").mkdir()
    (tmp_path / "generations" / "00000002").mkdir()
    (tmp_path / "CURRENT.new").write_text("2 half")
    assert publish(tmp_path, BOB) == 3
    assert not (tmp_path / "generations" / "00000002").exists()
    assert not (tmp_path / "CURRENT.new").exists()


def test_refuses_to_refresh_with_another_embedder(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    other = replace(EMBEDDINGS.spec, weight_digest="f" * 64)
    with pytest.raises(IndexMismatch, match="REBUILD=1"):
        publish(tmp_path, BOB, embedding=other)
    assert publish(tmp_path, BOB) == 2


def test_refuses_to_refresh_with_other_chunks(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    with pytest.raises(IndexMismatch, match=r"80 tokens.*99.*REBUILD=1"):
        publish(tmp_path, BOB, chunking=ChunkingSpec(CHUNKING.version, 99))


def test_a_rebuild_starts_from_nothing(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    assert publish(tmp_path, BOB, chunking=ChunkingSpec("others", 99), rebuild=True) == 2
    assert list(open_store(tmp_path).generation.patient_ids()) == ["bob"]


def test_a_rebuild_mends_a_damaged_pointer_and_manifest(tmp_path: Path) -> None:
    for pattern in ("CURRENT", "generations/*/manifest.json"):
        publish(tmp_path, ANN, rebuild=True)
        path = max(tmp_path.glob(pattern))
        path.write_bytes(b"\xff?")
        with pytest.raises(IndexMismatch, match="REBUILD=1"):
            publish(tmp_path, BOB)
        publish(tmp_path, BOB, rebuild=True)
        assert list(open_store(tmp_path).generation.patient_ids()) == ["bob"]


def test_a_rebuild_that_puts_nothing_leaves_the_old_index(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    assert publish(tmp_path, {}, rebuild=True) == 1
    assert list(open_store(tmp_path).generation.patient_ids()) == ["ann"]


def test_keeps_as_many_generations_as_asked(tmp_path: Path) -> None:
    for number in range(5):
        publish(tmp_path, {"ann": [lined("ann", "n1", f"text {number}")]}, keep=2)
    assert sorted(path.name for path in (tmp_path / "generations").iterdir()) == ["00000004", "00000005"]
    assert sorted(path.name for path in (tmp_path / "segments").iterdir()) == ["00000004", "00000005"]


def test_refuses_one_note_id_for_two_patients(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    with pytest.raises(IngestFailed, match="two patients"):
        publish(tmp_path, {"bob": [lined("bob", "n1", "the same id")]})
    with pytest.raises(ValueError, match="used twice"):
        publish(tmp_path, {"bob": [lined("bob", "n3", "a")], "cat": [lined("cat", "n3", "b")]})
    assert list(open_store(tmp_path).generation.patient_ids()) == ["ann"]


def test_refuses_one_note_id_for_two_patients_in_two_segments_of_a_run(tmp_path: Path) -> None:
    charts = {"ann": ANN["ann"], "bob": [lined("bob", "n2", "a")], "cat": [lined("cat", "n1", "the same id")]}
    with pytest.raises(IngestFailed, match="two patients"):
        publish(tmp_path, charts, segment_chunks=2)
    assert not (tmp_path / "CURRENT").exists()


def test_a_note_may_move_to_another_patient_whatever_segment_they_are_written_to(tmp_path: Path) -> None:
    publish(tmp_path, {**ANN, **BOB}, segment_chunks=1)
    publish(tmp_path, {"bob": [lined("bob", "n1", "moved")], "ann": [lined("ann", "n2", "too")]}, segment_chunks=1)
    generation = open_store(tmp_path).generation
    assert [generation.patient_of(name) for name in ("n1", "n2")] == ["bob", "ann"]
    assert len(generation.manifest.segments) == 2


def test_a_chart_that_could_not_be_written_is_not_left_out_in_silence(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    with open_writer(tmp_path) as writer:
        writer.put_patient("bob", BOB["bob"], vectors_of(BOB["bob"]))
        again = [lined("cat", "n2", "the same id")]
        with pytest.raises(ValueError, match="used twice"):
            writer.put_patient("cat", again, vectors_of(again))
        with pytest.raises(IngestFailed, match="start over"):
            writer.publish()
    assert list(open_store(tmp_path).generation.patient_ids()) == ["ann"]


def test_segments_are_closed_before_they_grow_past_their_size(tmp_path: Path) -> None:
    charts = {
        f"p{n}": [lined(f"p{n}", f"n{n}", "\n".join(["line"] * size))] for n, size in enumerate((2, 3, 7, 1, 4, 0))
    }
    publish(tmp_path, charts, segment_chunks=5)
    generation = open_store(tmp_path).generation
    assert [(e.name, e.patients, e.vectors) for e in generation.manifest.segments] == [
        ("00000001", 2, 5),
        ("00000001-2", 1, 7),
        ("00000001-3", 3, 5),
    ]
    assert {patient_id: list(generation.processed(patient_id)) for patient_id in generation.patient_ids()} == charts


@pytest.mark.parametrize("segment_chunks", [1, 100])
def test_counts_are_right_after_puts_removals_and_puts_again(tmp_path: Path, segment_chunks: int) -> None:
    publish(tmp_path, {**ANN, **BOB}, segment_chunks=segment_chunks)
    with open_writer(tmp_path, segment_chunks=segment_chunks) as writer:
        for patient_id, note_id, text in (
            ("ann", "a1", "one\ntwo"),
            ("cat", "c1", "three"),
            ("ann", "a2", "four\nfive\nsix"),
            ("dan", "d1", "seven"),
        ):
            notes = [lined(patient_id, note_id, text)]
            writer.put_patient(patient_id, notes, vectors_of(notes))
        for patient_id in ("bob", "dan", "nobody"):
            writer.remove_patient(patient_id)
        writer.publish()
    generation = open_store(tmp_path).generation
    assert list(generation.patient_ids()) == ["ann", "cat"]
    assert generation.manifest.counts == Counts(2, 2, 4)
    assert sum(e.live_patients for e in generation.manifest.segments) == 2
    assert sum(e.live_vectors for e in generation.manifest.segments) == 4
    assert generation.note("a2").text == "four\nfive\nsix"
    assert generation.patient_of("a1") is None


def test_a_damaged_directory_is_not_copied_and_vouched_for(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    path = next(tmp_path.rglob("directory.sqlite"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(IndexMismatch, match=r"directory\.sqlite has changed.*verify"):
        publish(tmp_path, BOB)
    assert len(list((tmp_path / "generations").iterdir())) == 1


def test_a_full_disk_is_said_to_be_one_and_changes_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk."""
    publish(tmp_path, ANN)
    code = f"""
import resource, signal, sys
from pathlib import Path
from core.errors import IngestFailed
from tests.fakes.indexes import *
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
charts = {{f"p{{n}}": [lined(f"p{{n}}", f"n{{n}}", "words " * 500)] for n in range(200)}}
try:
    publish(Path({str(tmp_path)!r}), charts)
except IngestFailed as e:
    print(e)
"""
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert "see to the disk" in done.stdout
    assert list(open_store(tmp_path).generation.patient_ids()) == ["ann"]
    publish(tmp_path, BOB)
    assert list(open_store(tmp_path).generation.patient_ids()) == ["ann", "bob"]


def test_a_note_may_move_to_another_patient(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    publish(tmp_path, {"bob": [lined("bob", "n1", "moved")], "ann": [lined("ann", "n9", "left")]})
    generation = open_store(tmp_path).generation
    assert generation.patient_of("n1") == "bob"
    assert generation.note("n1").text == "moved"


def test_refuses_a_note_of_another_patient_and_vectors_that_do_not_fit(tmp_path: Path) -> None:
    note = lined("ann", "n1", "some words")
    with open_writer(tmp_path) as writer:
        with pytest.raises(ValueError, match="another patient"):
            writer.put_patient("bob", [note], vectors_of([note]))
        with pytest.raises(ValueError, match="shape"):
            writer.put_patient("ann", [note], np.zeros((2, 64), dtype=np.float32))
        with pytest.raises(ValueError, match="finite"):
            writer.put_patient("ann", [note], np.full((1, 64), np.nan, dtype=np.float32))


def test_what_was_set_aside_is_kept_with_the_chart(tmp_path: Path) -> None:
    with open_writer(tmp_path) as writer:
        writer.put_patient(
            "ann", [], np.empty((0, 64), dtype=np.float32), quarantined=2, skipped=[SkippedNote("x/1", "empty")]
        )
        writer.publish()
    chart = open_store(tmp_path).generation.chart("ann")
    assert (chart.quarantined, chart.skipped, chart.headers) == (2, (SkippedNote("x/1", "empty"),), ())
    assert chart.search("anything") == []


def test_an_index_holds_no_pickle(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    names = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {"CURRENT", "writer.lock", "vectors.f32", "catalog.sqlite", "manifest.json", "directory.sqlite"}
