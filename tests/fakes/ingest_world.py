"""An index in a folder with sources beside it, brought up to date by the real job around a fake embedder."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.records import Note, ProcessedNote
from ingest.deidentify import Detector, PatternDetector
from ingest.embedding import Embedder, Vectors
from ingest.job import IngestPlan, name_inputs, run_ingest
from ingest.outcome import Outcome
from ingest.sources import resolve_input
from tests.fakes.embeddings import HashedWords
from tests.fakes.indexes import lined
from vectorstore.generation import Generation
from vectorstore.store import Store

WORDS = HashedWords()
Row = dict[str, Any]


def row(note_id: str, patient_id: str = "p1", text: str = "", **fields: Any) -> Row:
    """One line of a JSONL source."""
    body = text or f"MEDICATIONS:\n1. lisinopril 10 mg daily\n\nPLAN:\nNote {note_id}. Follow up in two weeks."
    return {"note_id": note_id, "patient_id": patient_id, "note_type": "progress note", "text": body} | fields


def process_by_lines(note: Note, source: str, **options: Any) -> ProcessedNote:
    """Stands in for `ingest.work.process` where a test is about many chunks: each line is one."""
    found = lined(note.patient_id, note.note_id, note.text, note.charted_at)
    return replace(found, note=note, source=source)


class World:
    """An index below `root`, and which texts were put before the model. `before_embedding` sees them first."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.index = root / "index"
        self.embedded: list[str] = []
        self.before_embedding: Callable[[list[str]], None] = lambda texts: None
        self.detector: Detector = PatternDetector()
        self.spec = WORDS.spec

    def write(self, name: str, rows: Sequence[Row | str]) -> Path:
        """A JSONL source."""
        path = self.root / f"{name}.jsonl"
        path.write_text("".join(f"{r if isinstance(r, str) else json.dumps(r)}\n" for r in rows), encoding="utf-8")
        return path

    def ingest(self, *paths: Path, **changes: Any) -> Outcome:
        """Run the job over these sources. `changes` are of its plan, or `source` to name all, or an `outcome`."""
        outcome = changes.pop("outcome", None)
        inputs = name_inputs([resolve_input(path) for path in paths], changes.pop("source", None))
        plan = IngestPlan(inputs, self.index, self.root / "quarantine", chunk_tokens=64)
        embedder = Embedder(self.spec, self._embed, WORDS.count_tokens)
        return run_ingest(replace(plan, **changes), embedder=embedder, detector=self.detector, outcome=outcome)

    def live(self) -> Generation:
        """The live generation, as a service opens it."""
        words = HashedWords()
        words.spec = self.spec  # type: ignore[misc]
        return Store(self.index, words).generation

    def notes(self) -> dict[str, str]:
        """Every note in the index, and whose it is."""
        live = self.live()
        return {h.note_id: h.patient_id for p in live.patient_ids() for h in live.chart(p).headers}

    def content(self) -> dict[str, tuple[str, str]]:
        """For each patient digests of the chart and of all that was found in it."""
        live = self.live()
        charts = {p: live.chart(p) for p in live.patient_ids()}
        return {p: (chart.digest, repr((chart.processed(), chart.skipped))) for p, chart in charts.items()}

    def _embed(self, texts: list[str]) -> Vectors:
        self.before_embedding(texts)
        self.embedded += texts
        return WORDS.embed(texts)
