"""What a refresh costs against a full ingest, by the share of notes that changed, each of them in all its words."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Curve, Figure, Measured, Repeats, cpu_s
from bench.ingest.job import Taken, embedder_of, ingest, real_embeddings
from bench.ingest.rows import Corpus
from bench.parts import Size
from ingest.job import Embedder

PATIENTS = {"full": 60, "try": 4}
SHARES = (0.001, 0.01, 0.05, 0.2, 1.0)
REPEATS = {"full": 5, "try": 2}
SAME, REWRITTEN, EDIT, FULL = "nothing, same files", "nothing, files written again", "one line of one note", "full"


@dataclass(frozen=True, slots=True)
class _Run:
    taken: Taken
    touched: int


def measure(scratch: Path, size: Size) -> Measured:
    """In each repeat: a full ingest, then refresh after refresh of the same index."""
    folder, corpus = scratch / "refresh", Corpus.drawn(PATIENTS[size])
    embedder = embedder_of(real_embeddings())
    embedder.embed(corpus.spare[:16])
    runs: dict[str | float, list[_Run]] = {}
    command = []
    for repeat in range(REPEATS[size]):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        sys.stderr.write(f"  repeat {repeat + 1} of {REPEATS[size]}\n")
        for key, run in _repeat(corpus, folder, embedder):
            runs.setdefault(key, []).append(run)
        command.append(_command_cpu_s(folder))
    shutil.rmtree(folder)
    corpus_said = f"{len(corpus.rows):,} notes of {PATIENTS[size]} patients"
    figures = [*_against_full(runs, corpus_said), *_writing(runs, PATIENTS[size])]
    figures.append(
        Repeats(tuple(command)).figure(
            "refresh, nothing changed: the whole command", "CPU s", baseline="python -m ingest, its start counted"
        )
    )
    return Measured(tuple(figures), tuple(_curves(runs)))


def _repeat(corpus: Corpus, folder: Path, embedder: Embedder) -> list[tuple[str | float, _Run]]:
    notes = folder / "notes.csv.gz"

    def run(touched: int) -> _Run:
        return _Run(ingest(notes, folder, embedder), touched)

    corpus.write(notes)
    found: list[tuple[str | float, _Run]] = [(FULL, run(len({row[1] for row in corpus.rows}))), (SAME, run(0))]
    corpus.write(notes, level=5)
    found.append((REWRITTEN, run(0)))
    for share in SHARES:
        touched = corpus.rewrite(share)
        corpus.write(notes)
        found.append((share, run(touched)))
    corpus.append_line()
    corpus.write(notes)
    found.append((EDIT, run(1)))
    return found


def _against_full(runs: dict[str | float, list[_Run]], corpus: str) -> list[Figure]:
    cpu = {key: Repeats(tuple(run.taken.cpu_s for run in found)) for key, found in runs.items()}
    full = f"a full ingest of {corpus}, {cpu[FULL].median:.1f} CPU s"
    bars: dict[str | float, float] = {0.01: 2, SAME: 0.3, REWRITTEN: 0.3}
    figures = [cpu[FULL].figure("refresh: full ingest", "CPU s", baseline=corpus)]
    for key in (SAME, REWRITTEN, EDIT, *SHARES):
        bar = bars.get(key)
        figures.append(
            cpu[key].over(cpu[FULL]).times(100).figure(
                f"refresh, CPU of full ingest: {_named(key)}", "%", bar, "at_most" if bar else "report", full
            )
        )  # fmt: skip
    return figures


def _writing(runs: dict[str | float, list[_Run]], patients: int) -> list[Figure]:
    """Bytes for each patient touched, against those of a full ingest for each patient."""
    a_patient = Repeats(tuple(run.taken.written / patients for run in runs[FULL]))
    figures = [a_patient.times(1e-6).figure("refresh: bytes a full ingest writes, a patient", "MB")]
    for key in (EDIT, *SHARES):
        touched = Repeats(tuple(run.taken.written / run.touched for run in runs[key]))
        bar = 1.5 if key == 0.01 else None
        first = runs[key][0]
        about = (
            f"notes of {first.touched} of {patients} patients changed, the job wrote {first.taken.outcome.patients}; "
            "wchar of /proc/self/io, temporary files counted"
        )
        figures.append(
            touched.over(a_patient).figure(
                f"refresh, bytes a touched patient / of full ingest: {_named(key)}", "times", bar,
                "at_most" if bar else "report", about,
            )
        )  # fmt: skip
    untouched = Repeats(tuple(run.taken.written / 1e6 for run in runs[REWRITTEN]))
    return [*figures, untouched.figure(f"refresh, written: {REWRITTEN}", "MB")]


def _curves(runs: dict[str | float, list[_Run]]) -> list[Curve]:
    keys: dict[float, str | float] = {0.0: REWRITTEN, **{100 * share: share for share in SHARES}}

    def curve(name: str, label: str, value: str) -> Curve:
        points = tuple(
            Repeats(tuple(getattr(run.taken, value) / getattr(whole.taken, value)
                          for run, whole in zip(runs[key], runs[FULL], strict=True))).times(100).point(x)
            for x, key in sorted(keys.items())
        )  # fmt: skip
        return Curve(f"refresh: {name}", "notes changed, %", label, points)

    return [
        curve("CPU", "CPU, % of a full ingest", "cpu_s"),
        curve("written", "bytes written, % of a full ingest", "written"),
    ]


def _named(key: str | float) -> str:
    return key if isinstance(key, str) else f"{100 * key:g}% of the notes"


def _command_cpu_s(folder: Path) -> float:
    """CPU seconds of the command that a scheduler starts, with nothing changed."""
    import subprocess

    environment = {
        **os.environ,
        "ANAMNESIS_INDEX__DIR": str(folder / "index"),
        "ANAMNESIS_INGEST__QUARANTINE_DIR": str(folder / "quarantine"),
    }
    before = cpu_s()
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "ingest", str(folder / "notes.csv.gz")],
        env=environment, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return cpu_s() - before
