"""Removing a patient from every generation that is kept."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import IndexMismatch, IngestFailed, PatientNotFound
from tests.fakes.indexes import EMBEDDINGS, lined, open_store, open_writer, publish, vectors_of
from vectorstore.erasure import Scrubbed, scrub
from vectorstore.holdings import holdings, ids_of_others, vectors_of_others, words_of_others
from vectorstore.kept import open_kept
from vectorstore.layout import Layout
from vectorstore.lock import WriterLock
from vectorstore.pointer import read_pointer
from vectorstore.verify import main as verify

SECRET = "emma alone takes aspirin for her toe"


class Killed(BaseException):
    pass


def build(root: Path) -> Layout:
    """Four generations: emma is in the first three, with two versions, and has left the last; ben has always been."""
    emma, ben = lined("emma", "e1", f"{SECRET}\nand sleeps well"), lined("ben", "b1", "ben is well\nno pain today")
    publish(root, {"emma": [emma], "ben": [ben]}, keep=9)
    publish(root, {"cara": [lined("cara", "c1", "cara takes aspirin too")]}, keep=9)
    publish(root, {"emma": [lined("emma", "e1", f"{SECRET} and her finger")]}, keep=9)
    return Layout(root)


def erase(layout: Layout, patient_id: str = "emma", **changes: object) -> Scrubbed:
    with WriterLock(layout.lock):
        return scrub(layout, patient_id, 1, **{"keep": 9, "wait_s": 0.0, **changes})  # type: ignore[arg-type]


def traces(layout: Layout, words: bytes = b"emma") -> list[Path]:
    return [path for path in layout.root.rglob("*") if path.is_file() and words in path.read_bytes()]


def charts(root: Path) -> dict[str, list[str]]:
    live = open_store(root).generation
    return {p: [live.note(h.note_id).text for h in live.chart(p).headers] for p in live.patient_ids()}


def test_nothing_of_the_patient_is_left_in_any_file_and_all_others_are_as_they_were(tmp_path: Path) -> None:
    layout = build(tmp_path)
    before = {p: open_store(tmp_path).generation.stored_notes(p) for p in ("ben", "cara")}
    done = erase(layout)
    assert (done.published, done.held) == (4, ())
    assert not traces(layout)
    assert not list(holdings(layout, "emma"))
    live = open_store(tmp_path).generation
    for patient_id, notes in before.items():
        now = live.stored_notes(patient_id)
        assert [n.text for n in now] == [n.text for n in notes]
        assert all(np.array_equal(a.vectors, b.vectors) for a, b in zip(now, notes, strict=True))
    assert live.manifest.counts.patients == 2
    assert verify([str(tmp_path)]) == 0


def test_a_kept_generation_is_as_it_was_without_the_patient(tmp_path: Path) -> None:
    layout = build(tmp_path)
    done = erase(layout)
    assert done.rewritten == (1, 2)
    first = open_kept(tmp_path, 1, EMBEDDINGS)
    assert list(first.patient_ids()) == ["ben"]
    assert first.chart("ben").note("b1").text == "ben is well\nno pain today"
    with pytest.raises(PatientNotFound):
        first.chart("emma")
    assert first.manifest.counts.notes == 1


def test_a_search_still_finds_the_others_by_their_vectors(tmp_path: Path) -> None:
    layout = build(tmp_path)
    before = [d.page_content for d in open_store(tmp_path).generation.retriever_for("ben").invoke("pain")]
    erase(layout)
    assert [d.page_content for d in open_store(tmp_path).generation.retriever_for("ben").invoke("pain")] == before


def test_the_vectors_of_the_patient_are_zero(tmp_path: Path) -> None:
    layout = build(tmp_path)
    mine = vectors_of([lined("emma", "e1", SECRET)]).astype("<f4").tobytes()
    assert traces(layout, mine)
    erase(layout)
    assert not traces(layout, mine)


def test_vectors_that_nobody_owns_any_more_go_along(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    first, second = lined("emma", "e1", SECRET), lined("emma", "e1", "other words")
    with open_writer(tmp_path) as writer:
        for notes in ([first], [second]):
            writer.put_patient("emma", notes, vectors_of(notes))
        writer.put_patient("ben", [ben := lined("ben", "b1", "ben is well")], vectors_of([ben]))
        writer.publish()
    erase(layout)
    assert not traces(layout, vectors_of([first]).astype("<f4").tobytes())
    assert not traces(layout, SECRET.encode())
    assert charts(tmp_path) == {"ben": ["ben is well"]}


def test_headings_that_only_the_patients_notes_had_go_along(tmp_path: Path) -> None:
    layout = build(tmp_path)
    with open_writer(tmp_path, keep=9) as writer:
        item = lined("emma", "e2", "words")
        section = item.sections[0]
        changed = type(section)("EMMA'S OWN HEADING", section.kind, section.start, section.end)
        writer.put_patient("emma", [type(item)(item.note, "test", (changed,), (), (), ())], vectors_of([]))
        writer.publish()
    assert traces(layout, b"EMMA'S OWN HEADING")
    erase(layout)
    assert not traces(layout, b"EMMA'S OWN HEADING")


def test_an_index_without_the_patient_is_left_alone(tmp_path: Path) -> None:
    layout = build(tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert erase(layout, "nobody") == Scrubbed(None, (), (), (), ())
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_no_index_at_all_is_no_hindrance(tmp_path: Path) -> None:
    assert erase(Layout(tmp_path)) == Scrubbed(None, (), (), (), ())


def test_the_last_patient_leaves_an_empty_index_that_can_be_refreshed(tmp_path: Path) -> None:
    publish(tmp_path, {"emma": [lined("emma", "e1", SECRET)]})
    layout = Layout(tmp_path)
    erase(layout)
    assert charts(tmp_path) == {}
    publish(tmp_path, {"ben": [lined("ben", "b1", "ben is well")]})
    assert charts(tmp_path) == {"ben": ["ben is well"]}


def test_a_patient_who_had_left_the_live_generation_is_removed_from_those_kept(tmp_path: Path) -> None:
    layout = build(tmp_path)
    publish(tmp_path, {}, removed=["emma"], keep=9)
    erase(layout)
    assert not traces(layout)
    assert charts(tmp_path) == {"ben": ["ben is well\nno pain today"], "cara": ["cara takes aspirin too"]}


def test_what_a_reader_holds_is_left_and_completed_the_next_time(tmp_path: Path) -> None:
    layout = build(tmp_path)
    readers = [open_store(tmp_path), open_kept(tmp_path, 1, EMBEDDINGS)]
    done = erase(layout)
    assert done.held == (1, 3)
    assert charts(tmp_path).keys() == {"ben", "cara"}
    assert traces(layout)
    assert readers[0].generation.chart("emma").note("e1").text.startswith(SECRET)  # type: ignore[union-attr]
    readers.clear()
    assert erase(layout).held == ()
    assert not traces(layout)
    assert verify([str(tmp_path)]) == 0


def test_a_reader_that_follows_the_pointer_is_waited_for(tmp_path: Path) -> None:
    layout = build(tmp_path)
    store = open_store(tmp_path)

    def follow(step: str) -> None:
        if step == "published":
            store.refresh()

    done = erase(layout, wait_s=10.0, step=follow)
    assert done.held == ()
    assert not store.generation.has("emma")


def test_a_crash_after_any_step_leaves_a_whole_index_and_the_next_call_completes_it(tmp_path: Path) -> None:
    steps: list[str] = []
    build(tmp_path / "all")
    erase(Layout(tmp_path / "all"), step=steps.append)
    assert len(steps) > 8
    for n in range(len(steps)):
        layout = build(tmp_path / str(n))
        with pytest.raises(Killed):
            erase(layout, step=_killing_at(n))
        assert {"ben", "cara"} <= charts(layout.root).keys()
        done = erase(layout)
        assert not traces(layout), f"after a crash at step {n}: {steps[n]}"
        assert done.held == ()
        assert charts(layout.root).keys() == {"ben", "cara"}
        assert verify([str(layout.root)]) == 0
        publish(layout.root, {"dan": [lined("dan", "d1", "dan is well")]})
        assert charts(layout.root).keys() == {"ben", "cara", "dan"}


def _killing_at(n: int) -> Callable[[str], None]:
    left = [n]

    def step(_: str) -> None:
        if left[0] == 0:
            raise Killed
        left[0] -= 1

    return step


def test_generations_to_go_forward_to_are_removed_where_they_hold_the_patient(tmp_path: Path) -> None:
    from vectorstore.rollback import main as rollback

    layout = build(tmp_path)
    publish(tmp_path, {"ben": [lined("ben", "b1", "ben is better")]}, keep=9)
    assert rollback(["--dir", str(tmp_path), "--to", "2"]) == 0
    erase(layout)
    assert not traces(layout)
    pointer = read_pointer(layout.pointer)
    assert pointer is not None
    assert pointer.newest is None
    assert charts(tmp_path)["ben"] == ["ben is well\nno pain today"]


def test_a_kept_generation_that_cannot_be_read_is_removed(tmp_path: Path) -> None:
    layout = build(tmp_path)
    (layout.generation(2) / "directory.sqlite").write_bytes(b"emma and no database")
    erase(layout)
    assert not traces(layout)
    assert not layout.generation(2).exists()


def test_a_live_generation_that_cannot_be_read_stops_it(tmp_path: Path) -> None:
    layout = build(tmp_path)
    (layout.generation(3) / "manifest.json").write_bytes(b"{}")
    with pytest.raises(IndexMismatch, match="verify"):
        erase(layout)


def test_what_a_crash_of_ingest_left_goes_along(tmp_path: Path) -> None:
    layout = build(tmp_path)
    (layout.segments / "00000009").mkdir()
    (layout.segments / "00000009" / "catalog.sqlite").write_bytes(b"emma, half written")
    (layout.generation(1) / "directory-e7.sqlite").write_bytes(b"emma in a draft")
    erase(layout)
    assert not traces(layout)


def test_erasing_again_after_the_patient_came_back_makes_segments_of_other_names(tmp_path: Path) -> None:
    layout = build(tmp_path)
    erase(layout)
    publish(tmp_path, {"emma": [lined("emma", "e1", SECRET)]}, keep=9)
    with WriterLock(layout.lock):
        scrub(layout, "emma", 2, keep=9, wait_s=0.0)
    assert not traces(layout)
    assert charts(tmp_path).keys() == {"ben", "cara"}


def test_an_erasure_needs_the_lock_of_the_writer(tmp_path: Path) -> None:
    layout = build(tmp_path)
    with WriterLock(layout.lock), pytest.raises(IngestFailed, match="another writer"):
        erase(layout)


def test_holdings_name_all_versions_and_others_are_told_apart(tmp_path: Path) -> None:
    layout = build(tmp_path)
    texts = {text for holding in holdings(layout, "emma") for text in holding.texts}
    others = b"".join(words_of_others(layout, "emma"))
    assert texts == {f"{SECRET}\nand sleeps well", f"{SECRET} and her finger"}
    assert sum(len(holding.vectors) for holding in holdings(layout, "emma")) == 3
    assert SECRET.encode() not in others
    assert b"cara takes aspirin too" in others
    assert b"ben is well no pain today" in others, "a summary says in one line what a note breaks into two"
    assert ids_of_others(layout, "emma", {"e1", "b1"}) == {"b1"}
    bens = vectors_of([lined("ben", "b1", "ben is well\nno pain today")]).astype("<f4").tobytes()
    assert bens in b"".join(vectors_of_others(layout, "emma"))
