"""Citations cut from a chart, their quotes always the very words."""

from core.records import Citation, NoteHeader, Sentence
from vectorstore.chart import Chart


class Citer:
    """Makes citations of one chart's notes."""

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._headers: dict[str, NoteHeader] = {h.note_id: h for h in chart.headers}

    def cite(self, note_id: str, start: int, end: int, heading: str) -> Citation:
        """Cite `start:end` (code points, half-open) of a note."""
        header = self._headers[note_id]
        quote = self._chart.note(note_id).text[start:end]
        return Citation(note_id, header.note_type, header.charted_at, heading, start, end, quote)

    def cite_sentence(self, sentence: Sentence) -> Citation:
        """Cite a whole sentence."""
        return self.cite(sentence.note_id, sentence.start, sentence.end, sentence.heading)

    def text(self, sentence: Sentence) -> str:
        """The words of a sentence, as stored."""
        return self._chart.note(sentence.note_id).text[sentence.start : sentence.end]

    def header(self, note_id: str) -> NoteHeader:
        """The note's header."""
        return self._headers[note_id]
