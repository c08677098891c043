"""Mutants made by program from a true statement, kept only where they are surely false."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chains.evidence import Evidence
from extraction.timeline import ResolvedFact
from mlops.evaluation.mutations.assertions import ASSERTIONS
from mlops.evaluation.mutations.exchanges import drug_swapped, swapped
from mlops.evaluation.mutations.operators import QUANTITIES
from mlops.evaluation.mutations.trial import Origin, Trial

_SWAPPED = (
    "side", "site", "trend", "severity", "route", "frequency", "action_swap", "measure_swap", "problem_swap", "gender",
)  # fmt: skip
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_QUANTITATIVE = frozenset({"number", "magnitude", "dose", "duration", "date"})


@dataclass(frozen=True, slots=True)
class TrueStatement:
    """A statement that its evidence supports, of which mutants are made."""

    unit: str
    origin: Origin
    text: str
    cited: tuple[Evidence, ...]
    resolved: tuple[ResolvedFact, ...] = ()

    @property
    def cited_text(self) -> str:
        """All cited words."""
        return " ".join(evidence.text for evidence in self.cited)

    def trial(self) -> Trial:
        """The statement itself, to be let pass."""
        return Trial(
            f"{self.unit}/true", self.unit, self.origin, "original", False, self.text, self.cited, self.resolved
        )


def errors_in(text: str) -> Iterator[tuple[str, str]]:
    """Every error that the operators put into a text: its type, and the text with it."""
    for error, operator in (*QUANTITIES, *ASSERTIONS):
        for changed in operator(text):
            yield error, changed
    for error in _SWAPPED:
        for changed in swapped(error, text):
            yield error, changed
    for changed in drug_swapped(text):
        yield "drug_swap", changed


def mutants_of(true: TrueStatement, told: Iterable[tuple[str, str]]) -> Iterator[Trial]:
    """The wrong versions `told` (type, text) of a true statement, each once.

    Dropped are those that say the same, and those whose new number stands in the cited words: they may be true.
    """
    seen = {level(true.text), level(true.cited_text)}
    for number, (error, text) in enumerate(told, 1):
        if level(text) in seen or (error in _QUANTITATIVE and not _is_new(true, text)):
            continue
        seen.add(level(text))
        yield Trial(
            f"{true.unit}/m{number}", true.unit, true.origin, error, True, text, true.cited, true.resolved, true.text
        )


def _is_new(true: TrueStatement, text: str) -> bool:
    """Whether the mutant has a number, or a number word, that the cited words do not."""
    old, new = _quantities(true.cited_text), _quantities(text)
    return bool(new - old - _quantities(true.text))


def _quantities(text: str) -> set[str]:
    words = re.findall(r"\b(?:two|three|four|five|six|seven|eight|nine|ten)\b", text.lower())
    times = re.findall(r"\b(?:hour|day|week|month|year)s?\b", text.lower())
    return {n.replace(",", "") for n in _NUMBER.findall(text)} | set(words) | {t.rstrip("s") for t in times}


def level(text: str) -> str:
    """The text with case, white space and closing marks levelled."""
    return " ".join(text.lower().split()).rstrip(".;, ")


def units_of(trials: Sequence[Trial]) -> set[str]:
    """The statements that trials were made from."""
    return {trial.unit for trial in trials}
