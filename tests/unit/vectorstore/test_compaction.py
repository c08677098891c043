"""Segments stay few, and what they hold survives their merging."""

import math
import traceback
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import IndexMismatch
from core.records import ProcessedNote, SkippedNote
from tests.fakes.indexes import compact, lined, open_store, open_writer, publish, vectors_of
from vectorstore.compaction import MOST_SMALL, worth_merging
from vectorstore.durable import sha256_of
from vectorstore.manifest import Counts, SegmentEntry
from vectorstore.pointer import Pointer, Vouched, write_pointer
from vectorstore.stored_note import stored_note


def entry(name: str, written: int, live: int) -> SegmentEntry:
    return SegmentEntry(name, written, written, live, live, ())


def chosen(sizes: dict[str, tuple[int, int]], cap: int = 1000, most: int = 4) -> set[str]:
    """`sizes` maps a segment to what was written and what is alive."""
    return worth_merging([entry(name, *size) for name, size in sizes.items()], cap, most=most)


def test_few_and_mostly_live_segments_are_left_alone() -> None:
    assert chosen({"a": (100, 90), "b": (10, 5), "c": (1, 1), "d": (1, 1)}) == set()


def test_mostly_dead_segments_are_rewritten() -> None:
    assert chosen({"a": (100, 40), "b": (10, 10)}) == {"a"}


def test_the_smallest_of_too_many_are_merged_and_with_them_what_is_not_much_larger() -> None:
    few = {"a": (100, 100), "b": (3, 3), "c": (1, 1), "d": (2, 2), "e": (50, 50)}
    assert chosen(few) == {"b", "c", "d"}
    assert chosen({**few, "f": (12, 12)}) == {"b", "c", "d", "f"}
    assert chosen({**few, "f": (13, 13)}) == {"b", "c", "d"}


def test_full_segments_do_not_count_among_too_many_and_are_not_merged() -> None:
    assert chosen({str(n): (900, 900) for n in range(20)}) == set()
    assert chosen({**{str(n): (900, 500) for n in range(20)}, "a": (900, 499), "b": (1, 1)}) == set()


def test_a_vector_is_written_a_logarithmic_number_of_times_in_few_segments() -> None:
    entries: list[SegmentEntry] = []
    written = 0
    for night in range(2000):
        entries.append(entry(f"{night}", 1, 1))
        while names := worth_merging(entries, 10**9):
            size = sum(e.vectors for e in entries if e.name in names)
            entries = [*(e for e in entries if e.name not in names), entry(f"{night}-{size}", size, size)]
            written += size
        assert len(entries) <= MOST_SMALL
    assert written < 2000 * math.log2(2000)


def test_many_refreshes_leave_few_segments_and_lose_nothing(tmp_path: Path) -> None:
    texts: dict[str, str] = {}
    for number in range(3 * MOST_SMALL):
        patient_id = f"p{number % 20}"
        texts[patient_id] = f"visit {number}\nof {patient_id}"
        publish(tmp_path, {patient_id: [lined(patient_id, f"{patient_id}/{number}", texts[patient_id])]}, keep=1)
        compact(tmp_path, keep=1)
    generation = open_store(tmp_path).generation
    assert len(generation.manifest.segments) <= MOST_SMALL
    assert len(list((tmp_path / "segments").iterdir())) == len(generation.manifest.segments)
    assert list(generation.patient_ids()) == sorted(texts)
    assert generation.manifest.counts == Counts(20, 20, 40)
    for patient_id, text in texts.items():
        (item,) = generation.processed(patient_id)
        assert item == lined(patient_id, item.note.note_id, text)
        assert np.array_equal(generation.chart(patient_id).vectors(), vectors_of([item]))


def half_dead(root: Path) -> None:
    """Four patients, three of whom were put again."""
    with open_writer(root) as writer:
        for number in range(4):
            note = lined(f"p{number}", f"n{number}", "words")
            stored = stored_note(note, vectors_of([note]), row_digest=f"row {number}", metadata='{"a": 1}')
            writer.put_chart(f"p{number}", [stored], quarantined=number, skipped=[SkippedNote("x", "empty")])
        writer.publish()
    publish(root, {f"p{n}": [lined(f"p{n}", f"n{n}", "new")] for n in range(3)})


def test_compaction_is_a_publication_of_its_own_that_changes_no_chart(tmp_path: Path) -> None:
    half_dead(tmp_path)
    store = open_store(tmp_path)
    before = store.generation
    assert compact(tmp_path) == 3
    assert store.refresh()
    after = store.generation
    assert (after.manifest.compacts, after.manifest.follows) == (2, 2)
    assert after.manifest.counts == before.manifest.counts
    assert [entry.name for entry in after.manifest.segments] == ["00000002", "00000003"]
    for patient_id in before.patient_ids():
        old, new = before.chart(patient_id), after.chart(patient_id)
        assert (new.digest, new.quarantined, new.skipped) == (old.digest, old.quarantined, old.skipped)
        assert dict(new.metadata()) == dict(old.metadata())
        assert new.processed() == old.processed()
        assert np.array_equal(new.vectors(), old.vectors())
        assert after.note_states(patient_id) == before.note_states(patient_id)


def test_there_is_nothing_to_compact_in_an_empty_or_a_tidy_index(tmp_path: Path) -> None:
    assert compact(tmp_path) is None
    publish(tmp_path, {"ann": [lined("ann", "n1", "words")]})
    assert compact(tmp_path) is None
    assert open_store(tmp_path).generation.number == 1


def test_compaction_keeps_to_the_size_of_segments(tmp_path: Path) -> None:
    for number in range(MOST_SMALL + 1):
        charts = {f"p{n:02d}": [lined(f"p{n:02d}", f"{n}", "a\nb")] for n in (2 * number, 2 * number + 1)}
        publish(tmp_path, charts)
    assert compact(tmp_path, segment_chunks=10) is not None
    sizes = [entry.live_vectors for entry in open_store(tmp_path).generation.manifest.segments]
    assert sum(sizes) == 4 * (MOST_SMALL + 1)
    assert max(sizes) <= 10


def test_a_compaction_that_was_not_finished_changes_nothing_and_is_done_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half_dead(tmp_path)

    def stop(*_: object) -> None:
        raise RuntimeError("stop")

    with monkeypatch.context() as patched:
        patched.setattr("vectorstore.writer.write_pointer", stop)
        with pytest.raises(RuntimeError, match="stop"):
            compact(tmp_path)
    assert open_store(tmp_path).generation.number == 2
    number = compact(tmp_path)
    assert number is not None
    generation = open_store(tmp_path).generation
    assert (generation.number, generation.manifest.compacts) == (number, 2)
    assert [generation.note(f"n{n}").text for n in range(4)] == ["new", "new", "new", "words"]


def test_after_a_rollback_nothing_is_compacted_that_would_bar_the_way_forward(tmp_path: Path) -> None:
    half_dead(tmp_path)
    publish(tmp_path, {"ann": [lined("ann", "n9", "words")]})
    digests = {n: sha256_of(tmp_path / "generations" / f"{n:08d}" / "manifest.json") for n in (2, 3)}
    write_pointer(tmp_path / "CURRENT", Pointer(2, digests[2], Vouched(3, digests[3])))
    assert compact(tmp_path) is None


def test_changes_are_published_before_anything_is_compacted(tmp_path: Path) -> None:
    with open_writer(tmp_path) as writer:
        note = lined("ann", "n1", "words")
        writer.put_patient("ann", [note], vectors_of([note]))
        with pytest.raises(ValueError, match="after publish"):
            writer.compact()


@pytest.mark.parametrize(
    ("name", "near", "bit"),
    [
        ("vectors.f32", None, 1),
        ("vectors.f32", None, 64),
        ("catalog.sqlite", b"walks by the river", 1),
        ("catalog.sqlite", b"walks by the river", 128),
        ("catalog.sqlite", b"Plan", 1),
        ("catalog.sqlite", b"81 mg", 2),
        ("catalog.sqlite", b"set aside", 2),
    ],
)
def test_damage_is_refused_rather_than_copied_and_vouched_for(
    tmp_path: Path, name: str, near: bytes | None, bit: int
) -> None:
    note = lined("p3", "n3", "walks by the river\ntakes aspirin")
    others = {f"p{n}": [lined(f"p{n}", f"n{n}", "x")] for n in range(3)}
    with open_writer(tmp_path) as writer:
        writer.put_patient("p3", [note], vectors_of([note]), skipped=[SkippedNote("set aside", "empty")])
        for patient_id, notes in others.items():
            writer.put_patient(patient_id, notes, vectors_of(notes))
        writer.publish()
    publish(tmp_path, others)
    path = tmp_path / "segments" / "00000001" / name
    content = bytearray(path.read_bytes())
    content[content.index(near) if near else 7] ^= bit
    path.write_bytes(content)
    with pytest.raises(IndexMismatch, match="verify") as caught:
        compact(tmp_path)
    assert "by the river" not in "".join(traceback.format_exception(caught.value))
    assert open_store(tmp_path).generation.number == 2


def headed(patient_id: str, heading: str) -> ProcessedNote:
    item = lined(patient_id, f"note of {patient_id}", "takes aspirin\nno fever")
    return replace(item, sentences=tuple(replace(s, heading=f"{heading} {s.ordinal}") for s in item.sentences))


def test_headings_come_along_from_every_segment_and_those_of_charts_that_are_gone_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vectorstore.segment_builder._LABELS_IN_MEMORY", 3)
    monkeypatch.setattr("vectorstore.writer.worth_merging", lambda entries, _: {entry.name for entry in entries})
    charts = {f"p{n}": [headed(f"p{n}", f"heading {n % 4}")] for n in range(6)} | {"empty": []}
    for patient_id, notes in charts.items():
        publish(tmp_path, {patient_id: notes, f"other {patient_id}": [headed(f"other {patient_id}", "shared")]})
    publish(tmp_path, {"p5": [headed("p5", "renamed")]}, removed=["other p1"])
    compact(tmp_path)
    generation = open_store(tmp_path).generation
    assert [entry.name for entry in generation.manifest.segments] == ["00000009"]
    for patient_id in charts:
        wanted = [headed("p5", "renamed")] if patient_id == "p5" else charts[patient_id]
        assert list(generation.processed(patient_id)) == wanted
    assert generation.patient_of("note of other p1") is None
    content = (tmp_path / "segments" / "00000009" / "catalog.sqlite").read_bytes()
    assert b"heading 0" in content
    assert b"heading 1 0" in content, "another patient has it too"
    publish(tmp_path, {"p1": [headed("p1", "new")], "p5": [headed("p5", "new")]})
    compact(tmp_path)
    (path,) = tmp_path.glob("segments/00000011/catalog.sqlite")
    assert b"heading 1 0" not in path.read_bytes()


def test_a_segment_that_went_missing_is_named_with_the_way_out(tmp_path: Path) -> None:
    half_dead(tmp_path)
    with open_writer(tmp_path) as writer:
        (tmp_path / "segments" / "00000001" / "vectors.f32").unlink()
        with pytest.raises(IndexMismatch, match=r"vectors\.f32 is missing.*verify"):
            writer.compact()
