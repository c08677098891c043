"""Trials put to a verifier, and what came of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from chains.verification import Claim, Refusal
from mlops.evaluation.mutations.trial import Trial

FirstRefusal: TypeAlias = Callable[[Claim], Refusal | None]


@dataclass(frozen=True, slots=True)
class Judged:
    """A trial with the code it was refused for, "" where it passed."""

    trial: Trial
    code: str

    @property
    def refused(self) -> bool:
        """Whether any check refused it."""
        return bool(self.code)

    @property
    def right(self) -> bool:
        """Whether the false was refused, or the faithful let pass."""
        return self.refused == self.trial.false


def judge(trials: Iterable[Trial], first_refusal: FirstRefusal) -> tuple[Judged, ...]:
    """Ask `first_refusal` about every trial, with what it cites."""
    return tuple(Judged(trial, _code(trial, first_refusal)) for trial in trials)


def _code(trial: Trial, first_refusal: FirstRefusal) -> str:
    refusal = first_refusal(Claim(trial.text, trial.cited))
    return refusal.code if refusal else ""
