"""A trial: one statement with what it cites, and whether a verifier ought to refuse it."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from chains.evidence import Evidence
from extraction.timeline import ResolvedFact

Origin: TypeAlias = Literal["written", "ledger_a", "ledger_b", "aci_bench"]
Split: TypeAlias = Literal["dev", "test"]

DEVELOPMENT = "development/"
"""How the name of a unit begins that was written for the development split."""

_DEV_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Trial:
    """One statement put to the verifier.

    `false` says that it must be refused. `label` is its error type, or the degree of a faithful restatement. `unit` is
    the case or sentence it was made from. `resolved` is what the whole chart says, for checks of currency; `original`
    the true statement that a mutant was made of, "" where there is none; `right` the evidence that a statement under a
    wrong citation should have cited.
    """

    trial_id: str
    unit: str
    origin: Origin
    label: str
    false: bool
    text: str = field(repr=False)
    cited: tuple[Evidence, ...] = field(repr=False)
    resolved: tuple[ResolvedFact, ...] = field(default=(), repr=False)
    original: str = field(default="", repr=False)
    right: tuple[Evidence, ...] = field(default=(), repr=False)

    @property
    def split(self) -> Split:
        """`dev` for units written for it, and for three in ten of the others by a hash of the unit.

        Texts of that split may be read by who builds the checks.
        """
        return "dev" if self.unit.startswith(DEVELOPMENT) or _fraction(self.unit) < _DEV_SHARE else "test"


def sample(trials: Iterable[Trial], *, each: int, key: Callable[[Trial], str]) -> tuple[Trial, ...]:
    """At most `each` trials of every key, chosen by a hash of their id, in the order of their ids."""
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(key(trial), []).append(trial)
    kept = [t for group in groups.values() for t in sorted(group, key=lambda t: _fraction(t.trial_id))[:each]]
    return tuple(sorted(kept, key=lambda t: t.trial_id))


def _fraction(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48
