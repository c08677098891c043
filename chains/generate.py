"""Everything in flight at once: the model's continuous batching runs it together."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import chain

from chains.compose import Composer, Composition
from chains.compress import Compressor
from chains.draft import PROMPT_TOO_LONG, UNAVAILABLE, Draft
from chains.evidence import Gathered, Group, SectionEvidence
from chains.models.errors import PromptTooLong
from chains.owned import begin, give_up
from core.errors import ModelUnavailable
from core.telemetry import Metrics
from core.tracing import span

log = logging.getLogger(__name__)


def as_it_stands(group: Group) -> Draft:
    """What code itself shows for a group: its composed text, or the quote."""
    cited = tuple(e.evidence_id for e in group.evidence)
    return Draft(group, group.composed or group.quote.text, cited)


class Generator:
    """Yields what was gathered, then drafts as they are ready: one a group, or those of a section once it is composed.

    With a `composer` the passages of a section are one request. Where the answer cannot be used the section falls back
    to its groups; where it holds no statement they are quoted, since evidence was found and a reader is to see it. A
    section too long for the model's context is written group by group, and a group too long for it is quoted.
    """

    def __init__(self, compressor: Compressor | None, metrics: Metrics, composer: Composer | None = None) -> None:
        self._compressor = compressor
        self._composer = composer
        self._metrics = metrics

    async def stream(self, incoming: AsyncIterator[Gathered]) -> AsyncIterator[Gathered | Composition | Draft]:
        """Drafts of code come at once; those of the model in the order in which it answers.

        Closing the iterator cancels every model request still in flight.
        """
        async for gathered in incoming:
            yield gathered
            ready = gathered.input.model_ready
            compressor = self._compressor if ready else None
            composer = self._composer if ready else None
            await asyncio.gather(*(writer.budget.look() for writer in (compressor, composer) if writer))
            tasks: list[asyncio.Task[list[Composition | Draft]]] = []
            at_once: list[Group] = []
            with span("generate", attached=False) as generating:
                with generating.around():
                    for section in gathered.sections:
                        if composer and any(group.rewritable for group in section.groups):
                            tasks.append(begin(self._section(composer, compressor, section)))
                            continue
                        for group in section.groups:
                            if compressor and group.rewritable:
                                tasks.append(begin(self._group(compressor, group)))
                            else:
                                at_once.append(group)
                try:
                    for group in at_once:
                        yield as_it_stands(group)
                    for task in asyncio.as_completed(tasks):
                        for item in await task:
                            yield item
                finally:
                    await give_up(tasks)

    async def _section(
        self, composer: Composer, compressor: Compressor | None, section: SectionEvidence
    ) -> list[Composition | Draft]:
        try:
            with self._metrics.llm_request_seconds.time():
                composition = await composer.compose(section)
        except PromptTooLong:
            return await self._by_groups(compressor, section)
        except ModelUnavailable as e:
            log.warning("model_request_failed", extra={"error": type(e).__name__})
            return [Draft(group, "", (), trouble=UNAVAILABLE) for group in section.groups]
        if composition.trouble:
            model, trouble = composition.model, composition.trouble
            drafts = [Draft(group, "", (), model, trouble) for group in section.groups]
            drafts[0] = replace(drafts[0], usage=composition.usage, raw=composition.raw)
            return [*drafts]
        if not any(draft.model for draft in composition.drafts):
            composition = replace(composition, drafts=tuple(as_it_stands(group) for group in section.groups))
        return [composition, *composition.drafts]

    async def _by_groups(self, compressor: Compressor | None, section: SectionEvidence) -> list[Composition | Draft]:
        """A section too long for one request, in as many as it has groups."""
        own = [group for group in section.groups if compressor and group.rewritable]
        written = await asyncio.gather(*(self._group(compressor, group) for group in own if compressor))
        return [*chain.from_iterable(written), *(as_it_stands(group) for group in section.groups if group not in own)]

    async def _group(self, compressor: Compressor, group: Group) -> list[Composition | Draft]:
        try:
            with self._metrics.llm_request_seconds.time():
                return [await compressor.draft(group)]
        except PromptTooLong:
            return [Draft(group, "", (), trouble=PROMPT_TOO_LONG)]
        except ModelUnavailable as e:
            log.warning("model_request_failed", extra={"error": type(e).__name__})
            return [Draft(group, "", (), trouble=UNAVAILABLE)]
