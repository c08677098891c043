"""Summaries of real clinicians' notes: what they cite is there, and they add no number (ACI-Bench, Yim et al. 2023).

Each visit's note is ingested as a chart of its own and summarized. Writing the note from the dialogue is not what we
do; how far the human notes go beyond their dialogues is measured as an anchor for the figures on numbers, and ROUGE of
extracts of the dialogue is given for information alone, since a note of another patient scores as well.
"""

import asyncio
import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rouge_score.rouge_scorer import RougeScorer

from chains import ChainInput, SummaryChain
from core.records import Note, Statement, Summary, SummaryRequest
from core.settings import EmbeddingSettings
from ingest.sources.aci_bench import NOTE_TYPE
from mlops.evaluation.charts import CACHE
from mlops.evaluation.charts_of_notes import open_charts
from mlops.evaluation.metrics.spoken import digits_in, spoken_digits
from mlops.evaluation.records import Example, Metric, Observation, TaskResult
from mlops.evaluation.run import MODELS
from mlops.evaluation.systems import baselines
from vectorstore.chart import Chart
from vectorstore.embeddings import build_embeddings
from vectorstore.generation import Generation

TASK = "aci_bench"
FILE = "clinicalnlp_taskB_test1.csv"

VALIDITY = Metric(
    "citation_validity",
    "citations whose quote equals the stored text of their note between their offsets / all citations",
    "higher",
    1.0,
    "no published system checks it",
    hard=True,
)
UNSUPPORTED = Metric(
    "unsupported_numbers",
    "numbers in statements that stand neither in a quote the statement cites nor in the date of its note / all numbers "
    "in statements",
    "lower",
    0.0,
    "GPT-4 writing these notes: 29% absent from the source",
    hard=True,
)
NOT_SPOKEN = Metric(
    "numbers_not_in_dialogue",
    "numbers of the human note that the dialogue holds neither in digits nor in words / all numbers of the note",
    "neither",
    anchor="14% by an earlier count of ours",
)
STATEMENTS = Metric("statements", "statements a summary", "neither")
WORDS = Metric("words", "words a summary", "neither")
COMPRESSION = Metric("compression", "words of the summary / words of the note", "neither")
OUTCOMES = tuple(
    Metric(f"outcome.{outcome}", f"sections that ended as {outcome} / all sections", "neither")
    for outcome in ("ok", "partial", "withheld", "no_evidence", "failed")
)
ROUGE = Metric(
    "rouge1_of_dialogue",
    "ROUGE-1 F (Lin 2004, stemmed) of an extract of the dialogue, 350 words long at most, against the human note; "
    "another_note is the human note of the next visit",
    "neither",
    anchor="lead .328, TextRank .333, MMR .365, GPT-4 .518, another patient's note .439",
)
METRICS = (VALIDITY, UNSUPPORTED, STATEMENTS, WORDS, COMPRESSION, *OUTCOMES, NOT_SPOKEN, ROUGE)


@dataclass(frozen=True, slots=True)
class Visit:
    """A dialogue and the note that a clinician made of it."""

    encounter_id: str
    dialogue: str
    note: str

    @property
    def patient_id(self) -> str:
        """The patient whom the visit becomes; `ingest.sources.aci_bench` names them."""
        return f"aci-{self.encounter_id}"


def run(
    *,
    folder: Path,
    chains: Mapping[str, SummaryChain],
    visits: int = 0,
    model_visits: int = 0,
    cache: Path = CACHE,
) -> TaskResult:
    """Summarize the first `visits` notes of the first test set, all of them for 0, with every chain; with those that
    ask a model the first `model_visits`.

    `folder` holds ACI-Bench's CSV files. `chains` are by system; charts are kept in `cache`.
    """
    path = folder / FILE
    if not path.exists():
        return TaskResult(TASK, METRICS, skipped=f"{FILE} is not in the folder aci-bench")
    chosen = read_visits(path)[: visits or None]
    observations = [_anchor(visit) for visit in chosen]
    examples: list[Example] = []
    embeddings = build_embeddings(EmbeddingSettings())
    generation = open_charts("aci-notes", _noted(chosen, lambda v: v.note), embeddings, folder=cache)
    for system, chain in chains.items():
        shown = chosen[: model_visits or None] if system in MODELS else chosen
        charts = [generation.chart(visit.patient_id) for visit in shown]
        summaries = asyncio.run(summarize(chain, charts, ready=system in MODELS))
        for visit, chart, summary in zip(shown, charts, summaries, strict=True):
            observations += observe(summary, chart, visit, system)
            examples += unsupported_examples(summary, visit, system)
    dialogues = open_charts("aci-dialogues", _noted(chosen, lambda v: v.dialogue), embeddings, folder=cache)
    observations += asyncio.run(_rouge(chosen, dialogues))
    data = {f"aci-bench/{FILE}": hashlib.sha256(path.read_bytes()).hexdigest()}
    return TaskResult(TASK, METRICS, tuple(observations), tuple(examples), data)


def read_visits(path: Path) -> list[Visit]:
    """The visits of one challenge file (columns `encounter_id`, `dialogue`, `note`), in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Visit(row["encounter_id"], row["dialogue"], row["note"]) for row in csv.DictReader(file)]


async def summarize(chain: SummaryChain, charts: Sequence[Chart], *, ready: bool) -> list[Summary]:
    """The handoff of each chart, one after another."""
    return [
        await chain.ainvoke(ChainInput(SummaryRequest(chart.patient_id), chart, f"aci-{chart.patient_id}", ready))
        for chart in charts
    ]


def observe(summary: Summary, chart: Chart, visit: Visit, system: str) -> Iterator[Observation]:
    """What one summary adds to each metric."""

    def seen(metric: Metric, hits: float, total: float = 1.0) -> Observation:
        return Observation(metric.name, system, visit.encounter_id, hits, total)

    statements = _statements(summary)
    valid, unsupported = keeping_to_notes(summary, chart)
    words = sum(len(s.text.split()) for s in statements)
    yield seen(VALIDITY, *valid)
    yield seen(UNSUPPORTED, *unsupported)
    yield seen(STATEMENTS, len(statements))
    yield seen(WORDS, words)
    yield seen(COMPRESSION, words, len(visit.note.split()))
    for metric in OUTCOMES:
        ended = sum(f"outcome.{section.outcome}" == metric.name for section in summary.sections)
        yield seen(metric, ended, len(summary.sections))


def keeping_to_notes(summary: Summary, chart: Chart) -> tuple[tuple[int, int], tuple[int, int]]:
    """Valid citations and all citations; unsupported numbers and all numbers."""
    statements = _statements(summary)
    cited = [c for s in statements for c in s.citations] + [c for x in summary.conflicts for c in x.citations]
    valid = sum(chart.note(c.note_id).text[c.start : c.end] == c.quote for c in cited)
    numbers = [number in _carried(s) for s in statements for number in digits_in(s.text)]
    return (valid, len(cited)), (numbers.count(False), len(numbers))


def unsupported_examples(summary: Summary, visit: Visit, system: str) -> Iterator[Example]:
    """Statements with a number that nothing they cite holds."""
    for statement in _statements(summary):
        missing = [n for n in digits_in(statement.text) if n not in _carried(statement)]
        if missing:
            quotes = " / ".join(c.quote for c in statement.citations)
            text = f"not cited: {', '.join(missing)}\nstatement: {statement.text}\ncited: {quotes}"
            yield Example(UNSUPPORTED.name, system, visit.encounter_id, float(len(missing)), text)


def _statements(summary: Summary) -> Sequence[Statement]:
    return [statement for section in summary.sections for statement in section.statements]


def _carried(statement: Statement) -> set[str]:
    """Every number of what the statement cites, dates included."""
    return {n for c in statement.citations for n in (*digits_in(c.quote), *digits_in(c.charted_at or ""))}


def _anchor(visit: Visit) -> Observation:
    said = {*digits_in(visit.dialogue), *spoken_digits(visit.dialogue)}
    numbers = digits_in(visit.note)
    absent = sum(number not in said for number in numbers)
    return Observation(NOT_SPOKEN.name, "human", visit.encounter_id, absent, len(numbers))


async def _rouge(visits: Sequence[Visit], dialogues: Generation) -> list[Observation]:
    scorer = RougeScorer(["rouge1"], use_stemmer=True)

    def seen(system: str, visit: Visit, text: str) -> Observation:
        return Observation(ROUGE.name, system, visit.encounter_id, scorer.score(visit.note, text)["rouge1"].fmeasure)

    found = []
    for visit, following in zip(visits, [*visits[1:], *visits[:1]], strict=True):
        found.append(seen("another_note", visit, following.note))
        for system in baselines():
            extract = await system.summarize(dialogues.chart(visit.patient_id))
            found.append(seen(system.name, visit, " ".join(s.text for s in extract.statements)))
    return found


def _noted(visits: Sequence[Visit], of: Callable[[Visit], str]) -> list[Note]:
    return [Note(f"aci-bench/{v.encounter_id}", v.patient_id, v.encounter_id, NOTE_TYPE, None, of(v)) for v in visits]
