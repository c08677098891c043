"""Segments stay few, and what they hold survives their merging."""

from pathlib import Path

import numpy as np

from tests.fakes.indexes import lined, open_store, open_writer, publish, vectors_of
from vectorstore.compaction import MOST_SEGMENTS, worth_merging
from vectorstore.directory import Share
from vectorstore.manifest import SegmentEntry


def entry(name: str, vectors: int) -> SegmentEntry:
    return SegmentEntry(name, vectors, vectors, vectors, vectors, ())


def chosen(sizes: dict[str, tuple[int, int]], most: int = 4) -> set[str]:
    """`sizes` maps a segment to what was written and what is alive."""
    shares = {name: Share(live, live) for name, (_, live) in sizes.items()}
    return worth_merging([entry(name, written) for name, (written, _) in sizes.items()], shares, most=most)


def test_few_and_mostly_live_segments_are_left_alone() -> None:
    assert chosen({"a": (100, 90), "b": (10, 5), "c": (1, 1), "d": (1, 1)}) == set()


def test_mostly_dead_segments_are_rewritten() -> None:
    assert chosen({"a": (100, 40), "b": (10, 10)}) == {"a"}


def test_the_smallest_of_too_many_are_merged() -> None:
    assert chosen({"a": (100, 100), "b": (3, 3), "c": (1, 1), "d": (2, 2), "e": (50, 50)}) == {"b", "c", "d"}


def test_a_segment_nobody_uses_is_no_concern() -> None:
    assert worth_merging([entry("a", 5)], {}) == set()


def test_many_refreshes_leave_few_segments_and_lose_nothing(tmp_path: Path) -> None:
    texts: dict[str, str] = {}
    for number in range(3 * MOST_SEGMENTS):
        patient_id = f"p{number % 7}"
        texts[patient_id] = f"visit {number}\nof {patient_id}"
        publish(tmp_path, {patient_id: [lined(patient_id, f"{patient_id}/{number}", texts[patient_id])]}, keep=1)
    generation = open_store(tmp_path).generation
    assert len(generation.manifest.segments) <= MOST_SEGMENTS
    assert len(list((tmp_path / "segments").iterdir())) == len(generation.manifest.segments)
    assert list(generation.patient_ids()) == sorted(texts)
    for patient_id, text in texts.items():
        (item,) = generation.processed(patient_id)
        assert item == lined(patient_id, item.note.note_id, text)
        assert np.array_equal(generation.chart(patient_id).vectors(), vectors_of([item]))


def test_merging_keeps_what_was_set_aside_and_a_documents_metadata(tmp_path: Path) -> None:
    with open_writer(tmp_path) as writer:
        for number in range(4):
            note = lined(f"p{number}", f"n{number}", "words")
            writer.put_patient(
                f"p{number}", [note], vectors_of([note]), quarantined=number, metadata={f"n{number}": '{"a": 1}'}
            )
        writer.publish()
    before = open_store(tmp_path).generation.chart("p3")
    publish(tmp_path, {f"p{n}": [lined(f"p{n}", f"n{n}", "new")] for n in range(3)})
    generation = open_store(tmp_path).generation
    assert [entry.name for entry in generation.manifest.segments] == ["00000002", "00000002-merged"]
    after = generation.chart("p3")
    assert (after.quarantined, dict(after.metadata()), after.digest) == (3, {"n3": '{"a": 1}'}, before.digest)
