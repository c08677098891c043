"""Headed parts of a note, found line by line.

A heading is a name that `headings.yaml` lists (or that ends in one of its endings), alone on a line, before a colon,
or behind Markdown's `#`. Anything else stays text: a heading's own words are in no sentence, so a drug or a problem
that stands alone on a line in capitals must never be taken for one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import yaml

from core.records import Section, SectionKind
from extraction.lexicon import allergen_phrases
from extraction.readable import Readable, readable
from extraction.words import Words

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|\Z)")
_WORD = re.compile(r"[^\W_]+")
_MARKDOWN = re.compile(r"[ \t]*(#{1,6})[ \t]*(.*?)[ \t#]*\Z")
_COLON_HEAD = re.compile(r"[ \t]*(?:\*\*|__)?([A-Z0-9][\w/&,'’() .-]{0,58}?)(?:\*\*|__)?[ \t]*[::](?:\*\*|__)?(?!\d)")
_ALONE = re.compile(
    r"[ \t]*(?:\*\*|__)?([A-Z0-9][\w/&,'’() -]{0,58}?)(?:\*\*|__)?[ \t]*[.::]?[ \t]*(?:\*\*|__)?[ \t]*\Z"
)
_MIDLINE = re.compile(
    r"(?:[.;|)\]][ \t]{1,8}|[ \t]{2,8})([A-Z][A-Za-z/&]{0,24}(?: [A-Za-z/&]{1,24}){0,4})[ \t]{0,2}:(?!\d)"
)
_SENTENCE_END = re.compile(r"[.!?:;]\s*\Z")


_INHERITED = frozenset(
    {
        SectionKind.EXAM,
        SectionKind.REVIEW_OF_SYSTEMS,
        SectionKind.RESULTS,
        SectionKind.IMAGING,
        SectionKind.ASSESSMENT,
        SectionKind.PLAN,
        SectionKind.HOSPITAL_COURSE,
        SectionKind.MEDICATIONS,
        SectionKind.FOLLOW_UP,
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a note, its line break excluded."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class HeadedSection:
    """A section and where its body begins, after the heading's own words."""

    section: Section
    body: int


@dataclass(frozen=True, slots=True)
class _Heading:
    start: int
    body: int
    words: str
    kind: SectionKind | None
    """None for a heading that no list knows; its words stay part of the text."""


@dataclass(frozen=True, slots=True)
class _HeadingTable:
    exact: dict[str, SectionKind]
    endings: dict[str, SectionKind]
    beginnings: dict[str, SectionKind]
    colon_only: frozenset[str]


@cache
def _table() -> _HeadingTable:
    data = yaml.safe_load(files(__package__).joinpath("headings.yaml").read_text("utf-8"))
    exact = {name: SectionKind(kind) for kind, names in data["exact"].items() for name in names}
    endings = {name: SectionKind(kind) for kind, names in data["endings"].items() for name in names}
    beginnings = {name: SectionKind(kind) for kind, names in data["beginnings"].items() for name in names}
    return _HeadingTable(exact, endings, beginnings, frozenset(data["colon_only"]))


def lines_of(text: str, start: int, end: int) -> Iterator[Line]:
    """Lines of `text[start:end]`, breaking wherever `str.splitlines` does."""
    at = start
    while at < end:
        match = _LINE.match(text, at, end)
        if match is None:  # pragma: no cover - the pattern matches at every position
            return
        stop = match.end()
        body = stop
        while body > at and text[body - 1] in "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029":
            body -= 1
        yield Line(at, body)
        at = stop


def kind_of_heading(words: str) -> SectionKind | None:
    """What a section so headed is about; None where the words are no known heading."""
    table = _table()
    key = _key(words)
    return table.exact.get(key) or table.exact.get(_key(re.sub(r"\([^)]*\)", " ", words)))


def find_sections(text: str, note_type: str = "") -> tuple[HeadedSection, ...]:
    """Sections in order; together they cover the text. An impression in a radiology note is imaging."""
    read = readable(text)
    headings = list(_headings(read.text))
    if read.places is not None:
        headings = [replace(h, start=read.stored(h.start, h.start)[0], body=_after(read, h.body)) for h in headings]
    starts = [h.start for h in headings]
    if not headings or text[: starts[0]].strip():
        headings.insert(0, _Heading(0, 0, "", SectionKind.OTHER))
        starts.insert(0, 0)
    starts[0] = 0
    radiology = "radiology" in note_type.lower() or "imaging" in note_type.lower()
    found = []
    before = SectionKind.OTHER
    for heading, start, end in zip(headings, starts, [*starts[1:], len(text)], strict=True):
        kind = heading.kind or (before if before in _INHERITED else SectionKind.OTHER)
        before = kind
        if radiology and kind in (SectionKind.ASSESSMENT, SectionKind.RESULTS, SectionKind.PLAN):
            kind = SectionKind.IMAGING
        found.append(HeadedSection(Section(heading.words, kind, start, end), heading.body))
    return tuple(found)


def _after(read: Readable, at: int) -> int:
    """The place in the stored text just behind character `at - 1` of the readable one."""
    return read.stored(at - 1, at)[1] if at else 0


def _key(words: str) -> str:
    return " ".join(_WORD.findall(words.lower().replace("'", "").replace("’", "")))


def _headings(text: str) -> Iterator[_Heading]:
    previous = ""
    for line in lines_of(text, 0, len(text)):
        row = text[line.start : line.end]
        if row.strip():
            first = _at_line_start(line, row, previous)
            if first:
                yield first
            yield from _within_line(line, row, (first.body - line.start) if first else 0)
        previous = row


def _at_line_start(line: Line, row: str, previous: str) -> _Heading | None:
    lead = len(row) - len(row.lstrip())
    start = line.start + lead
    if row[lead] == "#":
        markdown = _MARKDOWN.match(row) if len(row) <= 120 else None
        words = markdown.group(2).rstrip(": ") if markdown else ""
        kind = kind_of_heading(words)
        return _Heading(start, line.end, words, kind) if kind else None
    if len(row) <= 72:
        alone = _ALONE.match(row)
        if alone and (kind := _kind_alone(alone.group(1), row, previous)):
            return _Heading(start, line.end, alone.group(1).strip(), kind)
        if alone and _is_soft(alone.group(1), row, previous):
            words = alone.group(1).strip()
            return _Heading(start, start, words, _kind_by_beginning(words))
    colon = _COLON_HEAD.match(row)
    if colon and (kind := kind_of_heading(colon.group(1))):
        return _Heading(start, line.start + colon.end(), colon.group(1).strip(), kind)
    return None


def _kind_alone(words: str, row: str, previous: str) -> SectionKind | None:
    """The kind of a heading that has its line to itself.

    With a colon or in capitals it is one wherever it stands; in mixed case only where the line before does not run on
    into it, since a wrapped sentence may leave the word "Medications" at the start of a line.
    """
    key = _key(words)
    colon = row.rstrip(" \t*_").endswith((":", ":"))
    full_stop = row.rstrip().endswith(".")
    kind = kind_of_heading(words)
    if kind and not colon:
        if key in _table().colon_only and not (words.isupper() and len(key) > 2):
            return None
        runs_on = previous.strip() and not _SENTENCE_END.search(previous) and len(previous) > 45
        return None if full_stop or (runs_on and not words.isupper()) else kind
    if kind is None and not full_stop and (colon or words.isupper()):
        return _kind_by_ending(words, key)
    return kind


def _kind_by_beginning(words: str) -> SectionKind | None:
    parts = _key(words).split()
    found = (_table().beginnings.get(" ".join(parts[:size])) for size in (3, 2, 1))
    return next((kind for kind in found if kind), None)


def _is_soft(words: str, row: str, previous: str) -> bool:
    """Whether a line is the heading of something that no list knows: two to six words and a colon, in capitals, in
    title case or behind an empty line. An allergen is none, or an allergy would change its section.
    """
    parts = words.split()
    apart = not previous.strip() or all(w[:1].isupper() or len(w) < 4 for w in parts)
    if not (2 <= len(parts) <= 6 and apart and row.rstrip(" \t*_").endswith(":")):
        return False
    return next(allergen_phrases().find(Words.of(words)), None) is None


def _kind_by_ending(words: str, key: str) -> SectionKind | None:
    parts = key.split()
    if not 2 <= len(parts) <= 6 or not all(w[0].isupper() or len(w) < 4 for w in words.split() if w[0].isalpha()):
        return None
    for size in (2, 1):
        kind = _table().endings.get(" ".join(parts[-size:]))
        if kind:
            return kind
    return None


def _within_line(line: Line, row: str, after: int) -> Iterator[_Heading]:
    """Headings inside a line, as in `PMH: HTN. Allergies: NKDA. Meds: none`."""
    if ":" not in row[after:]:
        return
    for match in _MIDLINE.finditer(row, max(0, after - 1)):
        words = match.group(1)
        kind = kind_of_heading(words)
        if kind and _key(words) not in _table().colon_only and match.start(1) > after:
            yield _Heading(line.start + match.start(1), line.start + match.end(), words, kind)
