"""From verdicts to events: statements in reading order within each section, the whole summary last."""

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from chains.compose import Composition
from chains.draft import Verdict
from chains.evidence import Gathered, SectionEvidence
from chains.provenance import Recorder
from chains.wording import words
from core.errors import ModelUnavailable
from core.records import (
    ChainEvent,
    Citation,
    EvidenceEvent,
    Outcome,
    SectionEvent,
    SectionPreview,
    Statement,
    StatementEvent,
    Summary,
    SummaryEvent,
    SummarySection,
    Timings,
    Usage,
)
from core.telemetry import Metrics


class _Section:
    """A section as its verdicts come in; it releases them in the order of its groups."""

    def __init__(self, evidence: SectionEvidence) -> None:
        self.evidence = evidence
        self._waiting = {group.index for group in evidence.groups}
        self._verdicts: dict[int, Verdict] = {}
        self._released = 0
        self._shown: list[Statement] = []

    def add(self, verdict: Verdict) -> Iterator[Statement]:
        """Take a verdict; the statements that can be shown now. The words of one place are quoted once."""
        self._verdicts[verdict.group.index] = verdict
        self._waiting.discard(verdict.group.index)
        while self._released in self._verdicts:
            statement = self._verdicts[self._released].statement
            self._released += 1
            if statement and not any(_repeats(statement, earlier) for earlier in self._shown):
                self._shown.append(statement)
                yield statement

    @property
    def done(self) -> bool:
        return not self._waiting

    def result(self) -> SummarySection:
        plan = self.evidence.plan
        withheld = sum(v.statement is None for v in self._verdicts.values())
        outcome = "failed" if self.evidence.failed else _outcome(len(self._shown), withheld)
        return SummarySection(plan.key, plan.title, outcome, withheld, tuple(self._shown))


def _repeats(statement: Statement, earlier: Statement) -> bool:
    """Whether the later says nothing that the earlier did not: in the same words, or as a quote from within another."""
    if statement.citations == earlier.citations and words(statement.text) == words(earlier.text):
        return True
    if (statement.status, earlier.status) != ("quoted", "quoted"):
        return False
    return all(any(_within(c, e) for e in earlier.citations) for c in statement.citations)


def _within(inner: Citation, outer: Citation) -> bool:
    return inner.note_id == outer.note_id and outer.start <= inner.start and inner.end <= outer.end


def _outcome(shown: int, withheld: int) -> Outcome:
    if shown:
        return "partial" if withheld else "ok"
    return "withheld" if withheld else "no_evidence"


class Emitter:
    """Turns what was gathered and decided into the events of one summary."""

    def __init__(self, recorder: Recorder, metrics: Metrics) -> None:
        self._recorder = recorder
        self._metrics = metrics

    async def stream(self, incoming: AsyncIterator[Gathered | Composition | Verdict]) -> AsyncIterator[ChainEvent]:
        """Events in the order of docs/api.md. Raises ModelUnavailable when abstractive was required and none came."""
        gathered: Gathered | None = None
        sections: dict[str, _Section] = {}
        verdicts: list[Verdict] = []
        first_s: float | None = None
        composed = Usage()
        async for item in incoming:
            if isinstance(item, Gathered):
                gathered = item
                sections = {s.plan.key: _Section(s) for s in item.sections}
                yield _evidence_event(item)
                for key, section in sections.items():
                    if section.done:
                        yield SectionEvent(key, section.result().outcome)
                continue
            if isinstance(item, Composition):
                composed += item.usage
                evidence = replace(sections[item.section].evidence, groups=item.groups)
                section = sections[item.section] = _Section(evidence)
                if section.done:
                    yield SectionEvent(item.section, section.result().outcome)
                continue
            verdicts.append(item)
            section = sections[item.group.section]
            for statement in section.add(item):
                if gathered:
                    first_s = first_s if first_s is not None else time.perf_counter() - gathered.started
                    self._metrics.statements.labels(status=statement.status).inc()
                    yield StatementEvent(item.group.section, statement)
            if section.done:
                yield SectionEvent(item.group.section, section.result().outcome)
        if gathered:
            summary = self._summary(gathered, sections, verdicts, composed, first_s)
            yield SummaryEvent(summary, self._recorder.trace(gathered, verdicts))

    def _summary(
        self,
        gathered: Gathered,
        sections: dict[str, _Section],
        verdicts: list[Verdict],
        composed: Usage,
        first_s: float | None,
    ) -> Summary:
        # More than one where the server's model was changed meanwhile.
        model = ", ".join(sorted({v.model for v in verdicts if v.model and v.statement})) or None
        wanted = any(v.group.rewritable for v in verdicts)
        if gathered.request.require == "abstractive" and wanted and model is None:
            raise ModelUnavailable("no statement of the model could be used, and abstractive was required")
        results = tuple(section.result() for section in sections.values())
        cited = {c.note_id for s in results for statement in s.statements for c in statement.citations}
        usage = sum((v.usage for v in verdicts), composed)
        self._count(usage, gathered, first_s)
        self._count_sections(results)
        total_s = time.perf_counter() - gathered.started
        return Summary(
            summary_id=gathered.input.summary_id,
            patient_id=gathered.request.patient_id,
            template=gathered.request.template,
            generated_at=datetime.now(UTC).isoformat(timespec="seconds"),
            mode="abstractive" if model else "extractive",
            sections=results,
            conflicts=gathered.conflicts,
            coverage=replace(gathered.coverage, notes_cited=len(cited)),
            provenance=self._recorder.provenance(gathered, model),
            usage=usage,
            timings=Timings(round(gathered.gather_s, 4), first_s and round(first_s, 4), round(total_s, 4)),
        )

    def _count(self, usage: Usage, gathered: Gathered, first_s: float | None) -> None:
        self._metrics.gather_seconds.observe(gathered.gather_s)
        if first_s is not None:
            self._metrics.first_statement_seconds.observe(first_s)
        self._metrics.llm_tokens.labels(direction="prompt").inc(usage.prompt_tokens)
        self._metrics.llm_tokens.labels(direction="completion").inc(usage.completion_tokens)

    def _count_sections(self, sections: tuple[SummarySection, ...]) -> None:
        for section in sections:
            self._metrics.sections.labels(outcome=section.outcome).inc()
            self._metrics.statements_withheld.inc(section.withheld)


def _evidence_event(gathered: Gathered) -> EvidenceEvent:
    previews = tuple(SectionPreview(s.plan.key, s.plan.title) for s in gathered.sections)
    return EvidenceEvent(gathered.input.summary_id, previews, gathered.coverage.notes_considered, gathered.note_ids)
