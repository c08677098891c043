"""Synthetic charts read as ingest would, with the ledger of what is true in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chains.evidence import Evidence
from core.records import Note, Sentence
from extraction.timeline import ResolvedFact, resolve
from ingest.synthetic.catalog_files import load_catalog
from ingest.synthetic.chart import write_chart
from ingest.synthetic.ledger import LedgerFact
from ingest.synthetic.phrasing import load_bank
from mlops.evaluation.paraphrases.evidence import evidence_of, sentences_of, timed_facts


@dataclass(frozen=True, slots=True)
class Stated:
    """One place of a chart that states a ledger fact: its words, and the evidence they stand in."""

    fact: LedgerFact
    words: str
    assertion: str
    action: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class LedgerChart:
    """One patient: the ledger, what all notes amount to, and every statement of every fact, oldest first."""

    patient_id: str
    facts: tuple[LedgerFact, ...]
    resolved: tuple[ResolvedFact, ...]
    stated: dict[str, tuple[Stated, ...]]

    def holds(self, fact: LedgerFact) -> bool:
        """Whether the fact is still so where the chart ends."""
        return fact.correct and fact.valid_until is None


@lru_cache(maxsize=16)
def ledger_chart(half: str, *, seed: int, index: int) -> LedgerChart:
    """Write and read the chart of patient `index` in one phrasing half; the last few are remembered."""
    written, rows = write_chart(load_catalog(), load_bank(half), seed=seed, index=index)
    notes, sentences, timed = {}, {}, []
    for w in written:
        note = Note(w.note_id, w.subject_id, w.hadm_id or None, w.note_type, w.charttime.isoformat(), w.text)
        notes[note.note_id] = note
        sentences[note.note_id] = sentences_of(note)
        timed.extend(timed_facts(note, sentences[note.note_id]))
    order = {note_id: i for i, note_id in enumerate(notes)}
    stated = {fact.fact_id: tuple(_stated(fact, notes, sentences, order)) for fact in rows}
    return LedgerChart(written[0].subject_id, tuple(rows), resolve(timed), stated)


def _stated(
    fact: LedgerFact, notes: dict[str, Note], sentences: dict[str, tuple[Sentence, ...]], order: dict[str, int]
) -> Iterator[Stated]:
    for s in sorted(fact.statements, key=lambda s: (order[s["note_id"]], s["start"])):
        note = notes[s["note_id"]]
        within = [x for x in sentences[note.note_id] if x.start <= s["start"] and s["end"] <= x.end]
        if within:
            words = " ".join(note.text[s["start"] : s["end"]].split())
            evidence = evidence_of(note, within[0], "E1")
            yield Stated(fact, words, s["assertion"], s["action"], evidence)
