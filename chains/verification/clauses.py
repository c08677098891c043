"""The words of a text and what parts them: where a clause ends, where only a part of a list does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from chains.verification.reading import table
from extraction.words import Words

END = "."
COMMA = ","
OPEN = "("
CLOSE = ")"
_ENDS = re.compile(r"[;\t\n|•→=]|:(?!\d)|\s[-–—]+\s|->|[.?!](?=[\s),]|\Z)|\s\?")
_SHORT = frozenset({"dr", "mr", "ms", "mrs", "st", "vs", "approx", "etc"})
_LISTS = (
    "adjuncts",
    "asides",
    "contrasts",
    "exceptions",
    "predicates",
    "light",
    "presence",
    "heads",
    "saying",
    "changes",
    "orders",
)


@dataclass(frozen=True, slots=True)
class Clauses:
    """`gaps[i]` is what parts word `i` from the one before it: END, COMMA, OPEN, CLOSE or nothing.

    `closes[i]` is the word behind the bracket that opens before word `i`.
    """

    words: Words
    gaps: tuple[str, ...]
    closes: Mapping[int, int]

    def start(self, at: int) -> int:
        """The first word of the clause that word `at` is in."""
        while at > 0 and not self.parts(at):
            at -= 1
        return at

    def stop(self, at: int) -> int:
        """One more than the last word of the clause that word `at` is in."""
        at += 1
        while at < len(self.gaps) and not self.parts(at):
            at += 1
        return at

    def parts(self, at: int) -> bool:
        """Whether a new clause begins with word `at`."""
        return self.gaps[at] in (END, OPEN, CLOSE) or self.words.lower[at] in bounds()["contrasts"]


@cache
def bounds() -> Mapping[str, frozenset[str]]:
    """The lists of single words that tell how far a cue reaches."""
    data = table("signs")
    return {name: frozenset(data[name]) for name in _LISTS}


@lru_cache(maxsize=4096)
def clauses_of(plain: str) -> Clauses:
    """Part a text into clauses. Remembered."""
    words = Words.of(plain)
    gaps = tuple(_gap(words, i) for i in range(len(words.lower)))
    return Clauses(words, gaps, _closes(gaps))


def _gap(words: Words, at: int) -> str:
    if at == 0:
        return END
    gap = words.text[words.ends[at - 1] : words.starts[at]]
    if gap in (" ", ".", "-", "/", "'"):
        return ""
    if _ENDS.search(gap):
        before = words.lower[at - 1]
        is_short = (len(before) == 1 and before.isalpha()) or before in _SHORT
        return "" if is_short and gap == ". " else END
    if "(" in gap or "[" in gap:
        return OPEN
    if ")" in gap or "]" in gap:
        return CLOSE
    return COMMA if "," in gap else ""


def _closes(gaps: tuple[str, ...]) -> dict[int, int]:
    found, opened = {}, None
    for at, gap in enumerate(gaps):
        if gap == OPEN:
            opened = at
        elif gap in (CLOSE, END) and opened is not None:
            found[opened] = at
            opened = None
    if opened is not None:
        found[opened] = len(gaps)
    return found
