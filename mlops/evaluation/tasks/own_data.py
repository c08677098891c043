"""Data sets of the user's own: summaries that keep to the notes, questions answered from the right place or not at all.

The task bears the name of its data set: `mimic`, `longhealth` or `archehr`.
"""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

from chains import ChainInput, SummaryChain
from chains.focus import FOCUS_KEY
from core.records import Summary, SummaryRequest, SummarySection
from core.settings import EmbeddingSettings
from mlops.evaluation.charts import CACHE
from mlops.evaluation.charts_of_notes import open_charts
from mlops.evaluation.own_data import Asked, Dataset, Place
from mlops.evaluation.records import Example, Metric, Observation, TaskResult
from mlops.evaluation.run import MODELS
from mlops.evaluation.tasks.aci_bench import UNSUPPORTED, VALIDITY, keeping_to_notes
from vectorstore.chart import Chart
from vectorstore.embeddings import build_embeddings
from vectorstore.generation import Generation

OVER_REFUSAL = Metric(
    "over_refusal", "questions that the chart answers and that ended as no_evidence / such questions", "lower", 0.05
)
ABSTENTION = Metric(
    "abstention",
    "a patient's questions put to the chart of the next patient, where they have no answer, that ended as no_evidence "
    "/ such questions",
    "higher",
    0.95,
    "29% for a good model",
)
EVIDENCE = Metric(
    "evidence_recall",
    "places marked as holding the answer (sentences of ArchEHR-QA called essential, letters of LongHealth) of which "
    "some words are cited / such places",
    "higher",
)
METRICS = (VALIDITY, UNSUPPORTED, OVER_REFUSAL, ABSTENTION, EVIDENCE)


def run(dataset: Dataset, chains: Mapping[str, SummaryChain], *, cache: Path = CACHE) -> TaskResult:
    """Summarize every chart of the data set and ask its questions, with every chain (by system)."""
    embeddings = build_embeddings(EmbeddingSettings())
    generation = open_charts(dataset.name, dataset.notes, embeddings, folder=cache)
    observations: list[Observation] = []
    examples: list[Example] = []
    for system, chain in chains.items():
        asking = _Asking(dataset, generation, chain, system)
        observations += asyncio.run(asking.measure())
        examples += asking.examples
    return TaskResult(dataset.name, METRICS, tuple(observations), tuple(examples), dataset.digests)


class _Asking:
    """One system at work on one data set."""

    def __init__(self, dataset: Dataset, generation: Generation, chain: SummaryChain, system: str) -> None:
        self.examples: list[Example] = []
        self._dataset = dataset
        self._generation = generation
        self._chain = chain
        self._system = system

    async def measure(self) -> list[Observation]:
        patients = list(dict.fromkeys(note.patient_id for note in self._dataset.notes))
        found: list[Observation] = []
        for patient_id in patients:
            chart = self._generation.chart(patient_id)
            valid, unsupported = keeping_to_notes(await self._ask(chart, None), chart)
            found += [
                Observation(VALIDITY.name, self._system, patient_id, *valid),
                Observation(UNSUPPORTED.name, self._system, patient_id, *unsupported),
            ]
        following = dict(zip(patients, [*patients[1:], *patients[:1]], strict=True))
        for question in self._dataset.questions:
            found += await self._judge(question, following[question.patient_id])
        return found

    async def _judge(self, question: Asked, other: str) -> list[Observation]:
        def seen(metric: Metric, hits: float, total: float = 1.0) -> Observation:
            return Observation(metric.name, self._system, question.unit, hits, total)

        section = _focused(await self._ask(self._generation.chart(question.patient_id), question.text))
        silent = section.outcome == "no_evidence"
        found = [seen(OVER_REFUSAL, float(silent))]
        if silent:
            self._show(OVER_REFUSAL, question, section)
        if question.places:
            cited = sum(_is_cited(place, section) for place in question.places)
            found.append(seen(EVIDENCE, cited, len(question.places)))
        if self._dataset.apart:
            foreign = _focused(await self._ask(self._generation.chart(other), question.text))
            found.append(seen(ABSTENTION, float(foreign.outcome == "no_evidence")))
            if foreign.outcome != "no_evidence":
                self._show(ABSTENTION, question, foreign)
        return found

    async def _ask(self, chart: Chart, focus: str | None) -> Summary:
        request = SummaryRequest(chart.patient_id, focus=focus)
        ready = self._system in MODELS
        return await self._chain.ainvoke(ChainInput(request, chart, f"own-{chart.patient_id}", ready))

    def _show(self, metric: Metric, question: Asked, section: SummarySection) -> None:
        shown = "\n".join(_lines(section)) or section.outcome
        self.examples.append(Example(metric.name, self._system, question.unit, 1.0, f"asked: {question.text}\n{shown}"))


def _focused(summary: Summary) -> SummarySection:
    return next(section for section in summary.sections if section.key == FOCUS_KEY)


def _is_cited(place: Place, section: SummarySection) -> bool:
    cited = (c for statement in section.statements for c in statement.citations)
    return any(c.note_id == place.note_id and c.start < place.end and place.start < c.end for c in cited)


def _lines(section: SummarySection) -> Iterator[str]:
    return (statement.text for statement in section.statements)
