"""What may be said of a ledger fact by one place that states it, and what may not."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from ingest.synthetic.ledger import LedgerFact
from mlops.evaluation.mutations.charts import LedgerChart, Stated
from mlops.evaluation.mutations.exchanges import drug_swapped, swapped
from mlops.evaluation.mutations.operators import dose, magnitude, unit

Told: TypeAlias = tuple[str, list[tuple[str, str]]]
"""A true statement, and wrong ones in its place as (error type, text)."""

_REACTIONS = ("anaphylaxis", "rash", "angioedema", "nausea", "hives")
_ALLERGENS = ("penicillin", "sulfa drugs", "codeine", "latex", "shellfish", "morphine", "peanuts")
_CODES = ("full code", "DNR/DNI", "DNR, okay to intubate")
_RELATIVES = ("mother", "father", "sister", "brother")


def told_by(chart: LedgerChart, place: Stated) -> Told | None:
    """The truth and the errors of a fact by this place; None where its words do not say enough to be sure."""
    maker = _MAKERS.get(place.fact.kind)
    return maker(chart, place) if maker else None


def overtaken(chart: LedgerChart, place: Stated) -> str:
    """The statement in the present that was true by this place and that the chart has overtaken; "" where none is."""
    fact = place.fact
    if place.assertion != "present" or place.action not in ("", "continued", "started") or not _ends(chart, fact):
        return ""
    if fact.kind == "drug" and fact.value in place.words and fact.attributes.get("setting") != "inpatient":
        same = [f for f in chart.facts if f.kind == "drug" and f.name == fact.name and f is not fact]
        again = any(chart.holds(f) and f.value == fact.value for f in same)
        return "" if again else f"The patient currently takes {place.words}."
    if fact.kind == "allergy" and fact.name == "none" and fact.superseded_by:
        return "The patient has no known drug allergies."
    if fact.kind == "code_status" and fact.superseded_by:
        return f"Code status is {fact.value}."
    return ""


def _drug(chart: LedgerChart, place: Stated) -> Told | None:
    fact, name = place.fact, _name_in(place)
    if not name or fact.attributes.get("setting") == "inpatient" or _others(chart, place):
        return None
    if place.action in ("stopped", "held") and place.assertion == "present":
        done = "stopped" if place.action == "stopped" else "held"
        wrong = [("action_swap", _capital(f"{name} was started."))]
        if not _taken(chart, fact.name):
            wrong.append(("stopped_as_current", f"The patient takes {name}."))
        return _capital(f"{name} was {done}."), wrong
    if not chart.holds(fact) or place.assertion != "present" or fact.value not in place.words:
        return None
    true = f"The patient takes {place.words}."
    return true, [
        *(("dose", text) for text in dose(true)),
        *(("magnitude", text) for text in magnitude(true)),
        *(("unit", text) for text in unit(true)),
        *((error, text) for error in ("frequency", "route") for text in swapped(error, true)),
        *(("drug_swap", text) for text in drug_swapped(true)),
        ("negation_added", f"The patient does not take {place.words}."),
        ("action_swap", _capital(f"{place.words} was stopped.")),
        ("patient_as_family", f"The patient's mother takes {place.words}."),
    ]


def _allergy(chart: LedgerChart, place: Stated) -> Told | None:
    fact = place.fact
    if not chart.holds(fact) or place.assertion != "present":
        return None
    if fact.name == "none":
        return "No known drug allergies.", [
            ("negation_removed", "The patient has known drug allergies."),
            ("allergen_swap", "The patient is allergic to penicillin."),
        ]
    name = _name_in(place)
    if not name:
        return None
    known = {n.lower() for f in chart.facts if f.kind == "allergy" for n in (f.name, *f.synonyms)}
    other = next(a for a in _ALLERGENS if a not in known and a[:5] not in place.evidence.text.lower())
    wrong = [("negation_added", f"The patient is not allergic to {name}."), ("allergen_swap", f"Allergic to {other}.")]
    if fact.value and fact.value in place.words:
        reaction = next(r for r in _REACTIONS if r not in place.evidence.text.lower() and r not in fact.value)
        wrong.append(("reaction_swap", f"Allergic to {name} ({reaction})."))
        return f"Allergic to {name} ({fact.value}).", wrong
    return f"Allergic to {name}.", wrong


def _problem(chart: LedgerChart, place: Stated) -> Told | None:
    words = place.words
    if place.assertion == "historical" and place.action == "resolved":
        return f"The patient had {words}.", [("resolved_as_active", f"The patient currently has active {words}.")]
    if not chart.holds(place.fact) or place.assertion != "present":
        return None
    true = f"The patient has {words}."
    return true, [
        ("negation_added", f"The patient does not have {words}."),
        *(
            ()
            if _runs_in_family(chart, place.fact.name)
            else (("patient_as_family", f"The patient's mother has {words}."),)
        ),
        ("uncertainty_added", f"The patient possibly has {words}."),
        ("fabrication", f"The patient has {words} complicated by a stroke."),
        *(("problem_swap", text) for text in swapped("problem_swap", true)),
    ]


def _result(chart: LedgerChart, place: Stated) -> Told | None:
    fact, name = place.fact, _name_in(place)
    if fact.superseded_by or not name or place.words.count(fact.value) != 1 or place.assertion != "present":
        return None
    if not _is_number(fact.value) or sum(c.isdigit() for c in place.words) != sum(c.isdigit() for c in fact.value):
        return None
    near = [
        f for f in chart.facts
        if f.kind == "result" and f.name != fact.name and f.value != fact.value
        and any(s.evidence.citation == place.evidence.citation for s in chart.stated[f.fact_id])
    ]  # fmt: skip
    return f"{name} was {fact.value}.", [
        ("number", f"{name} was {_other_number(fact.value)}."),
        ("magnitude", f"{name} was {float(fact.value.replace(',', '')) * 10:g}."),
        *(("measure_swap", f"{name} was {f.value}.") for f in near[:1]),
    ]


def _family(chart: LedgerChart, place: Stated) -> Told | None:
    relative, name = place.fact.value, place.fact.name
    text = place.evidence.text.lower()
    other = next((r for r in _RELATIVES if r not in text), None)
    own = {n.lower() for f in chart.facts if f.kind == "problem" for n in (f.name, *f.synonyms)}
    wrong = [] if name.lower() in own else [("family_as_patient", f"The patient has {name}.")]
    if other:
        wrong.append(("family_as_patient", f"The patient's {other} had {name}."))
    return f"The patient's {relative} had {name}.", wrong


def _symptom(_: LedgerChart, place: Stated) -> Told | None:
    if place.assertion == "negated":
        return f"The patient denies {place.words}.", [("negation_removed", f"The patient reports {place.words}.")]
    if place.assertion == "present":
        return f"The patient reports {place.words}.", [
            ("negation_added", f"The patient denies {place.words}."),
            ("uncertainty_added", f"The patient may have {place.words}."),
        ]
    return None


def _code_status(chart: LedgerChart, place: Stated) -> Told | None:
    if not chart.holds(place.fact) or place.assertion != "present":
        return None
    true = place.fact.value
    return f"Code status: {true}.", [("code_status", f"Code status: {c}.") for c in _CODES if _code(c) != _code(true)]


def _device(chart: LedgerChart, place: Stated) -> Told | None:
    if place.action == "stopped":
        return f"{_capital(place.fact.name)} was removed.", [
            ("stopped_as_current", f"{_capital(place.fact.name)} remains in place.")
        ]
    return None


def _procedure(_: LedgerChart, place: Stated) -> Told | None:
    true = f"The patient underwent {place.words}."
    return true, [
        *((error, text) for error in ("side", "site") for text in swapped(error, true)),
        ("negation_added", f"The patient did not undergo {place.words}."),
        ("fabrication", f"The patient underwent {place.words} with a blood loss of 900 mL."),
    ]


def _ends(chart: LedgerChart, fact: LedgerFact) -> bool:
    """Whether the notes say that the fact is over, or state what came in its place."""
    told = any(s.action in ("stopped", "changed") or s.assertion == "historical" for s in chart.stated[fact.fact_id])
    return told or bool(fact.superseded_by and chart.stated.get(fact.superseded_by))


def _taken(chart: LedgerChart, drug: str) -> bool:
    """Whether the patient is on the drug where the chart ends."""
    return any(f.kind == "drug" and f.name == drug and chart.holds(f) for f in chart.facts)


def _runs_in_family(chart: LedgerChart, problem: str) -> bool:
    return any(f.kind == "family_history" and f.name == problem for f in chart.facts)


def _others(chart: LedgerChart, place: Stated) -> bool:
    """Whether the sentence also states another strength of the same drug."""
    same = [f for f in chart.facts if f.kind == "drug" and f.name == place.fact.name and f is not place.fact]
    return any(s.evidence.citation == place.evidence.citation for f in same for s in chart.stated[f.fact_id])


def _name_in(place: Stated) -> str:
    """The name the chart uses in this place, "" where the words do not hold one."""
    lowered = place.words.lower()
    names = sorted((place.fact.name, *place.fact.synonyms), key=len, reverse=True)
    for name in names:
        at = lowered.find(name.lower())
        if at >= 0:
            return place.words[at : at + len(name)]
    return ""


def _other_number(value: str) -> str:
    places = len(value.partition(".")[2])
    number = float(value.replace(",", ""))
    return f"{number + max(number * 0.3, 10**-places):.{places}f}"


def _is_number(value: str) -> bool:
    return value.replace(",", "").replace(".", "", 1).isdigit()


def _code(value: str) -> str:
    lowered = value.lower()
    if "full" in lowered:
        return "full"
    return "dnr_dni" if "dni" in lowered else "dnr"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_MAKERS: Mapping[str, Callable[[LedgerChart, Stated], Told | None]] = {
    "drug": _drug,
    "allergy": _allergy,
    "problem": _problem,
    "result": _result,
    "family_history": _family,
    "symptom": _symptom,
    "code_status": _code_status,
    "device": _device,
    "procedure": _procedure,
}
