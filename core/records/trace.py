"""How a summary came about, for replay: the request, the settings, and what a model said for each group."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from core.records.summary import PromptRef, SummaryRequest, Usage

Writer: TypeAlias = Literal["extractive", "compress", "compose"]
Strictness: TypeAlias = Literal["close", "free"]
AttemptKind: TypeAlias = Literal["compose", "draft", "repair"]


@dataclass(frozen=True, slots=True)
class WritingSettings:
    """What shapes the words of a summary beside its evidence; no secret is among it.

    `writer` is how statements are written: by `compress` or `compose`, or `extractive` where no model was configured;
    `strictness` is how far they may leave the chart's words. `model` is the name that was asked for, "" for the first
    one a server lists.
    """

    writer: Writer
    strictness: Strictness
    model: str
    adapter: str
    max_tokens: int
    temperature: float
    repair_temperature: float
    prompt: PromptRef


@dataclass(frozen=True, slots=True)
class Attempt:
    """One question to a model and what it said: `raw` as it came, `trouble` where there was no answer.

    `evidence` is a digest of the places in the chart that the question was about, and `model` the name of the model
    that answered, "" where none did. `cut_off` says that the answer ended where its tokens did, not where it meant to.
    `raw` holds a patient's text.
    """

    section: str
    kind: AttemptKind
    evidence: str
    model: str
    trouble: str
    usage: Usage
    raw: str = field(repr=False)
    cut_off: bool = False


@dataclass(frozen=True, slots=True)
class GroupTrace:
    """What became of one group of evidence, which is one statement or none.

    `evidence` is a digest of the places in the chart it holds. `reasons` are the codes of the checks that refused, in
    order.
    """

    section: str
    index: int
    evidence: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """All that a summary was made from, beside the chart.

    Groups stand in reading order, attempts in an order that does not depend on when the model answered.
    """

    request: SummaryRequest = field(repr=False)
    model_ready: bool
    settings: WritingSettings
    template: PromptRef
    groups: tuple[GroupTrace, ...]
    attempts: tuple[Attempt, ...]
