"""A text as its reader sees it: without hidden characters and with lookalike letters levelled, and the way back.

Names are looked up in this form, so that neither `peni<zero width space>cillin` nor a Cyrillic `а` in `wаrfarin` hides
a drug or an allergy. Every character keeps its place in the stored text.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from extraction.lexicon import allergen_phrases
from extraction.words import Words

HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""A character class (inside brackets) of what takes no room on the page: joiners, direction marks, tags, selectors."""

_LOOKALIKES = dict(
    zip(
        "аеорсухіјѕԁһԛԝӏАВЕКМНОРСТУХІЈЅԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧοɑɡօսհⅰⅼⅽⅾⅿ",
        "aeopcyxijsdhqwlABEKMHOPCTYXIJSQWABEZHIKMNOPTYXoagouhilcdm",
        strict=True,
    )
)
_STYLED = "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff\u2102-\u2134\u24b6-\u24e9\U0001f130-\U0001f149"
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_ACCENTED = "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e\u0180-\u024f\u1e00-\u1eff"
_DIGITS = "\u0660-\u0669\u06f0-\u06f9\u07c0-\u07c9\u0966-\u096f\u09e6-\u09ef\u0e50-\u0e59"
_ODD = re.compile(f"[{HIDDEN}{_STYLED}{_MARKS}{_ACCENTED}{_DIGITS}{''.join(_LOOKALIKES)}]")
_SKIPPED = re.compile(f"[{HIDDEN}]|(?<=[A-Za-z])[{_MARKS}]+|(?<=[{_MARKS}])[{_MARKS}]+")
_STYLE = re.compile(f"[{_STYLED}]")
_DIGIT = re.compile(f"[{_DIGITS}]")
_HAS_ACCENTS = re.compile(f"[{_ACCENTED}]")
_SHORTEST_NAME, _LONGEST_NAME = 5, 40
_LETTERS = re.compile(r"[^\W\d_]+")
_OTHER_SCRIPT = re.compile(f"(?![{''.join(_LOOKALIKES)}])[\u0370-\u052f]")


@dataclass(frozen=True, slots=True)
class Readable:
    """`text` as read; character `i` of it is character `places[i]` of the stored text, `None` where both are equal."""

    text: str
    places: tuple[int, ...] | None = None

    def stored(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of the stored text for `start:end` of this one; hidden characters at its ends left off."""
        if self.places is None:
            return start, end
        if start >= end:
            at = self.places[start] if start < len(self.places) else (self.places[-1] + 1 if self.places else 0)
            return at, at
        return self.places[start], self.places[end - 1] + 1


def readable(text: str) -> Readable:
    """Drop what cannot be seen (and marks stacked on plain letters), and level letters that only look like Latin ones.

    Cyrillic and Greek letters are levelled only in words that mix them with Latin ones, or that hold nothing but
    lookalikes in a text without other such letters: Russian stays Russian. Superscripts stay, `10⁹` being no 109.
    Digits of other scripts become ours, and accents go where a drug or an allergen is spelled with them: `wárfarin`.
    """
    if text.isascii() or not _ODD.search(text):
        return Readable(text)
    seen: list[str] = []
    places: list[int] = []
    at = 0
    for gap in _SKIPPED.finditer(text):
        seen.append(text[at : gap.start()])
        places.extend(range(at, gap.start()))
        at = gap.end()
    seen.append(text[at:])
    places.extend(range(at, len(text)))
    plain = _DIGIT.sub(lambda m: str(unicodedata.digit(m.group())), _STYLE.sub(_unstyled, "".join(seen)))
    mixed = _OTHER_SCRIPT.search(plain) is None
    return Readable(_LETTERS.sub(lambda m: _levelled(m.group(), mixed), plain), tuple(places))


def _unstyled(match: re.Match[str]) -> str:
    plain = unicodedata.normalize("NFKC", match.group())
    return plain if len(plain) == 1 and plain.isascii() and plain.isalnum() else match.group()


@lru_cache(maxsize=4096)
def _known_name(word: str) -> str:
    """The word without its accents where only that makes it a name to look up, else as it stands."""
    bare = "".join(unicodedata.normalize("NFD", letter)[0] for letter in word)
    return bare if _is_name(bare) and not _is_name(word) else word


def _is_name(word: str) -> bool:
    return any(match.end - match.start == len(word) for match in allergen_phrases().find(Words.of(word)))


def _levelled(word: str, alone: bool) -> str:
    if word.isascii():
        return word
    level = "".join(_LOOKALIKES.get(letter, letter) for letter in word)
    mixes = any(letter.isascii() for letter in word)
    word = level if mixes or (alone and len(word) > 2 and level.isascii()) else word
    named = _SHORTEST_NAME <= len(word) <= _LONGEST_NAME and _HAS_ACCENTS.search(word)
    return _known_name(word) if named else word


def mixes_scripts(word: str) -> bool:
    """Whether letters of another script stand among the Latin ones that they look like: `wаrfarin` with Cyrillic а."""
    return any(letter in _LOOKALIKES for letter in word) and any(letter.isascii() for letter in word)
