"""Sentences of a section's body, as exact offsets into the note.

The splitter is our own rules rather than pysbd's: pysbd cleans and re-assembles its input, so offsets have to be
searched for afterwards, treats every line break of a hard-wrapped note as a boundary and needs milliseconds a
paragraph. Here nothing is copied or altered: lines are first gathered into blocks (a
paragraph, a list item with its continuation lines, a table row), then each block is cut where a stop ends a sentence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from core.records import SectionKind
from ingest.segmentation.sections import Line, lines_of

MAX_CHARACTERS = 1200
"""A longer run without a stop is cut at a space, so that no citation highlights a page."""

_ITEM = re.compile(
    r"[ \t]*(?:[-*•·◦▪●‣–—→+>o](?=[ \t])|\(?\d{1,2}[.)](?=[ \t])|\(?[a-zA-Z][.)](?=[ \t])|#+|\[[ xX]?\]|•)[ \t]*"
)
_ROW = re.compile(r"\t[^\t]*\S|\|.*\||\S {3,}\S")
_LABEL = re.compile(r"[ \t]*[A-Z][\w/&()' -]{0,38}:(?=\s|\Z)")
_WRAPS_ON = re.compile(
    r"(?:[,(/&+]|\b(?:and|or|of|the|with|to|for|in|on|an?|at|by|from|was|is|were|are|as|her|his|their|no|not|per|than|"
    r"that|which|who|has|had|have|be|been|due|status|Dr|Mr|Mrs|Ms))\s*\Z"
)
# The mark comes first and what stands before it second, since a search runs from one such letter to the next.
_STOP = re.compile(r"[.!?…](?:(?<![.!?…].)[.!?…]*+[\"'”’)\]]*+(?=\s)|(?<=[a-z]{3}\.)(?=[A-Z][a-z]))")
_BEFORE = re.compile(r"[^\s(\[\"“]+\Z")
_NEXT = re.compile(r"\s*[\"'“‘(\[*]*([^\s]+)")
_WIDEST = 132
_NARROWEST = 45
_LIST_KINDS = frozenset(
    {
        SectionKind.MEDICATIONS,
        SectionKind.ALLERGIES,
        SectionKind.PROBLEMS,
        SectionKind.PAST_HISTORY,
        SectionKind.RESULTS,
        SectionKind.VITALS,
        SectionKind.IMMUNIZATIONS,
    }
)


@dataclass(frozen=True, slots=True)
class _Abbreviations:
    never: frozenset[str]
    maybe: frozenset[str]
    starters: frozenset[str]


@cache
def _abbreviations() -> _Abbreviations:
    data = yaml.load(
        files(__package__).joinpath("abbreviations.yaml").read_text("utf-8"),
        Loader=yaml.BaseLoader,  # noqa: S506
    )
    return _Abbreviations(*(frozenset(data[key]) for key in ("never", "maybe", "starters")))


def wrap_width(text: str) -> int:
    """Columns at which the note's lines were hard-wrapped, 0 where they look unwrapped.

    The longest line of up to 132 characters that another one follows is taken for it: no line that ended because the
    next word did not fit can be longer. A line that stands alone was not wrapped: one that is put into a note must not
    change how the others are read. A note of short lines only was not wrapped either.
    """
    widest, before = 0, 0
    for line in lines_of(text, 0, len(text)):
        if text[line.start : line.end].strip():
            widest = max(widest, before)
            before = line.end - line.start if line.end - line.start <= _WIDEST else 0
        else:
            before = 0
    return widest if widest >= _NARROWEST else 0


def find_sentences(text: str, start: int, end: int, *, kind: SectionKind, width: int) -> Iterator[tuple[int, int]]:
    """Half-open spans of the sentences of `text[start:end]`, in order, free of outer white space.

    Together they cover everything but white space.
    """
    for block_start, block_end in _blocks(text, start, end, kind=kind, width=width):
        for span in _split(text, block_start, block_end):
            yield from _shorten(text, *span)


def _blocks(text: str, start: int, end: int, *, kind: SectionKind, width: int) -> Iterator[tuple[int, int]]:
    begin = last = -1
    previous: Line | None = None
    for line in lines_of(text, start, end):
        row = text[line.start : line.end]
        if not row.strip():
            if previous is not None:
                yield begin, last
            previous = None
            continue
        if previous is None or not _continues(text, previous, row, begin, kind=kind, width=width):
            if previous is not None:
                yield begin, last
            begin = line.start
        previous, last = line, line.end
    if previous is not None:
        yield begin, last


def _continues(text: str, previous: Line, row: str, block: int, *, kind: SectionKind, width: int) -> bool:
    """Whether a line goes on with the block that the line before belongs to."""
    before = text[previous.start : previous.end]
    if _ITEM.match(row) or _ROW.search(row) or _ROW.search(before):
        return False
    item = _ITEM.match(text, block, previous.end)
    indent = len(row) - len(row.lstrip())
    if item and item.end() > block and indent > 0 and indent >= _indent(text, block) + 1:
        return True
    if _LABEL.match(row):
        return False
    if _WRAPS_ON.search(before[-12:]) or row.lstrip().startswith(("->", "→", "-->")):
        return True
    word = row.split(None, 1)[0]
    full = bool(width) and len(before.rstrip()) + 1 + len(word) > width
    if row.lstrip()[:1].islower():
        return full or kind not in _LIST_KINDS or len(before.rstrip()) > 0.6 * width > 0
    return full


def _indent(text: str, at: int) -> int:
    stop = at
    while text[stop] in " \t":
        stop += 1
    return stop - at


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = _skip(text, start, end)
    marker = _ITEM.match(text, begin, end)
    search = marker.end() if marker else begin
    for stop in _STOP.finditer(text, search, end):
        if stop.end() > begin and _ends_sentence(text, begin, stop, end):
            yield begin, stop.end()
            begin = _skip(text, stop.end(), end)
    while end > begin and text[end - 1].isspace():
        end -= 1
    if begin < end:
        yield begin, end


def _skip(text: str, at: int, end: int) -> int:
    while at < end and text[at].isspace():
        at += 1
    return at


def _ends_sentence(text: str, begin: int, stop: re.Match[str], end: int) -> bool:
    following = _NEXT.match(text, stop.end(), min(end, stop.end() + 80))
    if following is None:
        return True
    mark = stop.group()
    word = following.group(1)
    if mark[0] in "!?":
        return not word[0].islower()
    before = _BEFORE.search(text, max(begin, stop.start() - 24), stop.start())
    if before is None:
        return False
    return _stop_after(before.group(), word, first=before.start() == begin, dots=mark.count("."))


def _stop_after(word: str, following: str, *, first: bool, dots: int) -> bool:
    """Whether a full stop behind `word` ends the sentence, given the word that follows."""
    known = _abbreviations()
    lowered = word.lower()
    capital = following[0].isupper()
    if (first and (word.isdigit() or len(word) == 1)) or lowered in known.never:
        return False
    if lowered in known.maybe:
        return capital and following[1:2].islower()
    if len(word) == 1 and word.isupper():
        return capital and following.strip(".,;:!?").lower() in known.starters
    if following[0].islower():
        return dots == 1 and len(word) >= 4 and word.isalpha()
    return True


def _shorten(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > MAX_CHARACTERS:
        cut = _cut(text, start)
        stop = cut
        while stop > start and text[stop - 1].isspace():
            stop -= 1
        yield start, stop
        start = _skip(text, cut, end)
    if start < end:
        yield start, end


def _cut(text: str, start: int) -> int:
    window = text[start : start + MAX_CHARACTERS]
    for mark in ("; ", ", ", " "):
        at = window.rfind(mark, MAX_CHARACTERS // 2)
        if at > 0:
            return start + at + len(mark)
    for at in range(MAX_CHARACTERS - 1, MAX_CHARACTERS // 2, -1):
        if window[at].isspace():
            return start + at
    return start + MAX_CHARACTERS
