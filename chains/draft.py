"""A statement on its way: what was written for a group, by whom, and what the checks said."""

from dataclasses import dataclass, field

from chains.evidence import Group
from core.records import Statement, Usage

UNAVAILABLE = "model_unavailable"
PROMPT_TOO_LONG = "prompt_too_long"
CUT_OFF = "cut_off"


@dataclass(frozen=True, slots=True)
class Draft:
    """Text for one group, not yet checked.

    `cited` are the evidence ids the writer claims, `model` the name of the model that wrote it ("" where code did),
    and `trouble` says why a model gave no usable text. `raw` is the model's answer as it came, kept for replay.
    """

    group: Group
    text: str
    cited: tuple[str, ...]
    model: str = ""
    trouble: str = ""
    usage: Usage = field(default_factory=Usage)
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be shown for a group: a statement that passed, or None when it is withheld.

    `model` names the model that wrote the statement, "" where code did or the chart is quoted. `reasons` are the
    codes of the checks that refused earlier attempts, in order, and `drafts` the attempts themselves.
    """

    group: Group
    statement: Statement | None
    model: str = ""
    reasons: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    drafts: tuple[Draft, ...] = ()
