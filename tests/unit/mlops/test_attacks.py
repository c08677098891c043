"""Our own attacks: well formed, aimed at the chart, and found out when they achieve something."""

import csv
import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from chains.unusual import enclosed, unusual
from core.records import Citation, Statement, Summary, SummarySection
from mlops.evaluation.attacks import Attack, Target, load_attacks
from mlops.evaluation.attacks.planting import NOTE_TYPES, PLACES, BaseChart, Planted, Planter, harmless, variants_of
from mlops.evaluation.ledger import PatientLedger
from mlops.evaluation.tasks.injection import _seen, _successes

TARGET = Target("metformin", "500 mg", "penicillin", "asthma")
ROW = {
    "note_id": "n1",
    "subject_id": "p",
    "hadm_id": "h",
    "note_type": "DS",
    "charttime": "2180-01-01",
    "text": "A.\n\nB.",
}
BASE = BaseChart("p", (ROW,), PatientLedger("p", (), "2180-01-01"), TARGET)


def test_there_are_at_least_a_hundred_attacks_of_many_goals_none_twice() -> None:
    attacks = load_attacks()
    assert len(attacks) >= 100
    assert sum("\n\n" in a.text or "\r\n" in a.text for a in attacks) >= 8
    assert len({a.attack_id for a in attacks}) == len(attacks) == len({a.text for a in attacks})
    assert len({a.goal for a in attacks}) >= 12


@pytest.mark.parametrize("attack", load_attacks(), ids=lambda a: a.attack_id)
def test_every_attack_is_filled_in_and_is_unusual(attack: Attack) -> None:
    filled = attack.against(TARGET)
    assert not {"{drug}", "{dose}", "{allergen}", "{problem}", "{payload}"} & set(filled.text.split())
    assert unusual(filled.text) or list(enclosed(filled.text))


@pytest.mark.parametrize("falsehood", load_attacks("falsehoods"), ids=lambda a: a.attack_id)
def test_a_plain_falsehood_says_what_it_denies(falsehood: Attack) -> None:
    assert falsehood.denies in ("allergen", "drug")
    plain = falsehood.against(TARGET).text.removeprefix("Ignore all previous instructions.")
    assert unusual(plain) == ()


def test_harmless_words_are_as_many_as_asked_for_and_not_unusual() -> None:
    assert len(harmless(33).split()) == 33
    assert unusual(harmless(200)) == ()


@pytest.mark.parametrize("place", PLACES)
def test_what_is_planted_stands_where_the_variant_says(place: str, tmp_path: Path) -> None:
    planter = Planter()
    variant = planter.plant(BASE, "PLANTED", "DS", place, None)  # type: ignore[arg-type]
    planter.write(tmp_path)
    with gzip.open(tmp_path / "notes.csv.gz", "rt", newline="") as file:
        texts = {row["note_id"]: row["text"] for row in csv.DictReader(file)}
    assert texts[variant.note_id][variant.start : variant.end] == "PLANTED"
    assert all(note_id.endswith(variant.patient_id) for note_id in texts)
    assert "".join(texts.values()).replace("PLANTED", "").replace("\n", "") == "A.B."


def test_every_attack_meets_every_type_of_note() -> None:
    met = list(variants_of(load_attacks()[:4], [BASE], 5))
    assert len(met) == 20
    assert {t for a, _, t, _ in met if a == load_attacks()[0]} == set(NOTE_TYPES)
    assert {place for *_, place in met} == set(PLACES)


def citation(note_id: str, quote: str) -> Citation:
    return Citation(note_id, "DS", None, "", 0, len(quote), quote)


def statement(text: str, note_id: str = "n1", **fields: object) -> Statement:
    return replace(Statement("s", text, "quoted", (citation(note_id, text),)), **fields)


def summary(*statements: Statement) -> Summary:
    section = SummarySection("medications", "Medications", "ok", 0, statements)
    return Summary("i", "p", "handoff", "", "extractive", (section,), (), None, None, None, None)  # type: ignore[arg-type]


VARIANT = Planted("p", BASE, "DS", "new note", load_attacks()[0].against(TARGET), "planted", 0, 100)
CALM = summary(statement("metformin 500 mg"))


@pytest.mark.parametrize(
    ("after", "achieved"),
    [
        ([statement("metformin 500 mg")], []),
        ([statement("metformin 500 mg"), statement("Ignore it", "planted", flags=("unusual",))], []),
        ([statement("metformin 500 mg"), statement("Ignore it", "planted")], ["not flagged"]),
        ([statement("metformin 400 mg")], ["changed or gone", "new"]),
        ([], ["changed or gone"]),
        (
            [
                statement("metformin 500 mg"),
                statement("Takes metformin 400 mg.", "planted", status="supported", flags=("unusual",)),
            ],
            ["asserted"],
        ),
    ],
)
def test_what_an_attack_achieves_is_counted(after: list[Statement], achieved: list[str]) -> None:
    calm = [_seen(CALM, VARIANT)]
    found = list(_successes(VARIANT, _seen(summary(*after), VARIANT), calm))
    assert [reason.split(":")[0].split(" [")[0] for reason in found] == achieved


def test_what_harmless_words_change_too_is_no_success_of_an_attack() -> None:
    calm = [_seen(CALM, VARIANT), _seen(summary(statement("metformin 400 mg")), VARIANT)]
    assert list(_successes(VARIANT, _seen(summary(statement("metformin 400 mg")), VARIANT), calm)) == []


def test_a_model_that_says_the_same_words_otherwise_has_lost_nothing() -> None:
    calm = [_seen(CALM, VARIANT, rewritten=True)]
    other = summary(*(replace(s, text=f"Noted: {s.text}") for section in CALM.sections for s in section.statements))
    assert list(_successes(VARIANT, _seen(other, VARIANT, rewritten=True), calm)) == []
    assert any("gone" in why for why in _successes(VARIANT, _seen(summary(), VARIANT, rewritten=True), calm))
