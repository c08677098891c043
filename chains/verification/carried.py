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
from core.records import SectionKind

_SHORT = re.compile(r"(?<![\w'’])([A-Za-z]{2,6})(?![\w'’])")
_LEAST_BEGINNING = 3
_MOST_WORDS = 6
_LEAST_ROOT = 6
_SHARE_OF_ROOT = 0.75
_VOWELS = frozenset("aeiouy")
_OF_ALLERGIES = frozenset(content_stems("allergic allergy allergies reaction intolerance causes"))
_LESS, _MORE = "smaller less fell shrank shrunk decreased", "larger bigger more grown rose increased"
# What a cited pattern says in other words.
_SAID = (
    (re.compile(r"\bS(?: to|:)\s"), "sensitive susceptible"),
    (re.compile(r"\bR(?: to|:)\s"), "resistant"),
    (
        re.compile(r"\b(?:decreas|diminish|shr[aiu]nk|small)\w*|\bdown\b", re.IGNORECASE),
        "smaller less fell shrank shrunk decreased",
    ),
    (
        re.compile(r"\b(?:increas|grow|grew|large|enlarg)\w*|\bup\b", re.IGNORECASE),
        "larger bigger more grown rose increased",
    ),
    (re.compile(r"\d\s?cm\b|\d\s?mm\b", re.IGNORECASE), "measures measuring size"),
)


def known_stems(claim: Claim) -> frozenset[str]:
    """Stems that the cited words hold, that stand for one of them, or that one of them shortens."""
    return carried_by(cited_reading(claim).stems) | named_stems(claim)


def named_stems(claim: Claim) -> frozenset[str]:
    """Stems for which a cited word is short or that it implies, and those of other names of what is cited."""
    text, cited = claim.text, claim.contexts
    found = implied_stems(cited) | _named(cited) | spelled_stems(text, cited) | _same_names(text, cited)
    found |= shortened_stems(text, cited)
    return found | _OF_ALLERGIES if any(e.kind is SectionKind.ALLERGIES for e in claim.cited) else found


def says_something_new(word: str, known: frozenset[str]) -> bool:
    """Whether a lower-case word is neither carried nor an everyday one."""
    root = bare_stem(word)[0]
    if word in STOPWORDS or in_figures(word) != word:
        return False
    if any(form in known or form in plain_stems() for form in (root, stem(word))):
        return False
    return not any(_is_of_one_root(root, other) for other in known if other[:1] == root[:1])


def _is_of_one_root(one: str, other: str) -> bool:
    """Whether two stems begin alike for most of their length, as those of *ischemic* and *ischemia* do."""
    shared = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return shared >= _LEAST_ROOT and shared >= _SHARE_OF_ROOT * min(len(one), len(other))


@lru_cache(maxsize=4096)
def implied_stems(text: str) -> frozenset[str]:
    """Stems of what may be said because of a word: `hyperkalemia` tells of potassium."""
    said = {w for w, _, _ in word_spans(text)} | {w for w, _, _ in word_spans(spelled_out(text))}
    found = {s for w in said & _implied().keys() for s in content_stems(_implied()[w])}
    found.update(s for pattern, words in _SAID if pattern.search(text) for s in content_stems(words))
    return frozenset(found)


@lru_cache(maxsize=4096)
def _same_names(text: str, cited: str) -> frozenset[str]:
    """Stems of the words by which the text names what the cited words name in another way: *ovarian*, *ovary*."""
    reading, known = reading_of(text), reading_of(cited).named
    return frozenset(
        s for c in reading.concepts if (c.group, c.name) in known for s in content_stems(reading.plain[c.start : c.end])
    )


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
    shorts |= {short[:-1] for short in shorts if len(short) > 2 and short.endswith("s")}
    found: set[str] = set()
    for short in shorts:
        lowered = short.lower()
        if len(short) >= _LEAST_BEGINNING:
            found.update(root for word, root in words if len(word) > len(short) + 1 and word.startswith(lowered))
        capitals = sum(c.isupper() for c in short) > 1
        most = _MOST_WORDS if capitals else (1 if _VOWELS.isdisjoint(lowered) else 0)
        for at in range(len(words)):
            for count in range(1, min(most, len(lowered), len(words) - at) + 1):
                if (count > 1 or len(short) > 2) and _spells(
                    lowered, [w for w, _ in words[at : at + count]], count < 3
                ):
                    found.update(root for _, root in words[at : at + count])
    return frozenset(found)


@lru_cache(maxsize=4096)
def shortened_stems(text: str, cited: str) -> frozenset[str]:
    """Stems of all that an abbreviation of the text may mean, where its letters begin words of the cited sentences."""
    initials = "".join(word[0] for word, _, _ in word_spans(cited))
    found: set[str] = set()
    for match in _SHORT.finditer(text):
        if match[1].isupper() and match[1].lower() in initials:
            found.update(content_stems(match[1]), content_stems(spelled_out(match[1])))
    return frozenset(found)


def _spells(short: str, words: list[str], behind_vowels: bool) -> bool:
    """Whether the letters are the words' first ones, with some from within a word between them."""
    if not words:
        return not short
    if not short or words[0][0] != short[0]:
        return False
    at, taken = 0, 1
    while True:
        if _spells(short[taken:], words[1:], behind_vowels):
            return True
        if taken >= len(short):
            return False
        at = words[0].find(short[taken], at + 1)
        while behind_vowels and at > 0 and words[0][at - 1] not in _VOWELS:
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
