"""Words as checks and ranking compare them."""

import re
from functools import lru_cache
from pathlib import Path

import Stemmer

_WORD = re.compile(r"([^\W_]+(?:['’](?!s\b)[^\W_]+)?)(?:['’]s\b)?")
_STEMMER = Stemmer.Stemmer("english")
LINE_ENDS = " .;,-*•"
STOPWORDS = frozenset((Path(__file__).parent / "stopwords.txt").read_text("utf-8").split())


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The Snowball English stem of a lower-case word: matches *treated* with *treatment*; never changes shown text."""
    return str(_STEMMER.stemWord(word))


def word_spans(text: str) -> list[tuple[str, int, int]]:
    """Lower-case words of a text with their places: numbers included, a possessive *'s* left off."""
    return [(m[1].lower(), m.start(), m.end()) for m in _WORD.finditer(text)]


def words(text: str) -> list[str]:
    """Lower-case words of a text, numbers included."""
    return [word.lower() for word in _WORD.findall(text)]


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning; numbers are left to their own check."""
    return [stem(w) for w in words(text) if w not in STOPWORDS and not w[0].isdigit()]


@lru_cache(maxsize=8192)
def words_and_stems(text: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """`words` and, as a set, `content_words` of a text; every section of a summary asks for those of most sentences."""
    return tuple(words(text)), frozenset(content_words(text))


def bare(text: str) -> str:
    """A text as copies are told by: neither case nor what stands around a line matters."""
    return text.strip(LINE_ENDS).casefold()
