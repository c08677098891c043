"""A note being written: text grows to the right, and every stated fact keeps the span of its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Ref:
    """How a fact is stated: assertion and action in the words of `core.records`."""

    fact: str
    assertion: str = "present"
    action: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """Words that state one or more facts."""

    text: str
    refs: tuple[Ref, ...]


Piece: TypeAlias = str | Mention
Text: TypeAlias = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact stated at `start:end` of a note; `copied` where the words were carried over from an older note."""

    ref: Ref
    start: int
    end: int
    copied: bool


def plain_text(text: Text) -> str:
    """The words alone."""
    return "".join(piece if isinstance(piece, str) else piece.text for piece in text)


def join(items: Sequence[Piece | Text], last: str = " and ") -> Text:
    """Items as an enumeration: "a, b and c"."""
    pieces: list[Piece] = []
    for i, item in enumerate(items):
        if i:
            pieces.append(last if i == len(items) - 1 else ", ")
        pieces += [item] if isinstance(item, str | Mention) else list(item)
    return tuple(pieces)


class NoteWriter:
    """Builds one note. Wrapping only ever turns a space into a line break, so spans stay right."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._parts: list[str] = []
        self._length = 0
        self._last = "\n"
        self._captured: list[Text] | None = None
        self.spans: list[Stated] = []

    def _put(self, text: str) -> None:
        if text:
            self._parts.append(text)
            self._length += len(text)
            self._last = text[-1]

    def write(self, text: Text, *, copied: bool = False, capital: bool = False) -> None:
        """Add pieces as they are. Of one fact stated by several pieces the span covers them all."""
        covers: dict[Ref, tuple[int, int]] = {}
        for i, piece in enumerate(text):
            words = piece if isinstance(piece, str) else piece.text
            if capital and words[:1].islower() and i == next((k for k, p in enumerate(text) if p), 0):
                words = words[0].upper() + words[1:]
            start = self._length
            self._put(words)
            if isinstance(piece, Mention):
                for ref in piece.refs:
                    first = covers.get(ref, (start, 0))[0]
                    covers[ref] = (first, self._length)
        self.spans += [Stated(ref, start, end, copied) for ref, (start, end) in covers.items()]

    def sentence(self, text: Text, *, copied: bool = False, capital: bool = True) -> None:
        """Add a sentence after a space where the line has begun."""
        if self._captured is not None:
            self._captured.append(text)
        if self._last not in "\n ":
            self._put(" ")
        self.write(text, copied=copied, capital=capital)

    def line(self, text: Text, *, copied: bool = False, capital: bool = False) -> None:
        """Add a line of its own."""
        if self._captured is not None:
            self._captured.append((*text, "\n"))
        self.newline()
        self.write(text, copied=copied, capital=capital)
        self.newline()

    def newline(self) -> None:
        """Begin a new line unless one has just begun."""
        if self._last != "\n":
            self._put("\n")

    def blank(self) -> None:
        """Leave one empty line."""
        self.newline()
        if self._length and not (len(self._parts[-1]) > 1 and self._parts[-1].endswith("\n\n")) and not self._blank():
            self._put("\n")

    def _blank(self) -> bool:
        tail = "".join(self._parts[-2:])
        return tail.endswith("\n\n")

    def capture(self) -> None:
        """Start to remember sentences, for a later note to copy."""
        self._captured = []

    def captured(self) -> tuple[Text, ...]:
        """What was written since `capture`."""
        kept, self._captured = tuple(self._captured or ()), None
        return kept

    def replay(self, texts: Sequence[Text]) -> None:
        """Write sentences again, marked as copied."""
        for text in texts:
            if text and text[-1] == "\n":
                self.blank()
                self.line(text[:-1], copied=True)
            else:
                self.sentence(text, copied=True)

    def finish(self) -> str:
        """The wrapped text. Lines are broken at single spaces; a longer word stays whole."""
        text = "".join(self._parts)
        if self._width <= 0:
            return text
        return "\n".join(_wrap(line, self._width) for line in text.split("\n"))


def _wrap(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    out = list(line)
    begun, space = 0, -1
    for i, char in enumerate(line):
        if i - begun > width and space > begun:
            out[space] = "\n"
            begun = space + 1
        if char == " " and 0 < i < len(line) - 1 and line[i - 1] != " " and line[i + 1] != " ":
            space = i
    if len(line) - begun > width and space > begun:
        out[space] = "\n"
    return "".join(out)
