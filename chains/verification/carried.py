"""What the cited words stand for: other words for them, what they shorten, and everyday words that say nothing new."""

import re
from functools import cache, lru_cache

from chains.verification.claim import Claim
from chains.verification.items import items_of
from chains.verification.reading import (
    bare_stem,
    carried_by,
    cited_reading,
    content_stems,
    reading_of,
    spelled_out,
    table,
)
from chains.verification.spelled import in_figures
from chains.wording import STOPWORDS, stem, word_spans

_SHORT = re.compile(r"(?<![\w'’])([A-Za-z]{2,6})(?![\w'’])")
_LEAST_BEGINNING = 3
_MOST_WORDS = 6


def known_stems(claim: Claim) -> frozenset[str]:
    """Stems that the cited words hold, that stand for one of them, or that one of them shortens."""
    cited = claim.contexts
    spelled = spelled_stems(claim.text, cited)
    return carried_by(cited_reading(claim).stems | implied_stems(cited)) | _named(cited) | spelled


def says_something_new(word: str, known: frozenset[str]) -> bool:
    """Whether a lower-case word is neither carried nor an everyday one."""
    root = bare_stem(word)[0]
    return {root, stem(word)}.isdisjoint(known | plain_stems()) and word not in STOPWORDS and in_figures(word) == word


@lru_cache(maxsize=4096)
def implied_stems(text: str) -> frozenset[str]:
    """Stems of what may be said because of a word: `hyperkalemia` tells of potassium."""
    said = {w for w, _, _ in word_spans(text)} | {w for w, _, _ in word_spans(spelled_out(text))}
    return frozenset(s for w in said & _implied().keys() for s in content_stems(_implied()[w]))


@cache
def _implied() -> dict[str, str]:
    return dict(table("implied"))


@cache
def plain_stems() -> frozenset[str]:
    """Stems of everyday words."""
    return frozenset(stem(word) for row in table("plain") for word in row.split())


@lru_cache(maxsize=4096)
def spelled_stems(text: str, cited: str) -> frozenset[str]:
    """Stems of the words of the text that something in the cited words is short for.

    `IOP` is short for *intraocular pressure*: each word's first letter, and letters within a word in their order.
    `osteo` is short for *osteomyelitis*: its beginning. A pair of letters is short for two words, not for one.
    """
    words = [(w, stem(w)) for w, _, _ in word_spans(spelled_out(text)) if w not in STOPWORDS and not w[0].isdigit()]
    shorts = {m[1] for m in _SHORT.finditer(cited) if m[1].lower() not in STOPWORDS}
    found: set[str] = set()
    for short in shorts:
        lowered = short.lower()
        if len(short) >= _LEAST_BEGINNING:
            found.update(root for word, root in words if len(word) > len(short) + 1 and word.startswith(lowered))
        if short.isupper() or lowered not in _plain_words():
            for at in range(len(words)):
                for count in range(1, min(_MOST_WORDS, len(lowered), len(words) - at) + 1):
                    if (count > 1 or len(short) > 2) and _spells(lowered, [w for w, _ in words[at : at + count]]):
                        found.update(root for _, root in words[at : at + count])
    return frozenset(found)


@cache
def _plain_words() -> frozenset[str]:
    return frozenset(word for row in table("plain") for word in row.split())


def _spells(short: str, words: list[str]) -> bool:
    """Whether the letters are the words' first ones, with some from within each word between them."""
    if not words:
        return not short
    if not short or words[0][0] != short[0]:
        return False
    at, taken = 0, 1
    while True:
        if _spells(short[taken:], words[1:]):
            return True
        if taken >= len(short):
            return False
        at = words[0].find(short[taken], at + 1)
        if at < 0:
            return False
        taken += 1


@lru_cache(maxsize=4096)
def _named(text: str) -> frozenset[str]:
    """Stems of the names of what a text speaks of: `Cr` of *creatinine*."""
    names = {i.name for i in items_of(text).found if not i.kind.startswith(("number", "date", "frequency", "side"))}
    names |= {name for _, name in reading_of(text).named}
    return frozenset(s for name in names for s in content_stems(name))
