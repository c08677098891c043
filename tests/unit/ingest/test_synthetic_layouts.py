"""What style c adds: lists within a line, flagged results, the dose before the name, a complaint at one visit only."""

import re
from collections import Counter

import pytest

from ingest.synthetic.catalog_files import load_catalog
from ingest.synthetic.chart import write_chart
from ingest.synthetic.phrasing import load_bank


@pytest.fixture(scope="module")
def charts():
    return [write_chart(load_catalog(), load_bank("c"), seed=12, index=i) for i in range(12)]


@pytest.fixture(scope="module")
def told(charts):
    """Every statement as (fact, statement, text of its note)."""
    return [(f, s, text[s["note_id"]]) for text, facts in map(by_id, charts) for f in facts for s in f.statements]


def by_id(chart):
    notes, facts = chart
    return {n.note_id: n.text for n in notes}, facts


def words(statement, text):
    return " ".join(text[statement["start"] : statement["end"]].split())


def test_only_results_out_of_range_bear_a_flag(told):
    flag = re.compile(r"\s(\((H|L|abnl)\)|\[(H|L|abnl)\]|(H|L|abnl)[,;.\n])")
    seen = Counter(
        fact.attributes["abnormal"]
        for fact, s, text in told
        if fact.kind == "result" and flag.match(text[s["end"] : s["end"] + 12])
    )
    assert seen["yes"] > 200
    assert not seen["no"]


def test_a_flag_says_on_which_side_a_result_lies(told):
    potassium = [(f, s, t) for f, s, t in told if f.kind == "result" and f.name == "potassium"]
    flags = {(float(f.value) > 4, t[s["end"] : s["end"] + 5].strip(" ([\n")[:1]) for f, s, t in potassium}
    assert not {(True, "L"), (False, "H")} & flags
    assert {(True, "H"), (False, "L")} & flags


def test_a_dose_stands_before_or_after_its_drug(told):
    drugs = [(f, words(s, t)) for f, s, t in told if f.kind == "drug"]
    first = sum(told_as[0].isdigit() for _, told_as in drugs)
    assert 0.1 < first / len(drugs) < 0.9


def test_directions_count_tablets_and_inject_insulin(charts):
    text = " ".join(" ".join(n.text.split()) for notes, _ in charts for n in notes)
    assert re.search(r"take 1 tablet by mouth (twice a day|twice daily)", text, re.IGNORECASE)
    assert re.search(r"insulin glargine[^.;]*inject under the skin", text)
    assert not re.search(r"take 1 (pen|inhaler|patch|injection|infusion)", text, re.IGNORECASE)


def test_drug_lists_are_written_by_line_by_semicolon_and_numbered_in_a_line(charts):
    text = "\n".join(" ".join(n.text.split()) for notes, _ in charts for n in notes)
    assert re.search(r"mg[^.;]{0,40}; [^;.]*mg", text)
    assert re.search(r"\b1\) [^)]{5,60} 2\) ", text)
    assert any("\n\N{BULLET} " in n.text for notes, _ in charts for n in notes)


def test_the_notes_of_a_visit_agree_on_what_the_patient_complains_of(charts):
    complaints = 0
    for notes, facts in charts:
        kinds = {n.note_id: n.note_type for n in notes}
        symptoms = {f.fact_id for f in facts if f.kind == "symptom"}
        assert not {i for i in symptoms if i.endswith("-yes") and i.removesuffix("yes") + "no" in symptoms}
        complaints += sum(
            f.kind == "symptom" and f.value == "present" and kinds[s["note_id"]] in ("outpatient note", "clinic letter")
            for f in facts
            for s in f.statements
        )
    assert complaints > 10


@pytest.mark.parametrize("half", ["a", "b"])
def test_the_other_halves_keep_mimics_layouts(half):
    bank = load_bank(half)
    assert not [slot for slot in ("drug.order", "meds.joint", "labs.item", "visit.complaint") if slot in bank]
