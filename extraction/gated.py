"""Patterns that are only tried on texts which hold one of the letter groups that every match of theirs needs.

Most rules look for words that most sentences do not have: `\\b(?:vaccin|immuni[sz]ed)` needs "vaccin" or "immuni".
Which groups a text holds is told once for all patterns, word by word, and words repeat. What is found stays the same.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import import_module
from threading import Lock
from typing import Any

_WORD = re.compile(r"[^\W_]+|[>→]")
_DIGITS = str.maketrans("123456789", "000000000")
_DIGIT = "0"
_SIGNS = frozenset(">→")
_ODD = re.compile(r"[ıſ\u0130\u212a]|(?![0-9])\d")
"""What matches a plain letter or `\\d` but does not become one in lower case: such a text may hold any group."""
_ANY = -1
_ALWAYS = 1
"""The bit of the patterns that need nothing, which every text has."""
_MOST_REPEATED, _MOST_RUNS = 8, 32

_carriers: dict[str, list[tuple[str, int]]] = {}
"""By their first two letters, the groups of all patterns, each with the bits of the patterns that it lets be tried."""
_alone: dict[str, int] = {}
"""The bits of the patterns that a digit or a sign by itself lets be tried."""
_patterns = 1
_REGISTERING = Lock()


class Gated:
    """A compiled pattern, tried only where a text holds what it needs."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.compiled = re.compile(pattern, flags)
        self.pattern = pattern
        self.needs = needs(pattern, flags)
        self._bit = _register(self.needs) if self.needs else _ALWAYS

    def may_match(self, text: str) -> bool:
        """Whether a text holds what every match needs."""
        return bool(_cues(text, _patterns) & self._bit)

    def search(self, text: str, pos: int = 0, endpos: int = sys.maxsize) -> re.Match[str] | None:
        """As `re.Pattern.search`."""
        return self.compiled.search(text, pos, endpos) if _cues(text, _patterns) & self._bit else None

    def match(self, text: str, pos: int = 0, endpos: int = sys.maxsize) -> re.Match[str] | None:
        """As `re.Pattern.match`."""
        return self.compiled.match(text, pos, endpos) if _cues(text, _patterns) & self._bit else None

    def fullmatch(self, text: str, pos: int = 0, endpos: int = sys.maxsize) -> re.Match[str] | None:
        """As `re.Pattern.fullmatch`."""
        return self.compiled.fullmatch(text, pos, endpos) if _cues(text, _patterns) & self._bit else None

    def finditer(self, text: str, pos: int = 0, endpos: int = sys.maxsize) -> Iterator[re.Match[str]]:
        """As `re.Pattern.finditer`."""
        return self.compiled.finditer(text, pos, endpos) if _cues(text, _patterns) & self._bit else iter(())

    def search_in(self, text: str, start: int, end: int) -> re.Match[str] | None:
        """A search of `text[start:end]` by itself, places counted from its start."""
        return self.compiled.search(text[start:end]) if _cues(text, _patterns) & self._bit else None


def _register(groups: frozenset[str]) -> int:
    """The bit of a new pattern. It counts only once its groups are known, so that no text is told without them."""
    global _patterns  # one register for all modules, filled as they are imported
    with _REGISTERING:
        bit = 1 << _patterns
        for group in groups:
            if len(group) == 1:
                _alone[group] = _alone.get(group, 0) | bit
            else:
                _carriers.setdefault(group[:2], []).append((group, bit))
        _patterns += 1
    return bit


@lru_cache(maxsize=1024)
def _cues(text: str, patterns: int) -> int:
    """The bits of the patterns whose groups a text holds; kept apart by how many patterns were known."""
    if not text.isascii() and _ODD.search(text):
        return _ANY
    cues = _ALWAYS
    for word in _WORD.findall(text.lower().translate(_DIGITS)):
        cues |= _cues_of(word, patterns)
    return cues


@lru_cache(maxsize=65536)
def _cues_of(word: str, patterns: int) -> int:
    cues = 0
    for sign in (_DIGIT, *_SIGNS):
        if sign in word:
            cues |= _alone.get(sign, 0)
    for i in range(len(word) - 1):
        for group, bit in _carriers.get(word[i : i + 2], ()):
            if word.startswith(group, i):
                cues |= bit
    return cues


def needs(pattern: str, flags: int = 0) -> frozenset[str]:
    """Groups of letters of which a text must hold one, in lower case, to match; empty where that cannot be told.

    A group stands within one word, its digits written 0, or is the head of an arrow.
    """
    try:
        parsed = import_module("re._parser").parse(pattern, flags)  # no other module tells what a pattern is made of
    except ImportError:
        return frozenset()
    return _of_sequence(_flat(parsed)) or frozenset()


def _flat(sequence: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a parsed pattern, with what its groups hold and with what is repeated a fixed number of times."""
    for operation, argument in sequence:
        name = str(operation)
        if name == "SUBPATTERN":
            yield from _flat(argument[3])
        elif name == "ATOMIC_GROUP":
            yield from _flat(argument)
        elif name.endswith("_REPEAT") and argument[0] == argument[1] <= _MOST_REPEATED:
            yield from list(_flat(argument[2])) * argument[0]
        else:
            yield name, argument


def _of_sequence(parts: Iterable[tuple[str, Any]]) -> frozenset[str] | None:
    """The rarest of the needs of parts that all must match."""
    found: list[frozenset[str]] = []
    runs = {""}
    for name, argument in parts:
        if name in ("AT", "ASSERT_NOT"):
            continue
        exact = _exact(name, argument)
        if exact and len(runs) * len(exact) <= _MOST_RUNS:
            runs = {run + letters for run in runs for letters in exact}
            continue
        found += [frozenset(runs), exact or _of_part(name, argument) or frozenset()]
        runs = {""}
    found.append(frozenset(runs))
    sound = [groups for groups in found if groups and all(len(g) > 1 or g == _DIGIT or g in _SIGNS for g in groups)]
    return min(sound, key=lambda groups: sum(8.0 ** -(3 if g in _SIGNS else len(g)) for g in groups), default=None)


def _exact(name: str, argument: Any) -> frozenset[str]:
    """All that a part can match, where that is letters and digits of one word; else empty."""
    if name != "BRANCH":
        letter = _letter(name, argument)
        return frozenset([letter]) if letter else frozenset()
    branches = ["".join(_letter(*part) or " " for part in _flat(branch)) for branch in argument[1]]
    return frozenset(branches) if all(b.isalnum() for b in branches) else frozenset()


def _of_part(name: str, argument: Any) -> frozenset[str] | None:
    if name == "LITERAL":
        return _SIGNS & {chr(argument)}
    if name == "BRANCH":
        branches = [_of_sequence(_flat(branch)) for branch in argument[1]]
        return frozenset().union(*(b for b in branches if b)) if all(branches) else None
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return _of_sequence(_flat(argument[2])) if argument[0] > 0 else None
    return _of_sequence(_flat(argument[1])) if name == "ASSERT" else None


def _letter(name: str, argument: Any) -> str:
    """The one letter or digit that a part stands for, whatever its case; "" for any other part."""
    if name == "LITERAL":
        members = [("LITERAL", argument)]
    elif name == "IN":
        members = [(str(operation), member) for operation, member in argument]
    else:
        return ""
    letters = {_plain(operation, member) for operation, member in members}
    return letters.pop() if len(letters) == 1 else ""


def _plain(operation: str, argument: Any) -> str:
    if operation == "CATEGORY" and str(argument) == "CATEGORY_DIGIT":
        return _DIGIT
    if operation == "RANGE" and argument == (ord("0"), ord("9")):
        return _DIGIT
    letter = chr(argument).lower() if operation == "LITERAL" else ""
    return letter.translate(_DIGITS) if letter.isascii() and letter.isalnum() else ""
