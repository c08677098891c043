"""What an intruder's note may not take away: mentions of doubtful voice held against the rest of the chart.

Whoever wrote an order to a machine into a note may have written what follows it there too, behind an empty line or a
heading as well. What these words add stands like any other statement. What they deny, end or change of what the rest of
the chart says to hold is set apart: it is shown beside that, and takes nothing away.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from core.records import Action, Assertion, Fact, FactKind
from extraction.timeline import ResolvedFact, TimedFact, resolve

SHOWN = frozenset({"current", "changed", "held", "conflict"})
"""States of a fact that a reader is told as one that holds."""
ENDS = frozenset({Action.STOPPED, Action.HELD, Action.RESOLVED, Action.CORRECTED})
NONE = "none"

Place = tuple[str, int]
"""(note_id, ordinal) of a sentence."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """The facts of a chart: `resolved` by those that count, and mentions that only stand beside them.

    `foreign` mentions stand in foreign sentences; `against` are those of doubtful ones that would take something away.
    """

    resolved: tuple[ResolvedFact, ...]
    foreign: tuple[TimedFact, ...] = ()
    against: tuple[TimedFact, ...] = ()

    @property
    def places(self) -> frozenset[Place]:
        """Sentences that would take something away."""
        return frozenset(map(_place, self.against))


def sift(facts: Sequence[TimedFact], foreign: Collection[Place], doubtful: Collection[Place]) -> Sifted:
    """Resolve one patient's facts without those of foreign sentences, and without what doubtful ones take away."""
    own = [f for f in facts if _place(f) not in foreign]
    apart = tuple(f for f in facts if _place(f) in foreign)
    full = resolve(own)
    removing = [f for f in own if _place(f) in doubtful and _may_take_away(f.fact)]
    lost = _lost(resolve(_without(own, removing)), full) if removing else frozenset()
    against = tuple(f for f in removing if _is_against(f.fact, lost))
    return Sifted(resolve(_without(own, against)) if against else full, apart, against)


def status_of(resolved: Iterable[ResolvedFact]) -> ResolvedFact | None:
    """The code status that holds, whatever it is."""
    return next((r for r in resolved if r.kind is FactKind.CODE_STATUS), None)


def _may_take_away(fact: Fact) -> bool:
    """Whether it can end or replace what others state. A new dose or value does not: it is told with the old one."""
    if fact.kind is FactKind.RESULT:
        return False
    if fact.kind is FactKind.CODE_STATUS or fact.name == NONE:
        return True
    return fact.assertion in (Assertion.NEGATED, Assertion.HISTORICAL) or fact.action in ENDS


def _lost(firm: Sequence[ResolvedFact], full: Sequence[ResolvedFact]) -> frozenset[tuple[FactKind, str]]:
    """What is shown as it should be by `firm` and not by `full`."""
    after = {(r.kind, r.name): _standing(r) for r in full}
    return frozenset((r.kind, r.name) for r in firm if r.state in SHOWN and after.get((r.kind, r.name)) != _standing(r))


def _standing(resolved: ResolvedFact) -> str:
    return "current" if resolved.state == "changed" else resolved.state


def _is_against(fact: Fact, lost: Collection[tuple[FactKind, str]]) -> bool:
    if fact.kind is FactKind.CODE_STATUS or (fact.kind is FactKind.ALLERGY and fact.name == NONE):
        return any(kind is fact.kind and name != fact.name for kind, name in lost)
    return (fact.kind, fact.name) in lost


def _place(mention: TimedFact) -> Place:
    return mention.fact.note_id, mention.fact.sentence


def _without(facts: Iterable[TimedFact], left_out: Iterable[TimedFact]) -> list[TimedFact]:
    out = {id(f) for f in left_out}
    return [f for f in facts if id(f) not in out]
