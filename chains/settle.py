"""From drafts to verdicts: check, repair once, else the quote itself, else withhold."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace

from chains.attribution import find_support, minimal
from chains.check_clock import CheckClock
from chains.compose import Composition
from chains.compress import Compressor
from chains.draft import CUT_OFF, PROMPT_TOO_LONG, UNAVAILABLE, Draft, Verdict
from chains.evidence import Evidence, Gathered, Group
from chains.owned import begin, give_up
from chains.verification import Refusal, Verifier
from chains.verification.chart import ChartView, Remembered
from chains.wording import bare
from core.errors import ModelUnavailable
from core.records import Flag, Statement, Status
from core.telemetry import Metrics

_TROUBLE = {
    "not_json": Refusal("not_json", "the answer was not the JSON that was asked for"),
    CUT_OFF: Refusal(CUT_OFF, "the sentence did not come to its end"),
    PROMPT_TOO_LONG: Refusal(PROMPT_TOO_LONG, ""),
    UNAVAILABLE: Refusal(UNAVAILABLE, ""),
}
_UNKNOWN = Refusal("unknown_evidence", "name only lines that were given")


@dataclass(frozen=True, slots=True)
class _Known:
    """What one request's chart offers to judge by: the view of it, and all evidence of each section.

    `clock` tells how long judging took.
    """

    chart: ChartView = field(default_factory=ChartView)
    evidence: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    clock: CheckClock = field(default_factory=CheckClock)


class Settler:
    """Decides what of each draft may be shown. Nothing leaves it unchecked. One instance serves all requests."""

    def __init__(self, compressor: Compressor | None, metrics: Metrics, verifier: Verifier | None = None) -> None:
        self._compressor = compressor
        self._metrics = metrics
        self._verifier = verifier or Verifier(policy="close")
        self._verifier_of_code = self._verifier.of_code()

    async def stream(
        self, incoming: AsyncIterator[Gathered | Composition | Draft]
    ) -> AsyncIterator[Gathered | Composition | Verdict]:
        """Verdicts come as soon as they stand; repairs run together while other drafts are still being written."""
        repairs: list[asyncio.Task[Verdict]] = []
        known = _Known()
        try:
            async for item in incoming:
                if isinstance(item, Gathered):
                    known = _known(item)
                if isinstance(item, Gathered | Composition):
                    yield item
                    continue
                if item.group.unusual:
                    yield _foreign(item)
                    continue
                judged = self._judge(item, known)
                if isinstance(judged, Statement):
                    yield _shown(item, judged)
                elif self._compressor is None or not item.model:
                    yield self._quote(item, known, judged)
                else:
                    repairs.append(begin(self._repair(self._compressor, item, judged, known)))
            for task in asyncio.as_completed(repairs):
                yield await task
            self._metrics.verify_seconds.observe(known.clock.seconds)
        finally:
            await give_up(repairs)

    def _judge(self, draft: Draft, known: _Known) -> Statement | Refusal:
        """The statement, when the draft passes with the evidence it cites or with better; else the refusal."""
        with known.clock.checking(draft.group.section) as verify:
            judged = _TROUBLE.get(draft.trouble) or self._attributed(draft, known)
            verify.say(outcome=judged.code if isinstance(judged, Refusal) else "ok")
        if isinstance(judged, Refusal):
            self._metrics.statements_refused.labels(reason=judged.code).inc()
        return judged

    def _attributed(self, draft: Draft, known: _Known) -> Statement | Refusal:
        if copied := _copied(draft):
            refusal = known.chart.first_refusal(self._verifier, copied.text, (copied,))
            return refusal or _statement(draft.group, copied.text, "quoted", (copied,))
        refusal = _UNKNOWN
        claimed = _claimed(draft)
        if claimed:
            verifier = self._verifier if draft.model else self._verifier_of_code
            found = known.chart.first_refusal(verifier, draft.text, claimed)
            if found is None:
                cited = minimal(claimed, self._as_well_as(draft, claimed, known)) if draft.model else claimed
                return self._supported(draft, cited, known)
            refusal = found
        if draft.model:
            pools = (draft.group.evidence, known.evidence.get(draft.group.section, ()))
            for pool in pools:
                found_in = find_support(draft.text, pool, self._fully(draft, known))
                if found_in:
                    return self._supported(draft, found_in, known, "reattributed")
        return refusal

    def _as_well_as(self, draft: Draft, claimed: tuple[Evidence, ...], known: _Known) -> "_Supports":
        """Whether fewer pieces carry the text no worse than all that were claimed."""
        most = self._verifier.novelty(known.chart.claim(draft.text, claimed))
        return _Supports(self._verifier, draft.text, known.chart, most)

    def _fully(self, draft: Draft, known: _Known) -> "_Supports":
        """Whether pieces that the writer did not name carry every word: more than is asked of those it did name."""
        return _Supports(self._verifier, draft.text, known.chart, 0)

    def _supported(self, draft: Draft, cited: tuple[Evidence, ...], known: _Known, *flags: Flag) -> Statement:
        new = draft.model and self._verifier.novelty(known.chart.claim(draft.text, cited))
        paraphrased: tuple[Flag, ...] = ("paraphrased",) if new else ()
        return _statement(draft.group, draft.text, "supported", cited, (*paraphrased, *flags))

    async def _repair(self, compressor: Compressor, draft: Draft, refusal: Refusal, known: _Known) -> Verdict:
        try:
            with self._metrics.llm_request_seconds.time():
                again = await compressor.repair(draft, refusal.advice)
        except ModelUnavailable:
            return self._quote(draft, known, refusal)
        judged = self._judge(again, known)
        both = {"usage": draft.usage + again.usage, "drafts": (draft, again)}
        if isinstance(judged, Statement):
            return replace(_shown(again, judged), reasons=(refusal.code,), **both)  # type: ignore[arg-type]
        return replace(self._quote(draft, known, refusal, judged), **both)  # type: ignore[arg-type]

    def _quote(self, draft: Draft, known: _Known, *refusals: Refusal) -> Verdict:
        """The chart's own words, which must pass as well, or nothing."""
        group, reasons = draft.group, tuple(r.code for r in refusals)
        if not draft.model and draft.text == group.quote.text:
            return Verdict(group, None, "", reasons, draft.usage, (draft,))
        with known.clock.checking(group.section) as verify:
            refusal = known.chart.first_refusal(self._verifier, group.quote.text, (group.quote,))
            verify.say(outcome=refusal.code if refusal else "ok")
        if refusal is None:
            statement = _statement(group, group.quote.text, "quoted", (group.quote,))
            return Verdict(group, statement, "", reasons, draft.usage, (draft,))
        self._metrics.statements_refused.labels(reason=refusal.code).inc()
        return Verdict(group, None, "", (*reasons, refusal.code), draft.usage, (draft,))


@dataclass(frozen=True, slots=True)
class _Supports:
    """Asks whether evidence carries a text with at most so many words of the writer's own."""

    verifier: Verifier
    text: str
    chart: ChartView
    most_new: int

    def __call__(self, cited: tuple[Evidence, ...]) -> bool:
        claim = self.chart.claim(self.text, cited)
        return self.verifier.novelty(claim) <= self.most_new and self.verifier.first_refusal(claim) is None


def _known(gathered: Gathered) -> _Known:
    chart = gathered.input.chart
    view = ChartView(gathered.resolved, lambda note_id: chart.text(note_id), gathered.remembered or Remembered())
    return _Known(view, {s.plan.key: tuple(e for g in s.own_groups for e in g.evidence) for s in gathered.sections})


def _claimed(draft: Draft) -> tuple[Evidence, ...]:
    """The evidence that the draft names; none where it names any that was not given."""
    known = {e.evidence_id: e for e in draft.group.evidence}
    if not draft.cited or any(i not in known for i in draft.cited):
        return ()
    return tuple(known[i] for i in draft.cited)


def _copied(draft: Draft) -> Evidence | None:
    """The evidence whose very words the draft is, whoever wrote it: that is a quote."""
    same = (e for e in (draft.group.quote, *draft.group.evidence) if bare(e.text) == bare(draft.text))
    return next(same, None)


def _foreign(draft: Draft) -> Verdict:
    """Foreign words whole and flagged. They are shown as found in the chart, not as true of the patient."""
    quote = draft.group.quote
    return Verdict(draft.group, _statement(draft.group, quote.text, "quoted", (quote,), ("unusual",)), drafts=(draft,))


def _shown(draft: Draft, statement: Statement) -> Verdict:
    """A quote is nobody's writing but the chart's."""
    model = draft.model if statement.status == "supported" else ""
    return Verdict(draft.group, statement, model, usage=draft.usage, drafts=(draft,))


def _statement(
    group: Group, text: str, status: Status, cited: tuple[Evidence, ...], flags: tuple[Flag, ...] = ()
) -> Statement:
    statement_id = f"{group.section}-{group.index + 1}"
    return Statement(statement_id, text, status, tuple(e.citation for e in cited), flags)
