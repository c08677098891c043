"""How a summary came about, for replay: the request, the settings, and what a model said for each group."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from core.records.summary import PromptRef, SummaryRequest, Usage

AttemptKind: TypeAlias = Literal["draft", "repair"]


@dataclass(frozen=True, slots=True)
class WritingSettings:
    """What shapes the words of a summary beside its evidence; no secret is among it.

    `policy` is how statements are written ("extractive" where no model was configured). `model` is the name that was
    asked for, "" for the first one a server lists.
    """

    policy: str
    model: str
    adapter: str
    max_tokens: int
    temperature: float
    repair_temperature: float
    prompt: PromptRef


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing a model said: `raw` as it came, `trouble` where that was no usable text.

    `model` is the name of the model that answered, "" where none did. `raw` holds a patient's text.
    """

    kind: AttemptKind
    model: str
    trouble: str
    usage: Usage
    raw: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GroupTrace:
    """What became of one group of evidence.

    `evidence` is a digest of the places in the chart it holds, which tells it from the other groups of its section.
    `reasons` are the codes of the checks that refused, in order; `attempts` are empty where no model was asked.
    """

    section: str
    index: int
    evidence: str
    reasons: tuple[str, ...]
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """All that a summary was made from, beside the chart. Groups stand in reading order."""

    request: SummaryRequest = field(repr=False)
    model_ready: bool
    settings: WritingSettings
    template: PromptRef
    groups: tuple[GroupTrace, ...]
