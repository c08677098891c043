"""One run of the ingest job in this process, and what it took."""

import time
from dataclasses import dataclass
from pathlib import Path

from bench.figures import cpu_s
from core.settings import load_settings
from ingest.deidentify import PatternDetector
from ingest.job import Embedder, IngestPlan, run_ingest
from ingest.outcome import Outcome
from ingest.progress import Progress
from ingest.sources import resolve_input
from vectorstore.embeddings import LocalEmbeddings, build_embeddings


@dataclass(frozen=True, slots=True)
class Taken:
    """Wall and CPU seconds, bytes handed to the system to write, and what the run says it did."""

    wall_s: float
    cpu_s: float
    written: int
    outcome: Outcome


def real_embeddings() -> LocalEmbeddings:
    """The embedder of the settings."""
    return build_embeddings(load_settings().embedding)


def embedder_of(embeddings: LocalEmbeddings) -> Embedder:
    """It, as the job takes it."""
    return Embedder(embeddings.spec, embeddings.embed, embeddings.count_tokens)


def ingest(
    notes: Path, folder: Path, embedder: Embedder, *, facts: bool = True, progress: Progress | None = None
) -> Taken:
    """Bring the index in `folder` to the state of `notes`."""
    plan = IngestPlan((resolve_input(notes),), folder / "index", folder / "quarantine", facts=facts)
    wall, cpu, written = time.perf_counter(), cpu_s(), _written()
    outcome = run_ingest(plan, embedder=embedder, detector=PatternDetector(), progress=progress)
    return Taken(time.perf_counter() - wall, cpu_s() - cpu, _written() - written, outcome)


def _written() -> int:
    """Bytes this process passed to write calls, temporary files counted. 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return 0
    return int(dict(line.split(": ") for line in lines)["wchar"])
