"""Citations cut from a chart, their quotes always the very words."""

import re

from core.records import Citation, Sentence
from vectorstore.chart import Chart

_BULLET = re.compile(r"(?:[-*•·–>#]+|\(?\d{1,2}[.)])\s+")
_DASH_AT_END = re.compile(r"\s+[-–—]{1,2}\Z")


class Citer:
    """Makes citations of one chart's notes."""

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._note = chart.text

    def cite(self, note_id: str, start: int, end: int, heading: str) -> Citation:
        """Cite `start:end` (code points, half-open) of a note."""
        header = self._chart.header(note_id)
        quote = self._note(note_id)[start:end]
        return Citation(note_id, header.note_type, header.charted_at, heading, start, end, quote)

    def cite_sentences(self, first: Sentence, last: Sentence) -> Citation:
        """Cite neighbouring sentences of one section, without the bullet or number the first may begin with."""
        bullet = _BULLET.match(self._note(first.note_id), first.start, first.end)
        start = bullet.end() if bullet and bullet.end() < first.end else first.start
        return self.cite(first.note_id, start, last.end, first.heading)

    def cite_sentence(self, sentence: Sentence) -> Citation:
        """Cite a whole sentence."""
        return self.cite_sentences(sentence, sentence)

    def cite_item(self, sentence: Sentence) -> Citation:
        """Cite a sentence without the marks that a list puts before and behind its items: `# gout:` is `gout`."""
        whole = self.cite_sentence(sentence)
        words = _DASH_AT_END.sub("", whole.quote.rstrip(" :.;,\n\t"))
        return self.cite(sentence.note_id, whole.start, whole.start + len(words), sentence.heading)

    def is_item(self, sentence: Sentence) -> bool:
        """Whether the sentence is an item of a list."""
        return _BULLET.match(self._note(sentence.note_id), sentence.start, sentence.end) is not None

    def text(self, sentence: Sentence) -> str:
        """The words of a sentence, as stored."""
        return self._note(sentence.note_id)[sentence.start : sentence.end]
