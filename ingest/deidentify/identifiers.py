"""What a detector finds, and the seam for a stronger one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from extraction.gated import Gated


class IdentifierKind(StrEnum):
    """Kinds of identifier, after the list of HIPAA's safe harbor (45 CFR 164.514(b)(2))."""

    NAME = "name"
    PLACE = "place"
    BIRTH_DATE = "birth_date"
    AGE = "age"
    PHONE = "phone"
    EMAIL = "email"
    SSN = "ssn"
    MRN = "mrn"
    MEMBER = "member"
    ACCOUNT = "account"
    LICENCE = "licence"
    VEHICLE = "vehicle"
    DEVICE = "device"
    URL = "url"
    IP = "ip"
    BIOMETRIC = "biometric"
    IMAGE = "image"
    CODE = "code"

    @property
    def mask(self) -> str:
        """What stands in a note instead."""
        return f"[{self.value.upper().replace('_', ' ')}]"


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier: a half-open range of code points."""

    start: int
    end: int
    kind: IdentifierKind


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern whose group `value` is an identifier.

    `triggers` are lower-case strings of which a text must hold one for the pattern to be tried at all: looking for them
    costs a hundredth of running the pattern. Without triggers it is tried wherever it may match.
    """

    kind: IdentifierKind
    triggers: tuple[str, ...]
    pattern: Gated

    def find(self, text: str, lowered: str) -> Iterator[tuple[int, int]]:
        """The ranges of the group `value`; `lowered` is the text in lower case."""
        if not self.pattern.may_match(text):
            return
        for trigger in self.triggers:
            if trigger in lowered:
                break
        else:
            if self.triggers:
                return
        for found in self.pattern.finditer(text):
            yield found.span("value")


class Detector(Protocol):
    """Finds identifiers in a text. Implement this to put a stronger detector in the pattern-based one's place.

    `version` changes whenever the same text would be masked differently: notes are then de-identified anew.
    """

    @property
    def version(self) -> str:
        """Which rules these are, as a word of the implementer's choice."""
        ...

    def detect(self, text: str) -> list[Identifier]:
        """All identifiers, in the order of the text, none overlapping another."""
        ...


def without_overlaps(found: Iterable[Identifier]) -> list[Identifier]:
    """Join overlapping identifiers into one, which has the kind of the longest."""
    joined: list[Identifier] = []
    longest = 0
    for one in sorted(found, key=lambda i: (i.start, -i.end)):
        if not joined or one.start >= joined[-1].end:
            joined.append(one)
            longest = one.end - one.start
            continue
        kind = joined[-1].kind
        if one.end - one.start > longest:
            kind, longest = one.kind, one.end - one.start
        joined[-1] = Identifier(joined[-1].start, max(joined[-1].end, one.end), kind)
    return joined
