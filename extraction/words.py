"""Words of a sentence with their places, and phrases looked up among them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
        """Split at everything but letters and digits. Lower-casing goes word by word, since it may change lengths."""
        spans = [m.span() for m in _WORD.finditer(text)]
        return cls(
            text,
            tuple(text[a:b].lower() for a, b in spans),
            tuple(a for a, _ in spans),
            tuple(b for _, b in spans),
        )

    def joined(self, index: int) -> bool:
        """Whether only white space or a hyphen, slash or the like stands between word `index` and the next one."""
        gap = self.text[self.ends[index] : self.starts[index + 1]]
        return gap.isspace() or (len(gap) <= 3 and not gap.strip(_JOINERS))


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """A phrase found: words `first` to `last` inclusive, characters `start:end`, and what it stands for."""

    value: T
    first: int
    last: int
    start: int
    end: int


class Phrases(Generic[T]):
    """Phrases and what they stand for, found by longest match from the left, in time linear in the words.

    A phrase is matched whatever its case, hyphens and line breaks; one that holds a capital only where the text has the
    same capitals.
    """

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], bool, T]]] = {}
        seen: set[tuple[tuple[str, ...], bool]] = set()
        for phrase, value in entries:
            words = tuple(_WORD.findall(phrase))
            exact = phrase != phrase.lower()
            key = words if exact else tuple(w.lower() for w in words)
            if not words or (key, exact) in seen:
                continue
            seen.add((key, exact))
            self._by_first.setdefault(words[0].lower(), []).append((key, exact, value))
        for found in self._by_first.values():
            found.sort(key=lambda e: (-len(e[0]), not e[1]))

    def find(self, words: Words) -> Iterator[Match[T]]:
        """Matches in order; none overlap."""
        lower, by_first = words.lower, self._by_first
        at, count = 0, len(lower)
        while at < count:
            candidates = by_first.get(lower[at])
            if candidates is not None:
                match = self._longest(words, at, candidates)
                if match is not None:
                    yield match
                    at = match.last
            at += 1

    def _longest(self, words: Words, at: int, candidates: list[tuple[tuple[str, ...], bool, T]]) -> Match[T] | None:
        for key, exact, value in candidates:
            last = at + len(key) - 1
            if last >= len(words.lower):
                continue
            if exact:
                same = all(words.text[words.starts[at + i] : words.ends[at + i]] == w for i, w in enumerate(key))
            else:
                same = words.lower[at : last + 1] == key
            if same and all(words.joined(i) for i in range(at, last)):
                return Match(value, at, last, words.starts[at], words.ends[last])
        return None
