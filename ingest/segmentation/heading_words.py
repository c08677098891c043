"""What a heading is about, by the words that it is put together from (`heading_words.yaml`)."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import yaml

from core.records import SectionKind

LONGEST = 8
"""Words; a longer line is a sentence."""


# "SocHx" is written as one word.
_HX = re.compile(r"\b([a-z]{3,})hx\b")


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    entries: tuple[tuple[SectionKind, frozenset[str]], ...]
    """The most specific first."""
    words: frozenset[str]


@cache
def _vocabulary() -> _Vocabulary:
    loader = yaml.BaseLoader  # the words "on" and "no" stay words
    data = yaml.load(files(__package__).joinpath("heading_words.yaml").read_text("utf-8"), Loader=loader)  # noqa: S506
    entries = tuple(
        (SectionKind(kind), frozenset(entry.split()))
        for group in data["kinds"]
        for kind, listed in group.items()
        for entry in listed
    )
    return _Vocabulary(entries, frozenset(data["others"]).union(*(words for _, words in entries)))


@lru_cache(maxsize=4096)
def kind_of_words(key: str) -> SectionKind | None:
    """The kind of a heading all of whose words are words of headings, such as "hx since prior visit"; else None.

    `key` is in lower case and without punctuation.
    """
    known = _vocabulary().words
    apart = " ".join(word if word in known else _HX.sub(r"\1 hx", word) for word in key.split())
    return kind_within_words(apart) if known.issuperset(apart.split()) else None


def kind_within_words(key: str) -> SectionKind | None:
    """The kind that some of the words name, whatever the others say; None where none does or they are too many."""
    tokens = frozenset(key.split())
    if len(key.split()) > LONGEST:
        return None
    return next((kind for kind, entry in _vocabulary().entries if entry <= tokens), None)
