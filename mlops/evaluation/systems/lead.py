"""Lead-k: the first sentences of the newest note, then of the one before it, as far as the words go."""

from collections.abc import Iterator

from core.records import Sentence
from mlops.evaluation.systems.base import SystemSummary, extract
from vectorstore.chart import Chart


class Lead:
    """What a reader in a hurry does: begin at the newest note."""

    name = "lead"
    limit = 0

    async def summarize(self, chart: Chart) -> SystemSummary:
        """The newest notes from their beginnings."""
        return extract(chart, _newest_first(chart))


def _newest_first(chart: Chart) -> Iterator[Sentence]:
    for header in reversed(chart.headers):
        yield from chart.sentences_of(header.note_id)
