"""What is true now, from mentions in time."""

import itertools

from core.records import Action, Assertion, Fact, FactKind, SectionKind
from extraction.timeline import ResolvedFact, TimedFact, resolve

_numbers = itertools.count()


def told(
    day: str | None,
    name: str,
    kind: FactKind = FactKind.DRUG,
    *,
    text: str = "",
    note: str = "",
    section: SectionKind = SectionKind.OTHER,
    note_type: str = "Progress",
    **rest: object,
) -> TimedFact:
    fact = Fact(kind, name, note or f"{day}-{next(_numbers)}", 0, 0, 1, **rest)  # type: ignore[arg-type]
    return TimedFact(fact, day, note_type, text, section)


def one(*facts: TimedFact) -> ResolvedFact:
    (resolved,) = resolve(facts)
    return resolved


STOPPED, HELD, STARTED, CHANGED = Action.STOPPED, Action.HELD, Action.STARTED, Action.CHANGED


def test_the_latest_dose_is_the_current_one_and_the_one_before_is_kept() -> None:
    r = one(
        told("2024-01-01", "lisinopril", dose="10 mg"), told("2024-03-01", "lisinopril", dose="20 mg", action=CHANGED)
    )
    assert (r.state, r.latest.fact.dose) == ("changed", "20 mg")
    assert r.previous is not None and r.previous.fact.dose == "10 mg"


def test_order_comes_from_the_notes_times_and_undated_notes_are_oldest() -> None:
    r = one(
        told("2024-03-01", "lisinopril", dose="20 mg"),
        told(None, "lisinopril", dose="5 mg"),
        told("2024-01-01", "lisinopril", dose="10 mg"),
    )
    assert (r.latest.fact.dose, r.first.fact.dose) == ("20 mg", "5 mg")


def test_equal_doses_are_no_change() -> None:
    r = one(
        told("2024-01-01", "lisinopril", dose="10mg", frequency="qd"),
        told("2024-03-01", "lisinopril", dose="10 mg", frequency="daily"),
    )
    assert r.state == "current"


def test_a_stopped_drug_stays_stopped_when_an_old_list_is_copied() -> None:
    line = {"dose": "5 mg", "frequency": "daily"}
    r = one(
        told("2024-01-01", "warfarin", **line),
        told("2024-02-01", "warfarin", action=STOPPED),
        told("2024-03-01", "warfarin", **line),
    )
    assert r.state == "stopped"
    assert r.latest.charted_at == "2024-02-01"


def test_a_new_dose_after_a_stop_is_a_conflict_unless_it_was_restarted() -> None:
    start, stop = told("2024-01-01", "warfarin", dose="5 mg"), told("2024-02-01", "warfarin", action=STOPPED)
    assert one(start, stop, told("2024-03-01", "warfarin", dose="2 mg")).state == "conflict"
    assert one(start, stop, told("2024-03-01", "warfarin", dose="5 mg", action=STARTED)).state == "current"


def test_a_held_drug_is_held_until_it_is_resumed() -> None:
    start, hold = told("2024-01-01", "warfarin", dose="5 mg"), told("2024-02-01", "warfarin", action=HELD)
    assert one(start, hold).state == "held"
    assert one(start, hold, told("2024-02-09", "warfarin", action=Action.CONTINUED)).state == "current"


def test_copied_prose_brings_nothing_back() -> None:
    prose = "She was started on lisinopril 10 mg daily for her high blood pressure today."
    r = one(
        told("2024-01-01", "lisinopril", dose="10 mg", action=STARTED, text=prose),
        told("2024-01-09", "lisinopril", dose="20 mg", action=CHANGED),
        told("2024-01-17", "lisinopril", dose="10 mg", action=STARTED, text=prose.replace(" for", "\n for")),
    )
    assert r.latest.fact.dose == "20 mg"
    assert [m.charted_at for m in r.mentions] == ["2024-01-01", "2024-01-09", "2024-01-17"]


def test_the_same_words_months_later_are_a_statement_of_their_own() -> None:
    prose = "Increased lisinopril from 10 mg to 20 mg daily in view of her blood pressure."
    r = one(
        told("2023-01-01", "lisinopril", dose="20 mg", action=CHANGED, text=prose),
        told("2023-06-01", "lisinopril", dose="10 mg", action=CHANGED),
        told("2024-01-01", "lisinopril", dose="20 mg", action=CHANGED, text=prose),
    )
    assert r.latest.fact.dose == "20 mg"


def test_what_only_stood_in_the_notes_of_a_stay_ends_with_it() -> None:
    given = Fact(FactKind.DRUG, "heparin", "n1", 0, 0, 1, dose="5000 units", frequency="q8h")
    facts = [TimedFact(given, "2024-01-02", "nursing note"), told("2024-06-01", "aspirin", dose="81 mg")]
    assert {r.name: r.state for r in resolve(facts)} == {"heparin": "historical", "aspirin": "current"}


def test_a_repeated_wording_is_evidence_twice_at_most() -> None:
    r = one(*(told(f"2024-01-0{i}", "aspirin", text="Aspirin 81 mg daily.") for i in range(1, 6)))
    assert [m.charted_at for m in r.mentions] == ["2024-01-01", "2024-01-05"]


def test_what_was_given_once_or_only_considered_is_not_current() -> None:
    assert one(told("2024-01-01", "furosemide", assertion=Assertion.HISTORICAL)).state == "historical"
    assert resolve([told("2024-01-01", "apixaban", assertion=Assertion.HYPOTHETICAL)]) == ()
    assert one(told("2024-01-01", "aspirin", assertion=Assertion.NEGATED)).state == "denied"


def test_courses_and_infusions_end_by_themselves() -> None:
    later = told("2024-09-01", "aspirin", dose="81 mg")
    states = {r.name: r.state for r in resolve([
        told("2024-01-01", "amoxicillin", dose="500 mg", frequency="TID for 7 days"),
        told("2024-01-01", "cephalexin", dose="500 mg"),
        told("2024-08-01", "furosemide", dose="40 mg", route="IV"),
        later,
    ])}  # fmt: skip
    assert states == {
        "amoxicillin": "historical",
        "cephalexin": "historical",
        "furosemide": "historical",
        "aspirin": "current",
    }


def allergy(day: str, name: str, **rest: object) -> TimedFact:
    if name == "none":
        rest["assertion"] = Assertion.NEGATED
    return told(day, name, FactKind.ALLERGY, **rest)  # type: ignore[arg-type]


def test_an_allergy_is_never_lost_by_silence() -> None:
    found = resolve([allergy("2001-01-01", "penicillin", reaction="hives"), told("2024-01-01", "aspirin")])
    assert [(r.name, r.state) for r in found] == [("penicillin", "current"), ("aspirin", "current")]


def test_an_allergy_found_later_supersedes_none_and_a_later_none_conflicts() -> None:
    early = resolve([allergy("2020-01-01", "none"), allergy("2021-01-01", "penicillin")])
    assert {r.name: r.state for r in early} == {"penicillin": "current", "none": "historical"}
    late = resolve([allergy("2020-01-01", "penicillin"), allergy("2021-01-01", "none")])
    assert {r.name: r.state for r in late} == {"penicillin": "conflict", "none": "conflict"}


def test_a_corrected_allergy_is_resolved() -> None:
    removed = allergy("2021-01-01", "penicillin", assertion=Assertion.NEGATED, action=Action.CORRECTED)
    assert one(allergy("2020-01-01", "penicillin"), removed).state == "resolved"


def problem(day: str, name: str, **rest: object) -> TimedFact:
    return told(day, name, FactKind.PROBLEM, **rest)  # type: ignore[arg-type]


def test_problems_follow_the_latest_word() -> None:
    resolved = {"action": Action.RESOLVED, "assertion": Assertion.HISTORICAL}
    assert one(problem("2024-01-01", "pneumonia"), problem("2024-01-09", "pneumonia", **resolved)).state == "resolved"
    possible = problem("2024-01-01", "pneumonia", assertion=Assertion.POSSIBLE)
    assert one(possible).state == "possible"
    assert one(possible, problem("2024-01-02", "pneumonia", assertion=Assertion.NEGATED)).state == "denied"
    assert one(possible, problem("2024-01-02", "pneumonia")).state == "current"
    assert resolve([problem("2024-01-01", "stroke", assertion=Assertion.FAMILY)]) == ()


def test_an_acute_problem_ages_and_a_chronic_one_does_not() -> None:
    found = resolve(
        [problem("2020-01-01", "pneumonia"), problem("2020-01-01", "hypertension"), told("2024-01-01", "aspirin")]
    )
    assert {r.name: r.state for r in found if r.kind is FactKind.PROBLEM} == {
        "pneumonia": "historical",
        "hypertension": "current",
    }


def test_a_broad_name_joins_the_one_narrower_name() -> None:
    assert one(problem("2024-01-01", "diabetes"), problem("2024-02-01", "type 2 diabetes")).name == "type 2 diabetes"


def test_results_give_the_newest_value_and_the_one_before() -> None:
    def value(day: str, v: str) -> TimedFact:
        return told(day, "creatinine", FactKind.RESULT, value=v)

    r = one(value("2024-02-01", "1.8"), value("2024-01-01", "1.2"), value("2024-03-01", "1.4"))
    assert (r.latest.fact.value, r.previous and r.previous.fact.value, r.state) == ("1.4", "1.8", "changed")


def test_the_latest_code_status_counts_and_two_in_one_note_conflict() -> None:
    full = told("2024-01-01", "full code", FactKind.CODE_STATUS)
    r = one(full, told("2024-02-01", "dnr", FactKind.CODE_STATUS))
    assert (r.name, r.state) == ("dnr", "changed")
    both = [told("2024-03-01", n, FactKind.CODE_STATUS, note="x") for n in ("dnr", "full code")]
    assert one(full, *both).state == "conflict"


def test_a_removed_device_is_stopped_and_an_old_line_is_past() -> None:
    def device(day: str, name: str, action: Action = Action.NONE) -> TimedFact:
        return told(day, name, FactKind.DEVICE, action=action)

    found = resolve(
        [
            device("2024-01-01", "picc"),
            device("2024-01-01", "port"),
            device("2024-06-01", "port", STOPPED),
            device("2024-06-01", "pacemaker"),
        ]
    )
    assert {r.name: r.state for r in found} == {"picc": "historical", "port": "stopped", "pacemaker": "current"}


def test_the_result_does_not_depend_on_the_order_given() -> None:
    facts = [
        told("2024-01-01", "a", dose="1 mg"),
        told("2024-02-01", "a", dose="2 mg"),
        told("2024-03-01", "a", action=STOPPED),
    ]
    answers = {(r.state, r.latest.charted_at) for p in itertools.permutations(facts) for r in resolve(p)}
    assert answers == {("stopped", "2024-03-01")}


def states(*facts: TimedFact) -> dict[str, str]:
    return {r.name: r.state for r in resolve(facts)}


MEDICATIONS = SectionKind.MEDICATIONS


def test_a_drug_that_later_lists_of_the_others_leave_out_is_past() -> None:
    lists = [
        told(day, name, dose="5 mg", note=day, section=MEDICATIONS, note_type="Clinic")
        for day in ("2024-01-01", "2024-04-01", "2024-09-01")
        for name in ("lisinopril", "metformin")
    ]
    found = states(*lists, told("2024-01-01", "oxycodone", dose="5 mg", note="2024-01-01", note_type="Clinic"))
    assert found == {"lisinopril": "current", "metformin": "current", "oxycodone": "historical"}


def test_a_drug_is_not_forgotten_by_a_short_silence_or_by_notes_on_one_other_drug() -> None:
    lists = [
        told(day, name, dose="5 mg", note=day, section=MEDICATIONS, note_type="Clinic")
        for day in ("2024-01-01", "2024-02-01", "2024-03-01")
        for name in ("lisinopril", "metformin")
    ]
    sparse = [told(day, "lisinopril", dose="5 mg", note_type="Clinic") for day in ("2024-04-01", "2024-09-01")]
    albuterol = told("2024-01-01", "albuterol", dose="2 puffs", note="2024-01-01", note_type="Clinic")
    assert states(*lists, albuterol)["albuterol"] == "current"
    assert states(*lists, *sparse, albuterol, told("2024-09-01", "metformin"))["albuterol"] == "current"


def test_a_course_of_days_ends_although_a_bare_list_names_the_drug_once_more() -> None:
    r = one(
        told("2024-01-01", "docusate", dose="100 mg", frequency="twice daily to complete 10 days", action=STARTED),
        told("2024-01-08", "docusate", dose="100 mg", frequency="twice daily"),
        told("2024-06-01", "docusate", assertion=Assertion.HYPOTHETICAL),
    )
    assert r.state == "historical"


def test_a_drug_taken_on_beyond_its_course_is_current() -> None:
    r = one(
        told("2024-01-01", "pantoprazole", dose="40 mg", frequency="daily for 14 days", action=STARTED),
        told("2024-06-01", "pantoprazole", dose="40 mg", frequency="daily"),
    )
    assert r.state == "current"


def test_an_infusion_ends_although_the_last_words_on_it_name_no_route() -> None:
    found = states(
        told("2024-01-01", "heparin", dose="18 units/kg/hr", frequency="gtt", action=STARTED),
        told("2024-01-02", "heparin"),
        told("2024-06-01", "apixaban", dose="5 mg"),
    )
    assert found["heparin"] == "historical"


def test_as_needed_is_not_lost_to_a_shorter_mention_in_the_same_note() -> None:
    r = one(
        told("2024-01-01", "hydroxyzine", dose="50 mg", frequency="every 6 hours as needed", note="n"),
        told("2024-01-01", "hydroxyzine", dose="50 mg", frequency="every 6 hours", note="n"),
    )
    assert r.latest.fact.frequency == "every 6 hours as needed"


def test_what_only_a_study_found_long_ago_is_no_active_problem() -> None:
    seen = told("2024-01-01", "cardiomegaly", FactKind.PROBLEM, section=SectionKind.IMAGING)
    end = told("2024-06-01", "lisinopril", dose="5 mg")
    assert states(seen, end)["cardiomegaly"] == "possible"
    judged = told("2024-01-02", "cardiomegaly", FactKind.PROBLEM, section=SectionKind.ASSESSMENT)
    assert states(seen, judged, end)["cardiomegaly"] == "current"
    assert states(seen, told("2024-01-09", "lisinopril", dose="5 mg"))["cardiomegaly"] == "current"


def test_a_lasting_problem_that_a_later_note_calls_past_is_past() -> None:
    r = one(
        told("2024-01-01", "peptic ulcer disease", FactKind.PROBLEM),
        told("2024-06-01", "peptic ulcer disease", FactKind.PROBLEM, assertion=Assertion.HISTORICAL),
    )
    assert r.state == "historical"


def test_an_episode_that_is_over_does_not_end_the_disease_the_same_note_assesses() -> None:
    r = one(
        told(
            "2024-06-01", "heart failure", FactKind.PROBLEM, note="n", section=SectionKind.PAST_HISTORY,
            action=Action.RESOLVED, assertion=Assertion.HISTORICAL,
        ),
        told("2024-06-01", "heart failure", FactKind.PROBLEM, note="n", section=SectionKind.ASSESSMENT),
    )  # fmt: skip
    assert r.state == "current"


def test_a_tube_in_the_past_history_is_not_in_place() -> None:
    r = one(
        told("2024-01-01", "chest tube", FactKind.DEVICE, action=STARTED),
        told("2025-06-01", "chest tube", FactKind.DEVICE, section=SectionKind.PAST_HISTORY, action=STARTED),
    )
    assert r.state == "historical"


def test_a_value_on_arrival_is_not_the_newest_of_its_note() -> None:
    r = one(
        told("2024-01-01", "lactate", FactKind.RESULT, value="1.2", note="n", text="Lactate-1.2"),
        told("2024-01-01", "lactate", FactKind.RESULT, value="2.0", note="n", text="Lactate 2.0 on arrival."),
    )
    assert r.latest.fact.value == "1.2"


def test_an_event_that_is_assessed_at_visit_after_visit_is_still_a_problem() -> None:
    days = ("2024-01-01", "2024-04-01", "2024-08-01")
    visits = [told(day, "venous thromboembolism", FactKind.PROBLEM, section=SectionKind.ASSESSMENT) for day in days]
    end = told("2025-01-01", "apixaban", dose="5 mg")
    assert states(*visits, end)["venous thromboembolism"] == "current"
    assert states(visits[0], end)["venous thromboembolism"] == "historical"


def test_a_drug_of_the_stay_that_no_list_of_the_discharge_names_is_past() -> None:
    listed = [
        told("2024-03-05", name, note="ds", note_type="Discharge summary", section=SectionKind.MEDICATIONS, dose="5 mg")
        for name in ("lisinopril", "metformin", "aspirin")
    ]
    in_house = told("2024-03-02", "prednisone", dose="40 mg")
    again = told("2024-03-05", "prednisone", note="ds", note_type="Discharge summary", dose="40 mg")
    states = {r.name: r.state for r in resolve([in_house, *listed, again])}
    assert states == {"prednisone": "historical", "lisinopril": "current", "metformin": "current", "aspirin": "current"}


def test_a_drug_that_the_discharge_summary_starts_is_current_although_no_list_names_it() -> None:
    listed = [
        told("2024-03-05", name, note="ds", note_type="Discharge summary", section=SectionKind.MEDICATIONS, dose="5 mg")
        for name in ("lisinopril", "metformin", "aspirin")
    ]
    new = told("2024-03-05", "apixaban", note="ds", note_type="Discharge summary", dose="5 mg", action=STARTED)
    assert {r.name: r.state for r in resolve([*listed, new])}["apixaban"] == "current"


def test_a_complaint_that_only_brought_the_patient_in_is_told_in_passing() -> None:
    came = told("2024-01-01", "anxiety", FactKind.PROBLEM, section=SectionKind.HISTORY_OF_PRESENT_ILLNESS)
    assert one(came).in_passing
    judged = told("2024-02-01", "anxiety", FactKind.PROBLEM, section=SectionKind.ASSESSMENT)
    assert not one(came, judged).in_passing


def test_the_same_values_told_again_on_the_same_day_are_no_copy() -> None:
    line = "05:15AM BLOOD Na-137 K-4.4 HCO3-24 UreaN-12 Creat-0.7 Glucose-166 Calcium-9.1 Mg-2.0"
    early = told("2024-01-05", "sodium", FactKind.RESULT, value="137", text=line, note="pn")
    first = told("2024-01-05", "sodium", FactKind.RESULT, value="131", text="Na 131 then", note="ds")
    last = told("2024-01-05", "sodium", FactKind.RESULT, value="137", text=line, note="ds")
    assert one(early, first, last).latest.fact.value == "137"
