"""Trials put to a verifier, and what came of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chains.evidence import Evidence
from chains.verification import Claim, Refusal
from mlops.evaluation.mutations.trial import Trial

FirstRefusal: TypeAlias = Callable[[Claim], Refusal | None]
Supports: TypeAlias = Callable[[tuple[Evidence, ...]], bool]
FindSupport: TypeAlias = Callable[[str, Sequence[Evidence], Supports], tuple[Evidence, ...] | None]
"""The evidence of a closed set that supports a text, None where none does."""


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
    refusal = first_refusal(Claim(trial.text, trial.cited, resolved=trial.resolved))
    return refusal.code if refusal else ""


@dataclass(frozen=True, slots=True)
class Mended:
    """A statement under a wrong citation, and what a search of the closed set found for it instead."""

    trial: Trial
    found: tuple[Evidence, ...]

    @property
    def rightly(self) -> bool:
        """Whether what was found holds some of what it ought to cite."""
        return not set(self.found).isdisjoint(self.trial.right)

    @property
    def wrongly(self) -> bool:
        """Whether it was given only evidence that does not carry it."""
        return bool(self.found) and not self.rightly


def mend(trials: Iterable[Trial], first_refusal: FirstRefusal, find_support: FindSupport) -> Iterator[Mended]:
    """Search what is cited and what should be, together, for the support of each trial under a wrong citation."""
    for trial in trials:
        if trial.right:
            yield Mended(trial, find_support(trial.text, _pool(trial), _supports(trial, first_refusal)) or ())


def _pool(trial: Trial) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys((*trial.cited, *trial.right)))


def _supports(trial: Trial, first_refusal: FirstRefusal) -> Supports:
    return lambda cited: first_refusal(Claim(trial.text, cited, resolved=trial.resolved)) is None
