"""General words for groups of facts: *kidney function* is answered by a creatinine, *blood thinners* by apixaban."""

from dataclasses import dataclass
from functools import cache

from extraction.lexicon import load
from extraction.words import Phrases, Words


@dataclass(frozen=True, slots=True)
class Topic:
    """What answers a general word: canonical names of facts, and phrases of sentences that answer as well."""

    name: str
    names: frozenset[str]
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TopicMention:
    """A topic at characters `start:end` of a text."""

    topic: Topic
    start: int
    end: int


def find_topics(text: str) -> tuple[TopicMention, ...]:
    """The topics a text asks about, in order, the longest phrase first."""
    return tuple(TopicMention(m.value, m.start, m.end) for m in _asked().find(Words.of(text)))


@cache
def _asked() -> Phrases[Topic]:
    pairs = []
    for name, entry in load("topics").items():
        topic = Topic(name, frozenset(_listed(entry["names"])), tuple(_listed(entry["words"])))
        pairs += [(phrase, topic) for phrase in _listed(entry["asked"])]
    return Phrases(pairs)


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")]
