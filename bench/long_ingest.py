"""`python -m bench.long_ingest --notes N [--real-sample] [--no-facts]`: one long ingest, its memory second by second.

The job runs in a process of its own. Without `--real-sample` the embedder is a stub, so that reading, cutting up,
finding facts and writing are what takes the time.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from bench.figures import Curve, Figure, Measured, Point, cpu_s, table, write
from bench.ingest.hashed import HashedEmbeddings
from bench.ingest.job import embedder_of, ingest, real_embeddings
from bench.ingest.replicas import write_replicas
from bench.memory_curve import Sample, growth, longest_stage, watch
from bench.parts import VAR, Size

CAP_MB = 1_000.0
"""What an ingest may take at most, whatever its input."""
FLAT = 0.05
LONG = {"full": 1_000_000, "try": 3_000}
REAL = {"full": 10_000, "try": 100}
_POINTS = 400
MB = 1e6


@dataclass(frozen=True, slots=True)
class Done:
    """What the run says of itself."""

    notes: int
    chunks: int
    seconds: float
    cpu_s: float


def measure_long(scratch: Path, size: Size) -> Measured:
    """A million notes, the embedder stubbed and facts left out: what they cost is measured with the rate."""
    return run(scratch / "long", LONG[size], real=False, facts=False)


def measure_real(scratch: Path, size: Size) -> Measured:
    """A sample with the real embedder."""
    return run(scratch / "real", REAL[size], real=True)


def run(folder: Path, notes: int, *, real: bool, facts: bool = True, dimension: int = 384) -> Measured:
    """Write the notes, ingest them, watch, remove everything."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        patients = write_replicas(folder / "notes.csv", notes)
        _say(f"{notes:,} notes of {patients:,} patients, {(folder / 'notes.csv').stat().st_size / 1e9:.2f} GB")
        shown = _Shown(folder / "index")
        samples, done = _watched(folder, shown, real=real, facts=facts, dimension=dimension)
        return _measured(samples, done, shown, real=real, facts=facts)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _watched(folder: Path, shown: "_Shown", *, real: bool, facts: bool, dimension: int) -> tuple[list[Sample], Done]:
    command = [sys.executable, "-m", "bench.long_ingest", "--child", str(folder), str(int(real)), str(dimension)]
    command.append(str(int(facts)))
    at: dict[str, float | str] = {"stage": "start", "done": 0}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603

        def listen() -> None:
            for line in process.stdout or ():
                at.update(json.loads(line))

        listener = Thread(target=listen, daemon=True)
        listener.start()

        def where() -> tuple[str, int]:
            shown.now(str(at["stage"]), int(at["done"]))
            return str(at["stage"]), int(at["done"])

        samples = watch(process, where)
        listener.join()
        if process.returncode:
            raise RuntimeError("the ingest failed; see above")
    return samples, Done(*(at[name] for name in ("notes", "chunks", "seconds", "cpu_s")))  # type: ignore[arg-type]


def _measured(samples: list[Sample], done: Done, shown: "_Shown", *, real: bool, facts: bool) -> Measured:
    kind = ("real embedder" if real else "embedder stubbed") + ("" if facts else ", no facts")
    name = f"ingest of {done.notes:,} notes, {kind}"
    disk = shown.bytes_now()
    peak = max(samples, key=lambda sample: sample.resident)
    own = max(samples, key=lambda sample: sample.anonymous)
    stage = longest_stage(samples)
    grown = growth(samples, stage) / own.anonymous
    figures = (
        Figure(f"{name}: peak RSS", peak.resident / MB, "MB", CAP_MB, "at_most",
               f"at {peak.stage}; {len(samples):,} samples of /proc, one a second; the bar is the stated cap"),
        Figure(f"{name}: peak of its own memory", own.anonymous / MB, "MB", None, "report", f"at {own.stage}"),
        # A sample ends while the caches of the databases still fill, so only the long run has to be flat.
        Figure(f"{name}: growth over the second half", 100 * grown, "%", None if real else 100 * FLAT, "at_most",
               f"of the peak, by linear regression over the second half of {stage!r}"),
        Figure(f"{name}: rate", done.notes / done.seconds, "notes/s", None, "report", f"{done.seconds:,.0f} s"),
        Figure(f"{name}: CPU of one note", 1000 * done.cpu_s / done.notes, "CPU ms"),
        Figure(f"{name}: chunks", done.chunks / done.notes, "chunks/note"),
        Figure(f"{name}: disk", disk / done.chunks, "bytes/chunk", None, "report", f"{disk / 1e9:.2f} GB"),
        Figure(f"{name}: most disk meanwhile", max(shown.most_bytes, disk) / disk, "times", None, "report",
               "of what is left at the end: finished notes are staged until they are published"),
    )  # fmt: skip
    return Measured(figures, tuple(_curves(kind, samples)))


def _curves(kind: str, samples: list[Sample]) -> list[Curve]:
    kept = samples[:: max(1, len(samples) // _POINTS)]

    def curve(what: str, value: Callable[[Sample], int]) -> Curve:
        points = tuple(Point(round(s.at_s, 1), round(value(s) / MB, 1), *(round(value(s) / MB, 1),) * 2) for s in kept)
        return Curve(f"memory, {kind}: {what}", "seconds", "MB", points)

    return [curve("resident", lambda s: s.resident), curve("its own", lambda s: s.anonymous)]


class _Shown:
    """Says now and then how far the child is, and looks at what its index takes on the disk."""

    def __init__(self, index: Path) -> None:
        self._index = index
        self._last = 0.0
        self.most_bytes = 0

    def now(self, stage: str, done: int) -> None:
        self.most_bytes = max(self.most_bytes, self.bytes_now())
        if time.monotonic() - self._last > 15:
            self._last = time.monotonic()
            _say(f"{stage}: {done:,}")

    def bytes_now(self) -> int:
        """Bytes of all files of the index."""
        total = 0
        for path in self._index.rglob("*"):
            # Files come and go while this looks at them.
            with suppress(FileNotFoundError):
                total += path.stat().st_size if path.is_file() else 0
        return total


class _Pulse:
    """The job's progress, a line of JSON once a second."""

    def __init__(self) -> None:
        self._last = 0.0

    def update(self, stage: str, done: int, total: int | None = None, share: float | None = None) -> None:
        if time.monotonic() - self._last > 0.5:
            self._last = time.monotonic()
            _tell(stage=stage, done=done)

    def close(self) -> None:
        """Nothing is left open."""


def _child(folder: Path, *, real: bool, facts: bool, dimension: int) -> None:
    embedder = embedder_of(real_embeddings()) if real else HashedEmbeddings(dimension).embedder()
    before = cpu_s()
    taken = ingest(folder / "notes.csv", folder, embedder, facts=facts, progress=_Pulse())
    _tell(notes=taken.outcome.added, chunks=taken.outcome.chunks, seconds=taken.wall_s, cpu_s=cpu_s() - before)


def _tell(**content: float | str) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


def _say(line: str) -> None:
    sys.stderr.write(f"  {line}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the figures, write `<out>/long-ingest.json`. Returns 1 where a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.long_ingest", description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--notes", type=int, default=LONG["full"], metavar="N", help="how many notes (%(default)s)")
    add("--real-sample", action="store_true", help="embed for real: about 50 notes a second on two cores")
    add("--no-facts", action="store_true", help="leave the extraction of facts out")
    add("--dimension", type=int, default=384, metavar="D", help="of the stub's vectors (%(default)s)")
    add("--scratch", type=Path, default=VAR / "bench" / "long-ingest", metavar="DIR", help="a folder of its own")
    add("--out", type=Path, default=VAR / "bench", metavar="DIR", help="where long-ingest.json goes")
    options = parser.parse_args(arguments)
    measured = run(
        options.scratch,
        options.notes,
        real=options.real_sample,
        facts=not options.no_facts,
        dimension=options.dimension,
    )
    sys.stdout.write(f"{table(measured.figures)}\n")
    _say(f"written: {write('long-ingest', measured.figures, options.out, curves=measured.curves)}")
    return 1 if any(figure.passed is False for figure in measured.figures) else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        _child(Path(sys.argv[2]), real=sys.argv[3] == "1", dimension=int(sys.argv[4]), facts=sys.argv[5] == "1")
    else:
        sys.exit(main())
