"""Things of one kind that changed places: each is known by the words it stands among."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from chains.verification.claim import Claim, Refusal
from chains.verification.items import Item, items_of
from chains.verification.reading import carried_by, content_stems

_EXCHANGED = Refusal("exchanged", "two things changed places, or one took the place of another")
_BOUND = re.compile(
    r"[;,)]|\.\s|\s[/–—]\s|\n|\b(?:and|but|while|whereas|although|though|however|then|which|who)\b", re.IGNORECASE
)
_ALWAYS = re.compile(r"[;]|\.\s|\n|\b(?:but|while|whereas|although|though|however)\b", re.IGNORECASE)
_BEHIND = re.compile(r"\W*(?:on|at|in|after|before|during|for|per|with|by)\b", re.IGNORECASE)
# These belong to the words next to them; of the others several may stand in one phrase in any order.
_TIGHT = frozenset({"date", "side", "severity", "acuity", "drug", "measure", "frequency", "order"})
_SURELY = 2
# Said of anything, so no sign of what is spoken of.
_SAYS_LITTLE = frozenset(
    content_stems("has had have reports reported noted takes taking with known current currently showed shows found")
)


@dataclass(frozen=True, slots=True)
class _Part:
    """What stands between two bounds; `joined` where the bound before it is a comma, an "and" or the like.

    `reach` are the places of the parts without an item around it, which may be said of it as well.
    """

    start: int
    end: int
    joined: bool
    reach: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Context:
    """Words that an item stands among: `near` it, in its `part`, and in all parts that may be said of it as well."""

    near: frozenset[str]
    part: frozenset[str]
    wide: frozenset[str]

    def __or__(self, other: "Context") -> "Context":
        return Context(self.near | other.near, self.part | other.part, self.wide | other.wide)


_NOWHERE = Context(frozenset(), frozenset(), frozenset())


def nothing_is_exchanged(claim: Claim) -> Refusal | None:
    """Refuses a number, date, drug, finding, relative, site or the like in the place of another of its kind.

    An item is known by the words of its part of the sentence that no other item of its kind has. Where the words round
    it in the text are another item's in the cited sentences and none are its own, the text has exchanged them. What
    stands among no telling words proves nothing.
    """
    told, cited = contexts_of(claim.text), contexts_of(claim.contexts)
    for kind, items in told.items():
        given = cited.get(kind, {})
        for one, here in items.items() if len(given) > 1 else ():
            if one in given and any(_took_the_place(one, here, other, items, given) for other in given if other != one):
                return _EXCHANGED
    return None


def _took_the_place(one: str, here: Context, other: str, items: dict[str, Context], given: dict[str, Context]) -> bool:
    """Whether `one`, which stands in the text as `here`, has the words of `other` round it and none of its own."""
    own, others = _only(given[one].wide, given[other].wide), _only(given[other].near, given[one].wide)
    strange, fits = here.near & others, here.wide & own
    if not strange:
        return False
    if other not in items:
        return _is_value_of_the_other(strange, own, fits) or bool(own and not here.wide & carried_by(given[one].wide))
    there = items[other]
    swapped = len(strange) + len(there.near & own)
    kept = len(fits) + len(there.wide & _only(given[other].wide, given[one].wide))
    return swapped >= _SURELY and swapped > 2 * kept


def _is_value_of_the_other(strange: frozenset[str], own: frozenset[str], fits: frozenset[str]) -> bool:
    """Whether a value stands by it that the cited words give for the other, while they give it one of its own."""
    return not _values(fits) and any(kind in {k for k, _ in _values(own)} for kind, _ in _values(strange))


def _values(words: frozenset[str]) -> set[tuple[str, str]]:
    pairs = (word.partition("=") for word in words)
    return {(kind, value) for kind, _, value in pairs if kind in ("number", "date", "frequency")}


def _only(words: frozenset[str], others: frozenset[str]) -> frozenset[str]:
    """The words that stand beside one item alone, with all that stand for them."""
    return carried_by(words - carried_by(others))


@lru_cache(maxsize=8192)
def contexts_of(text: str) -> dict[str, dict[str, Context]]:
    """By kind and name, what an item stands among."""
    plain, items = items_of(text).plain, items_of(text).found
    found: dict[str, dict[str, Context]] = {}
    for kind in {i.kind for i in items}:
        same = [i for i in items if i.kind == kind]
        names = found.setdefault(kind, {})
        for item, words in zip(same, _words_round(plain, same, items), strict=True):
            names[item.name] = names.get(item.name, _NOWHERE) | words
    return found


def _words_round(plain: str, same: Sequence[Item], items: Sequence[Item]) -> Iterator[Context]:
    """For each item of one kind the words of its part, of some kinds only up to the next item of the kind.

    A part that has none but names and numbers shares the words of those it is joined to: *aspirin and heparin held*.
    """
    parts = _parts(plain, same)
    plain_words = [_bare(plain, p, items) for p in parts]
    for item in same:
        at = next(n for n, p in enumerate(parts) if p.start <= item.start < p.end)
        part = parts[at]
        low, high = _reach(plain, item, part, same)
        near = _tokens(plain, low, high, items, item)
        wide = near | _tokens(plain, part.reach[0], part.start, items, item)
        wide |= _tokens(plain, part.end, part.reach[1], items, item)
        shared = frozenset() if plain_words[at] else _shared(parts, plain_words, at)
        if item.kind.startswith("number") and at and part.joined and not content_stems(plain[part.start : item.start]):
            wide |= _subject(plain, parts[at - 1], same, items, item)
        whole = _tokens(plain, part.start, part.end, items, item) | shared
        yield Context(near, whole, wide | (shared if _is_tight(item) else whole))


def _subject(plain: str, before: _Part, same: Sequence[Item], items: Sequence[Item], itself: Item) -> frozenset[str]:
    """The words before the first of its kind in the part before: in *EF 25% in 2018, 50% in 2021* the EF is both."""
    first = next(i.start for i in same if before.start <= i.start < before.end)
    return _tokens(plain, before.start, first, items, itself)


def _reach(plain: str, item: Item, part: _Part, same: Sequence[Item]) -> tuple[int, int]:
    """From where to where words are an item's: those behind a preposition belong to the item before it."""
    low, high = part.start, part.end
    if _is_tight(item):
        for other in same:
            if part.start <= other.start < part.end and not _adjoin(plain, other, item):
                gap = plain[min(other.end, item.end) : max(other.start, item.start)]
                if other.end <= item.start:
                    low = max(low, item.start if _BEHIND.match(gap) else other.end)
                elif other.start >= item.end:
                    high = min(high, other.start)
    head = plain.rfind(":", low, item.start)
    return (head + 1 if head > 0 else low), high


def _is_tight(item: Item) -> bool:
    return item.kind in _TIGHT or item.kind.startswith("number")


def _adjoin(plain: str, one: Item, other: Item) -> bool:
    """Whether no telling word stands between two items, as in *down to 4 mm from 9 mm*."""
    first, last = sorted((one, other), key=lambda i: i.start)
    return not content_stems(plain[first.end : last.start])


def _shared(parts: Sequence[_Part], plain_words: Sequence[frozenset[str]], at: int) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for step in (-1, 1):
        n = at
        while 0 <= n + step < len(parts) and parts[n if step < 0 else n + step].joined:
            n += step
            if plain_words[n]:
                found |= plain_words[n]
                break
    return found


def _parts(plain: str, same: Sequence[Item]) -> list[_Part]:
    """The parts of a text that hold an item each or more."""
    bounds = [m for m in _BOUND.finditer(plain) if not any(i.start < m.end() and m.start() < i.end for i in same)]
    ends = [(0, False), *((m.end(), not _ALWAYS.fullmatch(m.group())) for m in bounds), (len(plain), False)]
    parts: list[_Part] = []
    waiting: int | None = None
    for (start, joined), (end, _) in pairwise(ends):
        if any(start <= i.start < end for i in same):
            parts.append(_Part(start, end, joined, (start if waiting is None or not joined else waiting, end)))
            waiting = None
        else:
            if joined and parts and parts[-1].reach[1] == start:
                last = parts[-1]
                parts[-1] = _Part(last.start, last.end, last.joined, (last.reach[0], end))
            waiting = start if waiting is None or not joined else waiting
    return parts


def _bare(plain: str, part: _Part, items: Sequence[Item]) -> frozenset[str]:
    """The words of a part that belong to no item."""
    return frozenset(content_stems(_blank(plain, part.start, part.end, items))) - _SAYS_LITTLE


def _blank(plain: str, low: int, high: int, items: Sequence[Item]) -> str:
    kept = list(plain[low:high])
    for item in items:
        if low <= item.start < high:
            kept[item.start - low : item.end - low] = " " * (min(item.end, high) - item.start)
    return "".join(kept)


def _tokens(plain: str, low: int, high: int, items: Sequence[Item], itself: Item) -> frozenset[str]:
    """Words by their stems, and other items by kind and name, which two spellings have in common."""
    before, after = plain[low : min(high, itself.start)], plain[max(low, itself.end) : high]
    found = set(content_stems(before)) | set(content_stems(after))
    for item in items:
        if low <= item.start < high and item.kind != itself.kind:
            found.add(f"{item.kind.split()[0]}={item.name}")
    return frozenset(w for w in found if len(w) > 1) - _SAYS_LITTLE
