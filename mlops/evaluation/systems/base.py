"""What a system is: something that makes statements of one chart."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from core.records import Citation, Outcome, Sentence, Usage
from mlops.evaluation.metrics.telling import ToldStatement
from vectorstore.chart import Chart

MAX_WORDS = 350
"""The length every system is asked to keep to: the default of `max_words`."""


@dataclass(frozen=True, slots=True)
class SystemSummary:
    """What a system makes of a chart. `outcomes` maps section keys to outcomes, and is empty where it has none.

    `conflicts` are the citations of conflicts shown beside the statements. `read_share` is the share of the chart's
    words that the system could look at.
    """

    statements: tuple[ToldStatement, ...]
    outcomes: tuple[tuple[str, Outcome], ...] = ()
    conflicts: tuple[Citation, ...] = ()
    usage: Usage = field(default_factory=Usage)
    read_share: float = 1.0

    @property
    def words(self) -> int:
        """Words of all statements."""
        return sum(len(s.text.split()) for s in self.statements)


class System(Protocol):
    """A way of summarizing. `limit` is the largest number of charts it is to be run on, 0 for any number."""

    @property
    def name(self) -> str:
        """As in `Observation.system`."""
        ...

    @property
    def limit(self) -> int:
        """How many charts it may be asked for; 0 for all."""
        ...

    async def summarize(self, chart: Chart) -> SystemSummary:
        """The summary of one chart."""
        ...


def sentence_text(chart: Chart, sentence: Sentence) -> str:
    """The words of a sentence with white space collapsed."""
    return " ".join(chart.note(sentence.note_id).text[sentence.start : sentence.end].split())


def extract(chart: Chart, chosen: Iterable[Sentence]) -> SystemSummary:
    """A summary of whole sentences, each citing itself; those that no longer fit within the words are left out."""
    return SystemSummary(tuple(_within(chart, chosen)))


def _within(chart: Chart, chosen: Iterable[Sentence]) -> Iterator[ToldStatement]:
    left = MAX_WORDS
    for number, sentence in enumerate(chosen, 1):
        text = sentence_text(chart, sentence)
        if len(text.split()) > left:
            return
        left -= len(text.split())
        header = chart.header(sentence.note_id)
        quote = chart.note(sentence.note_id).text[sentence.start : sentence.end]
        where = (sentence.note_id, header.note_type, header.charted_at, sentence.heading, sentence.start, sentence.end)
        yield ToldStatement(f"s{number}", text, (Citation(*where, quote),), "", "quoted")
