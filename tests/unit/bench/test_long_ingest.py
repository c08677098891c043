"""A long ingest is watched from outside and leaves nothing behind."""

from pathlib import Path

from bench.long_ingest import run


def test_every_note_is_ingested_and_watched_and_nothing_is_left(tmp_path: Path) -> None:
    measured = run(tmp_path / "long", 60, real=False, dimension=16)
    values = {figure.figure.rpartition(": ")[2]: figure.value for figure in measured.figures}
    assert all(figure.figure.startswith("ingest of 60 notes, embedder stubbed") for figure in measured.figures)
    assert 10 < values["peak of its own memory"] < values["peak RSS"] < 2_000
    assert values["disk"] > 64 and values["most disk meanwhile"] >= 1 and values["chunks"] > 1
    assert [curve.name for curve in measured.curves] == [
        "memory, embedder stubbed: resident",
        "memory, embedder stubbed: its own",
    ]
    assert measured.curves[0].points
    assert not (tmp_path / "long").exists()
