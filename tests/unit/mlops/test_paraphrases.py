"""The faithful restatements: well formed, each with its source."""

import re
from collections import Counter

import pytest

from mlops.evaluation.paraphrases import DEGREES, Case, chart_of, data_digests, load_cases

CASES = load_cases()


def normal(text: str) -> str:
    return " ".join(text.lower().split())


def test_ids_are_unique() -> None:
    ids = Counter([case.id for case in CASES] + [told.id for case in CASES for told in case.restated])
    assert [i for i, n in ids.items() if n > 1] == []


def test_the_id_of_a_restatement_begins_with_its_case() -> None:
    assert [told.id for case in CASES for told in case.restated if not told.id.startswith(f"{case.id}-r")] == []


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_a_case_cites_sources_that_it_has_and_says_things_once(case: Case) -> None:
    for told in case.restated:
        assert case.cited(told.cites)
        assert told.text.strip() == told.text and told.text
    texts = [normal(told.text) for told in case.restated]
    assert len(set(texts)) == len(texts)
    assert len({source.place.charted_at for source in case.sources if not source.place.charted_at[:4].isdigit()}) == 0


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_evidence_quotes_the_source_where_it_stands(case: Case) -> None:
    chart = chart_of(case)
    assert [e.citation.quote for e in chart.evidence] == [s.text for s in case.sources]
    assert [e.evidence_id for e in chart.evidence] == [f"E{i}" for i in range(1, len(case.sources) + 1)]
    assert [e.citation.charted_at for e in chart.evidence] == [s.place.charted_at for s in case.sources]


def test_facts_of_a_case_reach_its_timeline() -> None:
    chart = chart_of(next(case for case in CASES if case.id == "meds-01"))
    assert [fact.latest.fact.dose for fact in chart.resolved] == ["25 mg"]


def test_a_case_that_cites_what_it_lacks_is_refused() -> None:
    with pytest.raises(IndexError, match="count them from 1"):
        CASES[0].cited((9,))


def test_every_degree_is_written() -> None:
    assert {told.degree for case in CASES for told in case.restated} == set(DEGREES)


def test_digests_name_every_data_file() -> None:
    assert all(len(digest) == 64 for _, digest in data_digests())
    assert "paraphrases/medications.yaml" in dict(data_digests())


MAN = re.compile(r"\b(?:he|him|his|man|male|mr|wife)\b|\b\d+ ?M\b", re.IGNORECASE)
WOMAN = re.compile(r"\b(?:she|her|hers|woman|female|ms|mrs|husband)\b|\b\d+ ?F\b", re.IGNORECASE)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_a_restatement_brings_no_sex_that_its_source_does_not_tell(case: Case) -> None:
    source = " ".join(source.text for source in case.sources)
    for sex in (MAN, WOMAN):
        assert [told.id for told in case.restated if sex.search(told.text) and not sex.search(source)] == []


def test_there_are_three_hundred_of_them_and_more() -> None:
    assert sum(len(case.restated) for case in CASES) >= 300
