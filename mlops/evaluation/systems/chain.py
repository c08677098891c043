"""Our own chain as a system."""

from chains import SummaryChain
from core.records import Summary
from mlops.evaluation.summaries import statements_of, summarize
from mlops.evaluation.systems.base import MAX_WORDS, SystemSummary
from vectorstore.chart import Chart


class ChainSystem:
    """The handoff of a chain. `model_ready` lets it ask its model, where it has one."""

    def __init__(
        self, chain: SummaryChain, name: str = "extractive", *, model_ready: bool = False, limit: int = 0
    ) -> None:
        self._chain = chain
        self._ready = model_ready
        self.name = name
        self.limit = limit

    async def summarize(self, chart: Chart) -> SystemSummary:
        """The handoff at the default length."""
        return system_summary(await summarize(self._chain, chart, model_ready=self._ready, max_words=MAX_WORDS))


def system_summary(summary: Summary) -> SystemSummary:
    """A summary as the metrics read it."""
    return SystemSummary(
        statements_of(summary),
        tuple((section.key, section.outcome) for section in summary.sections),
        tuple(c for conflict in summary.conflicts for c in conflict.citations),
        summary.usage,
    )
