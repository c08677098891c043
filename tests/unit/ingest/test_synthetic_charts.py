import re

import pytest

from ingest.synthetic.catalog_files import load_catalog
from ingest.synthetic.chart import write_chart
from ingest.synthetic.phrasing import HALVES, load_bank


@pytest.fixture(scope="module", params=HALVES)
def charts(request):
    return [write_chart(load_catalog(), load_bank(request.param), seed=3, index=i) for i in range(14)]


def squeeze(text):
    return re.sub(r"\s+", " ", text).lower()


def test_every_span_carries_the_facts_name_and_its_value(charts):
    for notes, facts in charts:
        texts = {n.note_id: n.text for n in notes}
        for fact in facts:
            for s in fact.statements:
                told = squeeze(texts[s["note_id"]][s["start"] : s["end"]])
                assert told == told.strip(), (fact, told)
                names = (fact.name, *fact.synonyms)
                if fact.kind == "vital":
                    assert fact.value in told
                elif fact.kind == "social_history":
                    assert fact.value.lower() in told
                else:
                    assert any(n.lower() in told for n in names), (fact.kind, fact.name, told)
                if fact.kind == "drug":
                    dose = fact.value.replace(" ", "").lower()
                    assert dose in told.replace(" ", "").replace("tablet", "tab"), (fact.value, told)
                if fact.kind == "result":
                    assert fact.value in told


def test_a_chart_has_five_to_eighty_notes(charts):
    assert all(5 <= len(notes) <= 80 for notes, _ in charts)


def test_there_are_at_least_eight_note_types(charts):
    assert len({n.note_type for notes, _ in charts for n in notes}) >= 8


def test_note_ids_are_unique_and_notes_are_in_order(charts):
    for notes, _ in charts:
        assert len({n.note_id for n in notes}) == len(notes)
        assert [n.charttime for n in notes] == sorted(n.charttime for n in notes)


def test_superseded_facts_link_to_facts_of_the_ledger(charts):
    links = 0
    for _, facts in charts:
        known = {f.fact_id: f for f in facts}
        for fact in facts:
            if fact.superseded_by:
                links += 1
                assert known[fact.superseded_by].kind == fact.kind
                assert fact.valid_until is not None or not fact.correct
    assert links > 50


def test_every_drug_current_at_the_end_is_stated(charts):
    for _, facts in charts:
        standing = [f for f in facts if f.kind == "drug" and f.valid_until is None and f.correct]
        assert all(f.statements for f in standing)


def test_wrong_statements_are_marked_and_corrected(charts):
    wrong = [f for _, facts in charts for f in facts if not f.correct]
    assert wrong
    for fact in wrong:
        actions = [s["action"] for s in fact.statements]
        assert "corrected" in actions, fact


def test_some_lists_still_name_a_drug_that_was_stopped(charts):
    stale = [f for _, facts in charts for f in facts if f.kind == "drug" and any(s["stale"] for s in f.statements)]
    assert any("end_reason" in f.attributes for f in stale)


def test_negation_family_history_and_copied_text_occur(charts):
    seen = {s["assertion"] for _, facts in charts for f in facts for s in f.statements}
    assert {"present", "negated", "historical", "family"} <= seen
    assert any(s["copied"] for _, facts in charts for f in facts for s in f.statements)


def test_text_is_hard_wrapped_and_has_placeholders(charts):
    texts = [n.text for notes, _ in charts for n in notes]
    assert max(len(line) for t in texts for line in t.split("\n")) <= 84
    assert sum("___" in t for t in texts) > len(texts) / 3


def test_no_slot_or_double_article_is_left_in_a_note(charts):
    faults = re.compile(r"[{}<]\w+[}|]|\b(a|an) (a|an)\b|\bof (a|an) (a|an)\b| ,|\.\.(?!\.)")
    for notes, _ in charts:
        for note in notes:
            found = faults.search(note.text)
            assert found is None, (note.note_id, note.text[max(0, found.start() - 60) : found.end() + 40])
