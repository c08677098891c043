"""The whole ingest job against the bare embedder on the very texts that the job embeds, in the same run."""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.figures import Figure
from core.settings import load_settings
from ingest.deidentify import PatternDetector
from ingest.embedding import Vectors
from ingest.job import Embedder, IngestPlan, run_ingest
from ingest.outcome import Outcome
from ingest.sources import resolve_input
from ingest.synthetic.__main__ import write_corpus
from vectorstore.embeddings import LocalEmbeddings, build_embeddings

PATIENTS = 10
REPEATS = 3


def run() -> list[Figure]:
    """Ingest about 400 synthetic notes into an empty index, and embed the same texts without anything around it."""
    embeddings = build_embeddings(load_settings().embedding)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_corpus(folder, patients=PATIENTS, seed=1, phrasing="a")
        texts, outcome = _texts(folder, embeddings)
        embeddings.embed(texts)
        jobs, bares = [], []
        for repeat in range(REPEATS):
            work = folder / f"run{repeat}"
            jobs.append(_taken(partial(_ingest, folder, work, embeddings, embeddings.embed)))
            bares.append(_taken(partial(embeddings.embed, texts)))
    # Load from elsewhere only ever adds, so the fastest of each is nearest to what it costs.
    (job, job_cpu), (bare, bare_cpu) = (tuple(map(min, zip(*pairs, strict=True))) for pairs in (jobs, bares))
    detail = f"{outcome.added} notes, {len(texts)} distinct chunk texts, fastest of {REPEATS}"
    bare_rate = f"bare {len(texts) / bare:.0f} texts/s"
    return [
        Figure("ingest rate / bare embedder", bare / job, "", 0.85, "at_least", f"{bare_rate}; {detail}"),
        Figure("ingest / bare embedder, by CPU time", bare_cpu / job_cpu, "", baseline="as if nothing overlapped"),
        Figure("ingest, chunks published", outcome.chunks / job, "chunks/s", baseline=f"{outcome.chunks} chunks"),
        Figure("ingest, notes published", outcome.added / job, "notes/s", baseline=detail),
    ]


def _texts(folder: Path, embeddings: LocalEmbeddings) -> tuple[list[str], Outcome]:
    seen: list[str] = []

    def watch(texts: list[str]) -> Vectors:
        seen.extend(texts)
        return embeddings.embed(texts)

    return seen, _ingest(folder, folder / "watched", embeddings, watch)


def _ingest(folder: Path, work: Path, embeddings: LocalEmbeddings, embed: Callable[[list[str]], Vectors]) -> Outcome:
    plan = IngestPlan((resolve_input(folder / "notes.csv.gz"),), work / "index", work / "quarantine")
    embedder = Embedder(embeddings.spec, embed, embeddings.count_tokens)
    return run_ingest(plan, embedder=embedder, detector=PatternDetector())


def _taken(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu
