"""Facts stated in notes."""

from dataclasses import dataclass
from enum import StrEnum


class FactKind(StrEnum):
    """The kinds of fact that are looked for in every sentence at ingest."""

    DRUG = "drug"
    ALLERGY = "allergy"
    PROBLEM = "problem"
    RESULT = "result"
    CODE_STATUS = "code_status"
    DEVICE = "device"


class Assertion(StrEnum):
    """How the sentence asserts the fact, after ConText (Harkema et al. 2009)."""

    PRESENT = "present"
    NEGATED = "negated"
    POSSIBLE = "possible"
    HISTORICAL = "historical"
    HYPOTHETICAL = "hypothetical"
    FAMILY = "family"


class Action(StrEnum):
    """What the sentence says is being done with it; NONE where it only mentions it."""

    NONE = ""
    STARTED = "started"
    CONTINUED = "continued"
    CHANGED = "changed"
    HELD = "held"
    STOPPED = "stopped"
    RESOLVED = "resolved"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Fact:
    """One mention of a fact.

    `name` is canonical and lower-case ("lisinopril", "heart failure", "creatinine", "dnr",
    and "none" for an allergy list that says there are none). `start:end` spans the words
    that state it, attributes included, within sentence `sentence` of the note.
    Attributes are the author's words with white space collapsed, "" where absent.
    """

    kind: FactKind
    name: str
    note_id: str
    sentence: int
    start: int
    end: int
    assertion: Assertion = Assertion.PRESENT
    action: Action = Action.NONE
    dose: str = ""
    route: str = ""
    frequency: str = ""
    reaction: str = ""
    value: str = ""
    unit: str = ""
