"""What goes into the timeline and what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal, TypeAlias

from core.records import Fact, FactKind, SectionKind

State: TypeAlias = Literal[
    "current", "changed", "held", "stopped", "resolved", "possible", "denied", "conflict", "historical"
]
"""What is true now.

`current` holds; `changed` holds with another dose or value than before; `held` is paused; `stopped` and `resolved` are
over; `possible` was never confirmed; `denied` was only ever denied; `conflict` is stated both ways, the later statement
not settling it; `historical` is past, or was given once, or was short-lived and is long ago.
"""

_COPY_WORDS = 9
_COPY_DAYS = 45


@lru_cache(maxsize=8192)
def _levelled(text: str) -> str:
    return " ".join(text.lower().split())


@lru_cache(maxsize=8192)
def _day(charted_at: str) -> date | None:
    try:
        return date.fromisoformat(charted_at[:10])
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class TimedFact:
    """A fact with its note's time and type, its sentence and the kind of section that this stands in.

    By the sentence's `text` copied-forward text is recognised; `sentence_start` is its offset in the note, None where
    that is not known. `encounter_id` is the encounter of its note where the source names one.
    """

    fact: Fact
    charted_at: str | None
    note_type: str
    text: str = ""
    section: SectionKind = SectionKind.OTHER
    sentence_start: int | None = None
    encounter_id: str | None = None

    @property
    def ahead(self) -> str:
        """The words of the sentence before the fact, "" where its place is not known."""
        return "" if self.sentence_start is None else self.text[: self.fact.start - self.sentence_start]

    @property
    def when(self) -> str:
        """A string that sorts by time; undated notes come first."""
        return self.charted_at or ""

    @property
    def day(self) -> date | None:
        """The day, None where the note has none."""
        return _day(self.charted_at) if self.charted_at else None

    @property
    def wording(self) -> str:
        """The sentence with white space and case levelled."""
        return _levelled(self.text)

    @property
    def is_prose(self) -> bool:
        """Whether the sentence is so long that finding it again means that it was copied."""
        return len(self.text.split()) >= _COPY_WORDS


@dataclass(frozen=True, slots=True)
class ResolvedFact:
    """What the mentions of one fact amount to.

    `latest` is the newest mention that states the present state in full, `previous` the newest with a different dose or
    value (or the other side of a conflict), `first` the earliest. `mentions` holds each wording once, oldest first.
    `in_passing` marks a problem that is only ever named beside something else: as the reason for a change of a drug, as
    a finding of an examination or a study. It is told where that is told, and is no entry of a problem list.
    """

    kind: FactKind
    name: str
    state: State
    latest: TimedFact
    previous: TimedFact | None
    first: TimedFact
    mentions: tuple[TimedFact, ...]
    in_passing: bool = False


def in_order(facts: Sequence[TimedFact]) -> list[TimedFact]:
    """By time, then as given, the facts of one note in the order of its text; undated ones first."""
    notes = {note_id: i for i, note_id in enumerate(dict.fromkeys(f.fact.note_id for f in facts))}
    return sorted(facts, key=lambda f: (f.when, notes[f.fact.note_id], f.fact.start))


def without_copies(facts: Sequence[TimedFact]) -> list[TimedFact]:
    """Drop prose that stood in a note of the last weeks word for word: a copy is no news.

    After longer than that the same words are taken for a statement of their own, and so they are on the same day: the
    discharge summary tells the morning's values as the progress note did.
    """
    last: dict[tuple[str, str], TimedFact] = {}
    kept = []
    for fact in facts:
        key = (fact.fact.name, fact.wording)
        before = last.get(key)
        last[key] = fact
        elsewhere = before is not None and before.fact.note_id != fact.fact.note_id
        if not (before and elsewhere and fact.is_prose and _is_copied(before, fact)):
            kept.append(fact)
    return kept


def _is_copied(before: TimedFact, fact: TimedFact) -> bool:
    same_day = before.day is not None and before.day == fact.day and fact.fact.kind is FactKind.RESULT
    return not same_day and days_before(before, fact) <= _COPY_DAYS


def distinct(facts: Sequence[TimedFact]) -> tuple[TimedFact, ...]:
    """Each wording once by its first appearance, and the latest appearance of a repeated one behind it."""
    first: dict[tuple[str, str], TimedFact] = {}
    last: dict[tuple[str, str], TimedFact] = {}
    for position, fact in enumerate(facts):
        key = (fact.fact.name, fact.wording or str(position))
        first.setdefault(key, fact)
        last[key] = fact
    kept = {id(f) for f in (*first.values(), *last.values())}
    return tuple(f for f in facts if id(f) in kept)


def days_before(fact: TimedFact, now: TimedFact) -> int:
    """Days from a mention to the newest one of the chart; 0 where either has no date."""
    return (now.day - fact.day).days if now.day and fact.day else 0
