"""From drafts to verdicts: check, repair once, else the quote itself, else withhold."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

from chains.compose import Composition
from chains.compress import Compressor
from chains.draft import UNAVAILABLE, Draft, Verdict
from chains.evidence import Evidence, Gathered, Group
from chains.generate import give_up
from chains.verification import Claim, Refusal, first_refusal
from core.errors import ModelUnavailable
from core.records import Statement, Status
from core.telemetry import Metrics

_TROUBLE = {
    "not_json": Refusal("not_json", "the answer was not the JSON that was asked for"),
    UNAVAILABLE: Refusal(UNAVAILABLE, ""),
}


class Settler:
    """Decides what of each draft may be shown. Nothing leaves it unchecked."""

    def __init__(self, compressor: Compressor | None, metrics: Metrics) -> None:
        self._compressor = compressor
        self._metrics = metrics

    async def stream(
        self, incoming: AsyncIterator[Gathered | Composition | Draft]
    ) -> AsyncIterator[Gathered | Composition | Verdict]:
        """Verdicts come as soon as they stand; repairs run together while other drafts are still being written."""
        repairs: list[asyncio.Task[Verdict]] = []
        try:
            async for item in incoming:
                if isinstance(item, Gathered | Composition):
                    yield item
                    continue
                judged = self._judge(item)
                if isinstance(judged, Statement):
                    yield Verdict(item.group, judged, item.model, usage=item.usage, drafts=(item,))
                elif self._compressor is None or not item.model:
                    yield self._quote(item, judged)
                else:
                    repairs.append(asyncio.create_task(self._repair(self._compressor, item, judged)))
            for task in asyncio.as_completed(repairs):
                yield await task
        finally:
            await give_up(repairs)

    def _judge(self, draft: Draft) -> Statement | Refusal:
        """The statement, when the draft passes with the evidence it cites or better attribution; else the refusal."""
        refusal = _TROUBLE.get(draft.trouble)
        if refusal is None:
            status: Status = "quoted" if draft.text == draft.group.quote.text else "supported"
            for cited in _attributions(draft, status):
                found = first_refusal(Claim(draft.text, cited))
                if found is None:
                    return _statement(draft.group, draft.text, status, cited)
                refusal = refusal or found
        refusal = refusal or Refusal("unknown_evidence", "name only lines that were given")
        self._metrics.statements_refused.labels(reason=refusal.code).inc()
        return refusal

    async def _repair(self, compressor: Compressor, draft: Draft, refusal: Refusal) -> Verdict:
        try:
            with self._metrics.llm_request_seconds.time():
                again = await compressor.repair(draft, refusal.advice)
        except ModelUnavailable:
            return self._quote(draft, refusal)
        judged = self._judge(again)
        if isinstance(judged, Statement):
            usage = draft.usage + again.usage
            return Verdict(draft.group, judged, again.model, (refusal.code,), usage, (draft, again))
        quoted = self._quote(draft, refusal, judged)
        return replace(quoted, usage=draft.usage + again.usage, drafts=(draft, again))

    def _quote(self, draft: Draft, *refusals: Refusal) -> Verdict:
        """The chart's own words, which must pass as well, or nothing."""
        group, reasons = draft.group, tuple(r.code for r in refusals)
        refusal = first_refusal(Claim(group.quote.text, (group.quote,)))
        if refusal is None:
            statement = _statement(group, group.quote.text, "quoted", (group.quote,))
            return Verdict(group, statement, "", reasons, draft.usage, (draft,))
        self._metrics.statements_refused.labels(reason=refusal.code).inc()
        return Verdict(group, None, "", (*reasons, refusal.code), draft.usage, (draft,))


def _attributions(draft: Draft, status: Status) -> Iterator[tuple[Evidence, ...]]:
    """The evidence the draft cites, then each line alone, then all: a right text with a wrong id finds its words."""
    group = draft.group
    if status == "quoted":
        yield (group.quote,)
        return
    known = {e.evidence_id: e for e in group.evidence}
    if draft.cited and all(i in known for i in draft.cited):
        yield tuple(known[i] for i in draft.cited)
    if draft.model:
        yield from ((e,) for e in group.evidence)
        yield group.evidence


def _statement(group: Group, text: str, status: Status, cited: tuple[Evidence, ...]) -> Statement:
    statement_id = f"{group.section}-{group.index + 1}"
    return Statement(statement_id, text, status, tuple(e.citation for e in cited))
