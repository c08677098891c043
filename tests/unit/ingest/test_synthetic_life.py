import pytest

from ingest.synthetic.catalog import Condition
from ingest.synthetic.catalog_files import load_catalog
from ingest.synthetic.life import simulate


@pytest.fixture(scope="module")
def lives():
    return [simulate(load_catalog(), seed=5, index=i) for i in range(150)]


def test_the_catalog_is_broad():
    catalog = load_catalog()
    assert len(catalog.conditions) >= 40
    assert len({d.name for d in catalog.drugs.values()}) >= 80
    assert len(catalog.archetypes) >= 20


def test_every_prescription_ends_after_it_starts(lives):
    assert all(p.end is None or p.start <= p.end for life in lives for p in life.prescriptions.values())


def test_doses_change_drugs_stop_problems_resolve_and_allergies_are_found(lives):
    verbs = {c.verb for life in lives for e in life.encounters for c in e.changes}
    assert {"started", "increased", "decreased", "stopped", "switched", "held"} <= verbs
    assert any(isinstance(c.problem, Condition) and c.resolved for life in lives for c in life.courses.values())
    assert any(s.allergen and s.known == e.start for life in lives for s in life.sensitivities for e in life.encounters)
    assert {s.kind for life in lives for s in life.slips} == {"dose", "problem", "allergy"}


def test_nobody_takes_what_they_are_known_to_be_allergic_to(lives):
    for life in lives:
        for s in life.sensitivities:
            if s.allergen is None:
                continue
            for p in life.prescriptions.values():
                late = p.start > s.known or (p.end is None and p.start >= s.known)
                assert not (late and p.drug.key in s.allergen.members), (life.person.subject_id, p.drug.key)


def test_only_women_of_an_age_for_it_are_pregnant(lives):
    expecting = [v for v in lives if any(c.problem.key == "pregnancy" for c in v.courses.values())]
    assert expecting
    assert all(v.person.sex == "F" and v.person.age(v.encounters[0].start) < 45 for v in expecting)


def test_two_drugs_of_one_group_are_never_taken_together(lives):
    for life in lives:
        at = life.encounters[-1].end
        standing = [p for p in life.drugs(at) if p.end is None]
        groups = [p.drug.group for p in standing]
        assert len(groups) == len(set(groups)), (life.person.subject_id, groups)


def test_encounters_do_not_overlap(lives):
    for life in lives:
        for before, after in zip(life.encounters, life.encounters[1:], strict=False):
            assert before.end <= after.start


def test_diuresis_shows_in_the_natriuretic_peptide(lives):
    stays = [(v, e) for v in lives for e in v.encounters if e.acute and e.acute.key == "hf_exacerbation" and e.days > 2]
    falls = []
    for life, stay in stays:
        values = [r.value for r in life.results_between(stay.start, stay.end) if r.lab.key == "BNP"]
        falls += [values[0] > values[-1]] if len(values) > 1 else []
    assert falls
    assert sum(falls) > 0.9 * len(falls)


def test_a_patient_is_the_same_whoever_else_there_is():
    assert simulate(load_catalog(), seed=2, index=7) == simulate(load_catalog(), seed=2, index=7)
