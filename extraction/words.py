"""Words of a sentence with their places, and phrases looked up among them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

T = TypeVar("T")

_WORD = re.compile(r"[^\W_]+")
_JOINERS = " -/.'’–+&#("


@dataclass(frozen=True, slots=True)
class Words:
    """A text's words in lower case; word `i` is `text[starts[i]:ends[i]]`."""

    text: str
    lower: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "Words":
        """Split at everything but letters and digits."""
        return _split(text)

    def joined(self, index: int) -> bool:
        """Whether only white space or a hyphen, slash or the like stands between word `index` and the next one."""
        gap = self.text[self.ends[index] : self.starts[index + 1]]
        return gap.isspace() or (len(gap) <= 3 and not gap.strip(_JOINERS))


@lru_cache(maxsize=1024)
def _split(text: str) -> Words:
    """Lower-casing goes word by word where it may change lengths."""
    found = list(_WORD.finditer(text))
    lower = _WORD.findall(text.lower()) if text.isascii() else [m.group().lower() for m in found]
    return Words(text, tuple(lower), tuple([m.start() for m in found]), tuple([m.end() for m in found]))


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """A phrase found: words `first` to `last` inclusive, characters `start:end`, and what it stands for."""

    value: T
    first: int
    last: int
    start: int
    end: int


class _Candidates(Generic[T]):
    """Phrases with one first word, the longest first: those with more words by their second one, and those without."""

    __slots__ = ("longer", "single")

    def __init__(self, phrases: list[tuple[tuple[str, ...], bool, T]]) -> None:
        phrases = sorted(phrases, key=lambda p: (-len(p[0]), not p[1]))
        self.longer: dict[str, list[tuple[tuple[str, ...], bool, T]]] = {}
        for phrase in phrases:
            if len(phrase[0]) > 1:
                self.longer.setdefault(phrase[0][1].lower(), []).append(phrase)
        self.single = [phrase for phrase in phrases if len(phrase[0]) == 1]


class Phrases(Generic[T]):
    """Phrases and what they stand for, found by longest match from the left, in time linear in the words.

    A phrase is matched whatever its case, hyphens and line breaks; one that holds a capital only where the text has the
    same capitals.
    """

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        by_first: dict[str, list[tuple[tuple[str, ...], bool, T]]] = {}
        seen: set[tuple[tuple[str, ...], bool]] = set()
        for phrase, value in entries:
            words = tuple(_WORD.findall(phrase))
            exact = phrase != phrase.lower()
            key = words if exact else tuple(w.lower() for w in words)
            if not words or (key, exact) in seen:
                continue
            seen.add((key, exact))
            by_first.setdefault(words[0].lower(), []).append((key, exact, value))
        self._by_first = {first: _Candidates(found) for first, found in by_first.items()}

    def find(self, words: Words) -> Iterator[Match[T]]:
        """Matches in order; none overlap."""
        lower, by_first = words.lower, self._by_first
        if by_first.keys().isdisjoint(lower):
            return
        free = 0
        for at in [i for i, word in enumerate(lower) if word in by_first]:
            if at >= free and (match := self._longest(words, at, by_first[lower[at]])):
                yield match
                free = match.last + 1

    def _longest(self, words: Words, at: int, candidates: "_Candidates[T]") -> Match[T] | None:
        lower = words.lower
        second = lower[at + 1] if at + 1 < len(lower) else ""
        for key, exact, value in candidates.longer.get(second, ()):
            last = at + len(key) - 1
            if exact:
                same = all(
                    words.text[a:b] == w for a, b, w in zip(words.starts[at:], words.ends[at:], key, strict=False)
                )
            else:
                same = lower[at : last + 1] == key
            if same and last < len(lower) and all(words.joined(i) for i in range(at, last)):
                return Match(value, at, last, words.starts[at], words.ends[last])
        start, end = words.starts[at], words.ends[at]
        for key, exact, value in candidates.single:
            if not exact or words.text[start:end] == key[0]:
                return Match(value, at, at, start, end)
        return None
