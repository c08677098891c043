"""The readable text of an HTML page: blocks on lines of their own, list items dashed, table cells apart."""

import re
from html.parser import HTMLParser

_DROPPED = frozenset({"script", "style", "template", "head", "title"})
_PARAGRAPHS = frozenset(
    {"blockquote", "div", "dl", "fieldset", "form", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "section"}
    | {"table", "ul"}
)
_BLOCKS = _PARAGRAPHS | frozenset(
    {"address", "article", "aside", "body", "center", "dd", "dt", "figure", "footer", "header", "hr", "html"}
    | {"li", "main", "nav", "tbody", "tfoot", "thead", "tr"}
)
_CELLS = frozenset({"td", "th"})
_CELL = "\x1f"
_SPACES = re.compile(r"[ \t\n\r\f\v\xa0]+")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self._dropping: list[str] = []
        self._verbatim = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self._dropping.clear()  # the end of a head may go without saying
        if tag in _DROPPED:
            self._dropping.append(tag)
        elif tag in _CELLS:
            self.lines[-1] += _CELL
        elif tag in _BLOCKS or tag == "br":
            self._break(tag)
        if tag == "li":
            self.lines[-1] = "- "
        self._verbatim += tag == "pre"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _DROPPED:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._dropping:
            del self._dropping[self._dropping.index(tag) :]
        elif tag in _BLOCKS:
            self._break(tag)
        if tag == "pre" and self._verbatim:
            self._verbatim -= 1

    def handle_data(self, data: str) -> None:
        if self._dropping:
            return
        first, *others = data.split("\n") if self._verbatim else [data]
        self.lines[-1] += _SPACES.sub(" ", first)
        self.lines.extend(_SPACES.sub(" ", line) for line in others)

    def _break(self, tag: str) -> None:
        """End the line if anything stands on it, and leave a blank one around a paragraph."""
        if self.lines[-1].strip() or tag == "br":
            self.lines.append("")
        if tag in _PARAGRAPHS and len(self.lines) > 1 and self.lines[-2].strip():
            self.lines.append("")


def html_to_text(page: str) -> str:
    """Turn a page into plain text; scripts, styles and comments are dropped, entities resolved."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    lines: list[str] = []
    for raw in reader.lines:
        line = " | ".join(cell for part in raw.split(_CELL) if (cell := _SPACES.sub(" ", part).strip()))
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip()
