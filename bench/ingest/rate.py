"""The whole job into an empty index against the bare embedder on the very texts that the job embeds."""

import shutil
import time
from pathlib import Path

from bench.figures import Figure, Measured, Repeats, cpu_s
from bench.ingest.job import embedder_of, ingest, real_embeddings
from bench.parts import Size
from ingest.job import Embedder
from ingest.outcome import Outcome
from ingest.synthetic.__main__ import write_corpus
from vectorstore.embeddings import LocalEmbeddings

PATIENTS = {"full": 20, "try": 2}
REPEATS = 5


def measure(scratch: Path, size: Size) -> Measured:
    """Bare, without facts and with facts take turns."""
    embeddings = real_embeddings()
    folder = scratch / "rate"
    folder.mkdir(parents=True, exist_ok=True)
    write_corpus(folder, patients=PATIENTS[size], seed=1, phrasing="a")
    texts, outcome = _texts(folder, embeddings)
    wall: dict[str, list[float]] = {"bare": [], "without": [], "with": []}
    cpu: dict[str, list[float]] = {"bare": [], "without": [], "with": []}
    for _ in range(REPEATS):
        for name, (took, used) in _turn(folder, embeddings, texts).items():
            wall[name].append(took)
            cpu[name].append(used)
    shutil.rmtree(folder)
    walls = {name: Repeats(tuple(values)) for name, values in wall.items()}
    cpus = {name: Repeats(tuple(values)) for name, values in cpu.items()}
    return Measured(tuple(_figures(walls, cpus, len(texts), outcome)))


def _turn(folder: Path, embeddings: LocalEmbeddings, texts: list[str]) -> dict[str, tuple[float, float]]:
    began, cpu = time.perf_counter(), cpu_s()
    embeddings.embed(texts)
    taken = {"bare": (time.perf_counter() - began, cpu_s() - cpu)}
    for name, facts in (("without", False), ("with", True)):
        run = ingest(folder / "notes.csv.gz", _empty(folder / "run"), embedder_of(embeddings), facts=facts)
        taken[name] = (run.wall_s, run.cpu_s)
    return taken


def _figures(walls: dict[str, Repeats], cpus: dict[str, Repeats], texts: int, outcome: Outcome) -> list[Figure]:
    corpus = f"{outcome.added:,} notes, {outcome.chunks:,} chunks, {texts:,} distinct texts embedded"
    rates = f"{texts / cpus['bare'].median:.0f} a CPU s, {texts / walls['bare'].median:.0f}/s"
    bare = f"bare embedder on the same texts, {rates}"
    figures = []
    for name, text, bar in (("without", "without facts", 0.9), ("with", "with facts", 0.8)):
        figures += [
            cpus["bare"].over(cpus[name]).figure(
                f"ingest rate / bare embedder, {text}", "by CPU", bar, "at_least", bare),
            walls["bare"].over(walls[name]).figure(
                f"ingest rate / bare embedder, {text}, wall", "by wall", bar, "at_least", bare),
        ]  # fmt: skip
    chunks = Repeats(tuple(outcome.chunks / value for value in walls["with"].values))
    notes = Repeats(tuple(outcome.added / value for value in walls["with"].values))
    return [
        *figures,
        chunks.figure("ingest, chunks published", "chunks/s", baseline=corpus),
        notes.figure("ingest, notes published", "notes/s", baseline=corpus),
        cpus["with"].times(1000 / outcome.added).figure("ingest, CPU of one note", "CPU ms", baseline=corpus),
    ]


def _texts(folder: Path, embeddings: LocalEmbeddings) -> tuple[list[str], Outcome]:
    """The texts that the job embeds, each as often as it does, and what it made of the notes."""
    seen: list[str] = []

    def watch(texts: list[str]) -> object:
        seen.extend(texts)
        return embeddings.embed(texts)

    embedder = Embedder(embeddings.spec, watch, embeddings.count_tokens)  # type: ignore[arg-type]
    outcome = ingest(folder / "notes.csv.gz", _empty(folder / "run"), embedder).outcome
    return seen, outcome


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder
