"""What is true now: the mentions of one patient's chart, ordered in time and resolved per kind of fact."""

from collections.abc import Sequence

from core.records import FactKind
from extraction.timeline.allergies import resolve_allergies
from extraction.timeline.drugs import resolve_drug
from extraction.timeline.forgotten import without_forgotten, without_left_behind
from extraction.timeline.measures import resolve_code_status, resolve_result
from extraction.timeline.passing import drug_sentences
from extraction.timeline.problems import merge_broader, resolve_device, resolve_problem
from extraction.timeline.records import ResolvedFact, State, TimedFact, in_order
from extraction.timeline.stays import Stays
from extraction.timeline.supports import without_ended

__all__ = ["ResolvedFact", "State", "TimedFact", "resolve"]

_KINDS = (
    FactKind.ALLERGY, FactKind.DRUG, FactKind.PROBLEM, FactKind.RESULT, FactKind.CODE_STATUS, FactKind.DEVICE,
)  # fmt: skip


def resolve(facts: Sequence[TimedFact]) -> tuple[ResolvedFact, ...]:
    """Resolve all mentions of **one** patient; per kind, then by the name first mentioned first.

    What only concerns a relative, or was only considered or feared, is left out. Mentions without a time count as the
    oldest. Copied-forward prose counts at its first appearance.
    """
    ordered = in_order(facts)
    if not ordered:
        return ()
    now = ordered[-1]
    groups: dict[FactKind, dict[str, list[TimedFact]]] = {kind: {} for kind in _KINDS}
    for fact in ordered:
        groups[fact.fact.kind].setdefault(fact.fact.name, []).append(fact)
    problems = merge_broader(groups[FactKind.PROBLEM])
    stays = Stays(ordered)
    drugs = [d for mentions in groups[FactKind.DRUG].values() if (d := resolve_drug(mentions, now, stays))]
    told = [f for f in ordered if f.fact.kind is FactKind.DRUG]
    with_drugs = drug_sentences(ordered)
    devices = [d for name, own in groups[FactKind.DEVICE].items() if (d := resolve_device(name, own, now))]
    resolved = [
        *resolve_allergies(groups[FactKind.ALLERGY]),
        *without_forgotten(without_left_behind(drugs, told), told, now),
        *(resolve_problem(name, mentions, now, with_drugs) for name, mentions in problems.items()),
        *(resolve_result(name, mentions) for name, mentions in groups[FactKind.RESULT].items()),
        resolve_code_status([f for f in ordered if f.fact.kind is FactKind.CODE_STATUS]),
        *without_ended(devices, ordered),
    ]
    return tuple(r for r in resolved if r is not None)
