"""Synthetic charts in an index of their own, with the ledger of what is true in them."""

import csv
import gzip
import hashlib
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Literal, TypeAlias

from core.settings import EmbeddingSettings
from ingest.deidentify import PatternDetector
from ingest.job import Embedder, IngestPlan, name_inputs, run_ingest
from ingest.sources import resolve_input
from ingest.synthetic.__main__ import write_corpus
from mlops.evaluation.ledger import PatientLedger, read_ledger
from mlops.evaluation.vectors import RememberedVectors
from vectorstore.chart import Chart
from vectorstore.embeddings import build_embeddings
from vectorstore.embeddings.base import LocalEmbeddings
from vectorstore.generation import Generation
from vectorstore.store import Store

Phrasing: TypeAlias = Literal["a", "b", "c"]

CACHE = Path("var/evaluation/charts")
"""Where charts are kept between runs, unless told otherwise."""
_CODE = ("core", "extraction", "ingest", "vectorstore")
_OLD_S = 3600.0
NOTES = "notes.csv.gz"


@dataclass(frozen=True)
class LedgerCharts:
    """Charts of one phrasing half in an open generation, and the ledger of each patient.

    `digests` maps each data file to its SHA-256, for a task's record of what it was measured on.
    """

    phrasing: Phrasing
    patients: int
    seed: int
    generation: Generation
    ledgers: Mapping[str, PatientLedger]
    digests: Mapping[str, str]
    notes_file: Path
    folder: Path
    embeddings: LocalEmbeddings

    def __iter__(self) -> Iterator[tuple[Chart, PatientLedger]]:
        return ((self.generation.chart(p), ledger) for p, ledger in sorted(self.ledgers.items()))

    @property
    def name(self) -> str:
        """What these charts are called in a record: `ledger-a-seed5-12`."""
        return f"ledger-{self.phrasing}-seed{self.seed}-{self.patients}"


def ledger_charts(
    phrasing: Phrasing, *, patients: int, seed: int, folder: Path = CACHE, embedding: EmbeddingSettings | None = None
) -> LedgerCharts:
    """Make charts, ingest them as any others and open them. What was made by the same code is taken from `folder`.

    The notes are stored as they were written: synthetic charts hold no one's identifiers, and a mask would move the
    offsets of the ledger.

    Raises:
        IngestFailed: a chart could not be ingested.
        OSError: `folder` cannot be written.
    """
    embeddings = build_embeddings(embedding or EmbeddingSettings())
    label = f"{phrasing}-{seed}-{patients}"

    def write(folder: Path) -> None:
        write_corpus(folder, patients=patients, seed=seed, phrasing=phrasing)

    home = ingested(label, write, folder, embeddings)
    notes, facts = home / NOTES, home / "facts.jsonl"
    name = f"ledger-{phrasing}-seed{seed}-{patients}"
    digests = {f"{name}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in (notes, facts)}
    ledgers = read_ledger(facts, _ends(notes))
    generation = Store(home / "index", embeddings).generation
    return LedgerCharts(phrasing, patients, seed, generation, ledgers, digests, notes, folder, embeddings)


def ingested(label: str, write: Callable[[Path], None], folder: Path, embeddings: LocalEmbeddings) -> Path:
    """A folder of files that `write` makes, notes.csv.gz among them, with the index of these notes beside them.

    `label` and the digest of the code name the folder, and what is there already is taken as it is.

    Raises:
        IngestFailed: the notes could not be ingested.
        OSError: `folder` cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    home = folder / f"{label}-{code_digest()[:12]}"
    if (home / "index").is_dir():
        return home
    making = Path(mkdtemp(prefix=f".{label}-", dir=folder))
    try:
        write(making)
        remembered = RememberedVectors(embeddings, folder)
        inputs = name_inputs([resolve_input(making / NOTES, None)], "ledger")
        plan = IngestPlan(inputs, making / "index", making / "quarantine", policy="trust", keep=1)
        embedder = Embedder(embeddings.spec, remembered.embed, embeddings.count_tokens)
        run_ingest(plan, embedder=embedder, detector=PatternDetector())
        remembered.save()
        _publish(making, home, label)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return home


def code_digest() -> str:
    """SHA-256 over all code and data that decide what an ingested chart looks like."""
    root = Path(sys.modules["core"].__path__[0]).parent
    digest = hashlib.sha256()
    for package in _CODE:
        for path in sorted(p for p in (root / package).rglob("*") if p.is_file() and p.suffix != ".pyc"):
            digest.update(str(path.relative_to(root)).encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _publish(making: Path, home: Path, label: str) -> None:
    """Put a finished folder in its place, and remove those of older code that no one can be reading any more."""
    try:
        making.rename(home)
    except OSError:
        if not (home / "index").is_dir():
            raise
    for other in home.parent.glob(f"{label}-*"):
        if other != home and time.time() - other.stat().st_mtime > _OLD_S:
            shutil.rmtree(other, ignore_errors=True)


def _ends(notes: Path) -> dict[str, str]:
    """When the newest note of each patient was charted."""
    ends: dict[str, str] = {}
    with gzip.open(notes, "rt", encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            patient, at = row["subject_id"], row["charttime"].replace(" ", "T")
            ends[patient] = max(ends.get(patient, ""), at)
    return ends
