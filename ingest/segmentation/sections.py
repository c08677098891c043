"""Headed parts of a note, found line by line.

A heading is a name that `headings.yaml` lists (or that ends in one of its endings), or one put together from the words
of `heading_words.yaml`: alone on a line, underlined, before a colon or a dash, or behind Markdown's `#`. A line that
has the form of a heading but other words begins a section too, and stays text: a heading's own words are in no
sentence, so a drug or a problem that stands alone on a line in capitals must never be taken for one.
"""

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

import yaml

from core.records import Section, SectionKind
from extraction.lexicon import allergen_phrases
from extraction.readable import Readable, readable
from extraction.words import Words
from ingest.segmentation.heading_words import kind_of_words, kind_within_words

_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_WORD = re.compile(r"[^\W_]+")
_MARKDOWN = re.compile(r"[ \t]*(#{1,6})[ \t]*(.*?)[ \t#]*\Z")
_COLON_HEAD = re.compile(r"[ \t]*(?:\*\*|__)?([A-Z0-9][\w/&+,'’() .-]{0,58}?)(?:\*\*|__)?[ \t]*[::](?:\*\*|__)?(?!\d)")
_ALONE = re.compile(
    # The words end where only marks follow up to the line's end: asked first, or every place would be tried at length.
    r"[ \t]*(?:\*\*|__)?([A-Z0-9][\w/&+,'’() -]{0,58}?)(?=[*_ \t.:–—-]*\Z)"
    r"(?:\*\*|__)?[ \t]*(?:[.:]|[ \t]-{1,2}|[–—])?[ \t]*(?:\*\*|__)?[ \t]*\Z"
)
_DASH_HEAD = re.compile(r"[ \t]*([A-Z][\w/&+,'’() ]{0,40}?)[ \t]+(?:--?|[–—])[ \t]+(?=\S)")
_ENDS_IN_DASH = re.compile(r"(?:[ \t]--?|[–—])[ \t]*\Z")
_UNDERLINE = re.compile(r"[ \t]*(?:-{4,}|={4,}|~{4,})[ \t]*\Z")
_MIDLINE = re.compile(
    r"(?:[.;|)\]][ \t]{1,8}|[ \t]{2,8})([A-Z][A-Za-z/&]{0,24}(?: [A-Za-z/&]{1,24}){0,4})[ \t]{0,2}:(?!\d)"
)
_PROSE = re.compile(r"[A-Z](?=.*\b(?:he|she|they|we|was|were|is|are|has|had|will|would)\b)", re.DOTALL)
_PROSE_WIDTH = 45
_PARENTHESES = re.compile(r"\([^)]*\)")
_CAPITALS, _SMALL = string.ascii_uppercase.encode(), string.ascii_lowercase.encode()
_SENTENCE_END = re.compile(r"[.!?:;]\s*\Z")


_BY_PROBLEM = frozenset({SectionKind.ASSESSMENT, SectionKind.PLAN, SectionKind.HOSPITAL_COURSE})
"""Kinds of sections whose parts have the names of problems for headings."""
_BY_PART = _BY_PROBLEM | {SectionKind.MEDICATIONS, SectionKind.FOLLOW_UP}
_CLOSE_SET = frozenset({SectionKind.EXAM, SectionKind.REVIEW_OF_SYSTEMS, SectionKind.RESULTS, SectionKind.IMAGING})
"""Kinds of sections whose parts follow each other: a heading behind an empty line is no part of one, but its peer."""
_DENYING = frozenset({"no", "not", "none", "nil", "denies", "denied", "without"})
_LISTS_OF_NAMES = frozenset({SectionKind.PROBLEMS, SectionKind.PAST_HISTORY, SectionKind.ALLERGIES})
_ONE_PARAGRAPH = frozenset(
    {
        SectionKind.MEDICATIONS,
        SectionKind.ALLERGIES,
        SectionKind.VITALS,
        SectionKind.CODE_STATUS,
        SectionKind.CHIEF_COMPLAINT,
        SectionKind.IMMUNIZATIONS,
    }
)
"""Kinds of sections that end with their paragraph where it begins beside the heading."""
_READ_BY_RADIOLOGY = frozenset({SectionKind.ASSESSMENT, SectionKind.RESULTS, SectionKind.PLAN, SectionKind.VITALS})


class Line(NamedTuple):
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
    part_of: frozenset[SectionKind] = frozenset()
    """Kinds of the section before that one of unknown kind goes on with."""


class _Row(NamedTuple):
    """A line, its text and the lines round it."""

    line: Line
    text: str
    previous: str
    following: Line | None
    following_text: str

    @property
    def apart(self) -> bool:
        """Behind an empty line or at the note's start, and not the last one."""
        return not self.previous.strip() and self.following is not None

    @property
    def underlined(self) -> bool:
        return bool(_UNDERLINE.fullmatch(self.following_text))

    @property
    def marked(self) -> bool:
        """Whether something beside its words says that it is a heading."""
        stripped = self.text.rstrip(" \t*_")
        return stripped.endswith((":", "\uff1a")) or bool(_ENDS_IN_DASH.search(stripped)) or self.underlined


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
    for line in text[start:end].splitlines(keepends=True):
        yield Line(at, at + len(line.rstrip(_LINE_BREAKS)))
        at += len(line)


def kind_of_heading(words: str) -> SectionKind | None:
    """What a section so headed is about; None where the words are no known heading."""
    return _listed_kind(words) or kind_of_words(_key(_PARENTHESES.sub(" ", words)))


@lru_cache(maxsize=4096)
def _listed_kind(words: str) -> SectionKind | None:
    table = _table()
    return table.exact.get(_key(words)) or table.exact.get(_key(_PARENTHESES.sub(" ", words)))


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
        part = before in heading.part_of or (radiology and before in _CLOSE_SET)
        kind = heading.kind or (before if part else SectionKind.OTHER)
        before = kind
        if radiology and kind in _READ_BY_RADIOLOGY:
            kind = SectionKind.IMAGING
        found.append(HeadedSection(Section(heading.words, kind, start, end), heading.body))
    return tuple(found)


def _after(read: Readable, at: int) -> int:
    """The place in the stored text just behind character `at - 1` of the readable one."""
    return read.stored(at - 1, at)[1] if at else 0


@lru_cache(maxsize=4096)
def _key(words: str) -> str:
    return " ".join(_WORD.findall(words.lower().replace("'", "").replace("’", "")))


def _headings(text: str) -> Iterator[_Heading]:
    before, on_its_line = SectionKind.OTHER, False
    capitals = _is_all_in_capitals(text)
    for row in _rows(text):
        first = _at_line_start(row, unknown_capitals=not capitals and before not in _LISTS_OF_NAMES)
        if not first and on_its_line and before in _ONE_PARAGRAPH and _is_new_prose(row):
            first = _Heading(row.line.start, row.line.start, "", SectionKind.OTHER)
        found = [*([first] if first else ()), *_within_line(row, (first.body - row.line.start) if first else 0)]
        yield from found
        if found:
            before = found[-1].kind or before
            on_its_line = found[-1].body < row.line.end


def _rows(text: str) -> Iterator[_Row]:
    """The lines that hold something."""
    previous, line, row = "", None, ""
    for following in (*lines_of(text, 0, len(text)), None):
        following_text = text[following.start : following.end] if following else ""
        if line and row.strip():
            yield _Row(line, row, previous, following, following_text)
        previous, line, row = row, following, following_text


def _is_all_in_capitals(text: str) -> bool:
    """Whether capitals say nothing in a note, since most of it is written in them."""
    start = text[:4000]
    if start.isascii():
        code = start.encode()
        without_capitals, without_small = (code.translate(None, delete=letters) for letters in (_CAPITALS, _SMALL))
        return len(without_capitals) < len(without_small)
    letters = [c for c in start if c.isalpha()]
    return sum(c.isupper() for c in letters) > len(letters) / 2


def _at_line_start(row: _Row, *, unknown_capitals: bool) -> _Heading | None:
    line, text = row.line, row.text
    lead = len(text) - len(text.lstrip())
    start = line.start + lead
    if text[lead] == "#":
        markdown = _MARKDOWN.match(text) if len(text) <= 120 else None
        words = markdown.group(2).rstrip(": ") if markdown else ""
        kind = kind_of_heading(words)
        return _Heading(start, line.end, words, kind) if kind else None
    if len(text) <= 72 and (alone := _ALONE.match(text)):
        words = alone.group(1).strip()
        if kind := _kind_alone(words, row):
            return _Heading(start, row.following.end if row.following and row.underlined else line.end, words, kind)
        soft = _is_soft(words, row)
        if soft or (unknown_capitals and _is_in_unknown_capitals(words, row)):
            kind = kind_within_words(_key(words)) if words.isupper() else None
            parts = _BY_PROBLEM if not soft else _BY_PART if not row.previous.strip() else _BY_PART | _CLOSE_SET
            return _Heading(start, start, words, _kind_by_beginning(words) or kind, parts)
    return _before_its_text(row, start)


def _before_its_text(row: _Row, start: int) -> _Heading | None:
    """A heading with its text on the same line, behind a colon or a dash."""
    colon = _COLON_HEAD.match(row.text) if ":" in row.text else None
    if colon and (kind := kind_of_heading(colon.group(1))):
        return _Heading(start, row.line.start + colon.end(), colon.group(1).strip(), kind)
    dash = _DASH_HEAD.match(row.text)
    if not dash or _key(dash.group(1)) in _table().colon_only or _runs_on(row.previous):
        return None
    kind = kind_of_heading(dash.group(1))
    return _Heading(start, row.line.start + dash.end(), dash.group(1).strip(), kind) if kind else None


def _runs_on(previous: str) -> bool:
    """Whether a line is long and ends within a sentence, so that the next one may go on with it."""
    return bool(previous.strip()) and not _SENTENCE_END.search(previous) and len(previous) > 45


def _kind_alone(words: str, row: _Row) -> SectionKind | None:
    """The kind of a heading that has its line to itself.

    With a mark or in capitals it is one wherever it stands; in mixed case only where the line before does not run on
    into it, since a wrapped sentence may leave the word "Medications" at the start of a line. One that no list knows
    must in mixed case stand behind an empty line.
    """
    key = _key(words)
    full_stop = row.text.rstrip().endswith(".")
    kind = _listed_kind(words)
    if kind and not row.marked:
        if key in _table().colon_only and not (words.isupper() and len(key) > 2):
            return None
        return None if full_stop or (_runs_on(row.previous) and not words.isupper()) else kind
    if kind or full_stop:
        return kind
    if row.marked or words.isupper() or row.apart:
        kind = kind_of_words(_key(_PARENTHESES.sub(" ", words)))
    return kind or (_kind_by_ending(words, key) if row.marked or words.isupper() else None)


def _kind_by_beginning(words: str) -> SectionKind | None:
    parts = _key(words).split()
    found = (_table().beginnings.get(" ".join(parts[:size])) for size in (3, 2, 1))
    return next((kind for kind in found if kind), None)


def _is_soft(words: str, row: _Row) -> bool:
    """Whether a line is the heading of something that no list knows: two to six words and a mark, in capitals, in
    title case or behind an empty line, or one word and a colon behind an empty line. An allergen is none, or an allergy
    would change its section.
    """
    parts = words.split()
    colon = row.text.rstrip(" \t*_").endswith((":", "\uff1a"))
    titled = colon and all(w[:1].isupper() or len(w) < 4 for w in parts)
    apart = not row.previous.strip()
    fewest = 1 if apart and colon else 2
    return fewest <= len(parts) <= 6 and row.marked and (apart or titled) and _names_no_allergen(words)


def _is_in_unknown_capitals(words: str, row: _Row) -> bool:
    """Whether a line of two to six words in capitals, without a mark or a number, is a heading by where it stands."""
    parts = words.split()
    lettered = all(c.isalpha() or c in " /&+,'’()-" for c in words)
    before_text = row.apart and bool(row.following_text.strip())
    return 2 <= len(parts) <= 6 and words.isupper() and lettered and before_text and _names_no_allergen(words)


def _names_no_allergen(words: str) -> bool:
    return next(allergen_phrases().find(Words.of(words)), None) is None


def _kind_by_ending(words: str, key: str) -> SectionKind | None:
    parts = key.split()
    if (
        not 2 <= len(parts) <= 6
        or parts[0] in _DENYING
        or not all(w[0].isupper() or len(w) < 4 for w in words.split() if w[0].isalpha())
    ):
        return None
    for size in (2, 1):
        kind = _table().endings.get(" ".join(parts[-size:]))
        if kind:
            return kind
    return None


def _is_new_prose(row: _Row) -> bool:
    """Whether a paragraph of sentences begins, which a list that stands beside its heading does not go on with."""
    return not row.previous.strip() and len(row.text) >= _PROSE_WIDTH and bool(_PROSE.match(row.text))


def _within_line(row: _Row, after: int) -> Iterator[_Heading]:
    """Headings inside a line, as in `PMH: HTN. Allergies: NKDA. Meds: none`."""
    line, text = row.line, row.text
    if ":" not in text[after:]:
        return
    for match in _MIDLINE.finditer(text, max(0, after - 1)):
        words = match.group(1)
        kind = _listed_kind(words)
        if kind and _key(words) not in _table().colon_only and match.start(1) > after:
            yield _Heading(line.start + match.start(1), line.start + match.end(), words, kind)
