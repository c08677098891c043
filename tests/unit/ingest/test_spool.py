from pathlib import Path

from ingest.sources import Reason, Rejected
from ingest.spool import Contender, Holder, Spool, SpooledCounts, SpooledNote, State, clear_spools


def claim(
    spool: Spool, note_id: str, patient_id: str = "p", *, source: str = "s", content: bytes = b"c"
) -> Holder | None:
    return spool.claim(SpooledNote(note_id, source, State.LIVE), patient_id, content)


def test_gives_back_every_patient_in_order_with_what_there_is_of_them(tmp_path: Path) -> None:
    row = Rejected(Reason.EMPTY_NOTE, "f:3", "n9", "only rejected")
    with Spool(tmp_path) as spool:
        for note_id, patient_id in (("b", "p"), ("x", "é"), ("a", "p"), ("y", "Q")):
            assert claim(spool, note_id, patient_id) is None
        spool.set_aside(row, "s")
        spool.claim(SpooledNote("c", "t", State.PENDING), "p", b"c")
        assert list(spool.patients()) == [
            SpooledCounts("Q", {"s": 1}),
            SpooledCounts("only rejected", {}, 1),
            SpooledCounts("p", {"s": 2}, 1),
            SpooledCounts("é", {"s": 1}),
        ]
        assert [note.note_id for note in spool.chart("p").notes] == ["a", "b"]
        assert spool.chart("only rejected").set_aside == (("s", row),)
        assert spool.notes == 5


def test_a_note_id_has_one_holder_and_tells_its_repetition_from_another_row(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        assert claim(spool, "a") is None
        assert claim(spool, "a") == Holder("s", same=True)
        assert claim(spool, "a", source="t", content=b"d") == Holder("s", same=False)
        assert spool.has("a")
        assert not spool.has("b")
        assert [note.source for note in spool.chart("p").notes] == ["s"]


def test_a_note_counts_once_it_is_settled(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        for note_id in ("done", "set aside"):
            assert spool.claim(SpooledNote(note_id, "s", State.PENDING), "p", b"c") is None
        spool.settle("done", State.STAGED, "digest")
        assert spool.chart("p").notes == (SpooledNote("done", "s", State.STAGED, "digest"),)
        assert spool.has("set aside")


def test_rows_without_a_patient_and_mere_repetitions_are_in_nobodys_coverage(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        spool.set_aside(Rejected(Reason.BAD_ROW, "f:4"), "s")
        spool.set_aside(Rejected(Reason.DUPLICATE, "f:5", "n1", "p"), "s")
        assert list(spool.patients()) == []


def test_touched_patients_come_back_in_order(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        for patient_id in ("b", "a", "é", "Z"):
            spool.touch(patient_id)
        assert list(spool.touched_patients()) == ["Z", "a", "b", "é"]
        assert spool.touched == 4


def test_reading_by_patient_needs_no_sorting(tmp_path: Path) -> None:
    counts = "SELECT patient_id, source, sum(state) FROM notes GROUP BY 1, 2 ORDER BY 1, 2"
    with Spool(tmp_path) as spool:
        plan = spool._db.execute(f"EXPLAIN QUERY PLAN {counts}").fetchall()
    assert not [step for step in plan if "TEMP B-TREE" in step[-1]]


def test_leaves_no_file_behind_even_while_it_is_open(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        for number in range(2000):
            claim(spool, f"note {number}")
        assert list(tmp_path.iterdir()) == []


def test_clears_the_folder_that_a_killed_run_left(tmp_path: Path) -> None:
    left = tmp_path / ".spool-of-a-killed-run"
    left.mkdir()
    (left / "spool.sqlite").touch()
    clear_spools(tmp_path)
    assert list(tmp_path.iterdir()) == []


def contend(
    spool: Spool, number: int, note_id: str, holder: str, *, content: bytes = b"c", index: int = 0
) -> Contender:
    row = Contender(note_id, "p", "s", holder, f"s: row {number}", same=False)
    spool.contend(index, number, row, content)
    return row


def test_a_row_loses_where_the_holder_of_its_id_brings_it_or_was_not_read_whole(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        contend(spool, 1, "brought", "t")
        kept = contend(spool, 2, "not read", "broken")
        contend(spool, 3, "let go", "t")
        other = contend(spool, 4, "brought", "t", content=b"d")
        claim(spool, "brought", source="t")
        same = Contender("brought", "p", "s", "t", "s: row 1", same=True)
        assert list(spool.losers(["broken"])) == [same, kept, other]
        assert [row.note_id for row in spool.contenders()] == ["let go"]


def test_a_row_that_did_not_lose_is_let_in_once_and_under_its_own_id_alone(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        contend(spool, 7, "a", "t", index=2)
        assert spool.inputs_contending() == [2]
        asked = [spool.lets_in(*row) for row in ((2, 7, "b"), (1, 7, "a"), (2, 6, "a"), (2, 7, "a"), (2, 7, "a"))]
        assert asked == [False, False, False, True, False]
        assert spool.inputs_contending() == []
