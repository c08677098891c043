"""Wrong statements that get into a chart, and what they should have said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.synthetic.state import ALWAYS, Encounter, Prescription, Slip

if TYPE_CHECKING:
    from ingest.synthetic.life import Walk

_MISTAKEN = ("type2_diabetes", "copd", "atrial_fibrillation", "stroke_history", "epilepsy", "gout", "hypothyroidism")


def draw_slips(walk: Walk) -> tuple[tuple[Slip, ...], dict[str, Prescription]]:
    """At most one wrong dose, one wrong problem and one wrong allergy a chart."""
    slips: list[Slip] = []
    wrong: dict[str, Prescription] = {}
    rooms = [e for e in walk.encounters if e.kind == "admission"]
    clinics = [e for e in walk.encounters[1:-1] if e.kind == "clinic"]
    if rooms and walk.rng.random() < 0.45:
        slip = _dose(walk, walk.rng.choice(rooms), wrong)
        slips += [slip] if slip else []
    if rooms and walk.rng.random() < 0.3:
        slips.append(_problem(walk, walk.rng.choice(rooms)))
    if clinics and walk.rng.random() < 0.18:
        slip = _allergy(walk, walk.rng.choice(clinics))
        slips += [slip] if slip else []
    return tuple(slips), wrong


def _dose(walk: Walk, where: Encounter, wrong: dict[str, Prescription]) -> Slip | None:
    taken = [
        p
        for p in walk.regimen.all.values()
        if p.home and p.active(where.start) and len(p.drug.steps) > 1 and not p.drug.prn
    ]
    if not taken:
        return None
    right = walk.rng.choice(taken)
    others = [d for d in right.drug.steps if d.strength != right.dose.strength]
    if not others:
        return None
    fact = walk.fact("rx")
    wrong[fact] = replace(
        right, fact=fact, dose=walk.rng.choice(others), start=where.start, end=where.end, successor=right.fact
    )
    return Slip("dose", where.index, fact, right.fact, {})


def _problem(walk: Walk, where: Encounter) -> Slip:
    had = {c.problem.key for c in walk.problems.all.values()}
    free = [k for k in _MISTAKEN if k not in had and not (k == "type2_diabetes" and "type1_diabetes" in had)]
    condition = walk.catalog.conditions[walk.rng.choice(free)]
    return Slip(
        "problem",
        where.index,
        walk.fact("prob"),
        "",
        {"name": condition.name, "say": condition.say[0], "abbr": condition.abbr[0]},
    )


def _allergy(walk: Walk, where: Encounter) -> Slip | None:
    known = {s.allergen.name for s in walk.sensitivities if s.allergen}
    names = [n for n in ("penicillin", "sulfa drugs", "codeine", "latex") if n not in known]
    if any(s.known > ALWAYS for s in walk.sensitivities):
        return None
    name = walk.rng.choice(names)
    reaction = walk.rng.choice(walk.catalog.allergens[name].reactions)
    return Slip("allergy", where.index, walk.fact("alg"), "", {"name": name, "reaction": reaction})
