"""Lines, tubes and masks end with the stay; a culprit is told as the class it was entered for; doses do not echo."""

from dataclasses import replace

from core.records import Action, Fact, FactKind, Note, SectionKind
from extraction import extract_facts
from extraction.timeline import ResolvedFact, TimedFact, resolve
from ingest.segmentation import segment


def told(
    day: str,
    name: str,
    kind: FactKind,
    *,
    note_type: str = "Progress note",
    text: str = "",
    section: SectionKind = SectionKind.OTHER,
    encounter: str | None = None,
    note: str = "",
    **rest: object,
) -> TimedFact:
    fact = Fact(kind, name, note or f"{day}-{note_type}", 0, 0, 1, **rest)  # type: ignore[arg-type]
    return TimedFact(fact, day, note_type, text or name, section, encounter_id=encounter)


def visit(day: str, **rest: object) -> TimedFact:
    return told(day, "hypertension", FactKind.PROBLEM, note_type="Outpatient note", **rest)  # type: ignore[arg-type]


def named(name: str, *facts: TimedFact) -> ResolvedFact:
    return next(r for r in resolve(facts) if r.name == name)


def test_a_catheter_of_a_stay_is_past_once_a_visit_does_not_state_it() -> None:
    foley = told("2024-03-01", "foley catheter", FactKind.DEVICE)
    assert named("foley catheter", foley).state == "current"
    assert named("foley catheter", foley, visit("2024-03-10")).state == "historical"


def test_a_catheter_that_the_visit_states_is_in_place() -> None:
    foley = told("2024-03-01", "foley catheter", FactKind.DEVICE)
    again = told("2024-03-10", "foley catheter", FactKind.DEVICE, note_type="Outpatient note", text="Foley draining")
    assert named("foley catheter", foley, again, visit("2024-03-10")).state == "current"


def test_a_line_with_which_the_patient_went_home_stays() -> None:
    picc = told("2024-03-01", "picc", FactKind.DEVICE, text="Discharged with PICC for six weeks of ceftriaxone.")
    assert named("picc", picc, visit("2024-03-10")).state == "current"


def test_lasting_devices_stay_whatever_later_notes_leave_out() -> None:
    for name in ("pacemaker", "port", "home oxygen", "cpap", "gastrostomy tube", "arteriovenous fistula"):
        device = told("2020-03-01", name, FactKind.DEVICE)
        assert named(name, device, visit("2024-03-10")).state == "current"


def test_bipap_ends_with_the_stay_and_stays_where_it_is_for_sleep() -> None:
    acute = told("2024-03-01", "bipap", FactKind.DEVICE)
    home = told("2024-03-01", "bipap", FactKind.DEVICE, text="OSA on BiPAP")
    assert named("bipap", acute, visit("2024-09-10")).state == "historical"
    assert named("bipap", home, visit("2024-09-10")).state == "current"


def test_the_next_note_of_the_same_stay_ends_nothing() -> None:
    foley = told("2024-03-01", "foley catheter", FactKind.DEVICE, note_type="Emergency department note")
    next_day = told("2024-03-02", "hypertension", FactKind.PROBLEM, note_type="History and physical")
    assert named("foley catheter", foley, next_day).state == "current"


def test_where_encounters_are_named_they_decide() -> None:
    foley = told("2024-03-01", "foley catheter", FactKind.DEVICE, encounter="1")
    assert named("foley catheter", foley, visit("2024-03-03", encounter="1")).state == "current"
    assert named("foley catheter", foley, visit("2024-03-03", encounter="2")).state == "historical"


def devices(text: str) -> list[str]:
    note = Note("n", "p", None, "", None, text)
    cut = segment(note, count_tokens=lambda s: len(s.split()), chunk_tokens=100)
    return [f.name for f in extract_facts(note, cut.sentences) if f.kind is FactKind.DEVICE]


def test_a_mask_of_the_first_night_is_a_treatment_and_no_device() -> None:
    assert devices("BiPAP only the first night, then weaned.") == []
    assert devices("Uses BiPAP nightly. CPAP at night for sleep apnea.") == ["bipap", "cpap"]


def allergy(name: str, reaction: str = "", section: SectionKind = SectionKind.OTHER, note: str = "letter") -> TimedFact:
    return told(
        "2024-01-01", name, FactKind.ALLERGY, note=note, section=section, reaction=reaction, text=f"{note} {name}"
    )


def names(*facts: TimedFact) -> set[str]:
    return {r.name for r in resolve(facts)}


def test_a_culprit_is_told_as_the_class_that_the_same_note_enters() -> None:
    entered = allergy("penicillin", "anaphylaxis")
    assert names(allergy("amoxicillin-clavulanate"), entered) == {"penicillin"}
    assert names(allergy("amoxicillin-clavulanate", "anaphylaxis"), entered) == {"penicillin"}


def test_a_drug_of_an_allergy_list_another_reaction_or_another_note_is_told() -> None:
    entered, drug = allergy("penicillin", "anaphylaxis"), "amoxicillin-clavulanate"
    assert drug in names(allergy(drug, section=SectionKind.ALLERGIES), entered)
    assert drug in names(allergy(drug, "rash"), entered)
    assert drug in names(allergy(drug, note="elsewhere"), entered)
    assert drug in names(allergy(drug), allergy("sulfonamides", "hives"))


def drug(day: str, dose: str, frequency: str, action: Action = Action.NONE) -> TimedFact:
    return told(day, "d", FactKind.DRUG, note_type="Outpatient note", dose=dose, frequency=frequency, action=action)


def test_as_needed_alone_is_no_other_dose_than_how_often_at_most() -> None:
    r = named("d", drug("2024-01-01", "0.4 mg", "as needed"), drug("2024-06-01", "0.4 mg", "every 5 minutes as needed"))
    assert (r.state, r.previous) == ("current", None)
    r = named("d", drug("2024-01-01", "100 mg", "once as needed"), drug("2024-06-01", "100 mg", "as needed"))
    assert (r.state, r.previous) == ("current", None)


def test_prose_that_leaves_out_the_as_needed_does_not_take_it_away() -> None:
    full = drug("2024-01-01", "0.4 mg", "every 5 minutes as needed")
    short = drug("2024-06-01", "0.4 mg", "every 5 minutes")
    shorter = drug("2024-07-01", "0.4 mg", "as needed")
    assert named("d", full, short, shorter).latest is full
    assert named("d", full, replace(short, section=SectionKind.MEDICATIONS)).latest.charted_at == "2024-06-01"
    assert named("d", full, drug("2026-06-01", "0.4 mg", "every 5 minutes")).latest.charted_at == "2026-06-01"


def test_the_previous_dose_is_the_one_before_the_change() -> None:
    r = named(
        "d",
        drug("2024-01-01", "26 units", "at bedtime"),
        drug("2024-06-01", "30 units", "qhs"),
        drug("2024-06-02", "30 units", "at bedtime", Action.CHANGED),
    )
    assert r.state == "changed" and r.previous is not None
    assert (r.latest.fact.dose, r.previous.fact.dose) == ("30 units", "26 units")
