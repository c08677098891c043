import re
from itertools import permutations
from random import Random

import pytest

from ingest.synthetic.catalog_files import load_catalog
from ingest.synthetic.phrasing import FOLDER, HALVES, load_bank
from ingest.synthetic.voices import voice

_SLOT = re.compile(r"\{\w+\}")
_PARTS = (("hpi", ""), ("hpi", ".more"), ("course", ""), ("course", ".end"))


def plain(phrase):
    """The words of a phrase; of one of a word or two, the phrase itself."""
    words = " ".join(re.findall(r"[a-z]+", _SLOT.sub(" ", phrase).lower()))
    return words if len(words.split()) > 2 else phrase.strip().lower()


@pytest.mark.parametrize(("one", "other"), list(permutations(HALVES, 2)))
def test_no_phrase_stands_in_two_halves(one, other):
    a, b = ({(slot, plain(p)) for slot, many in load_bank(h).sources().items() for p in many} for h in (one, other))
    slots_apart = {words for slot, words in a if not slot.startswith(("heading", "exam.label"))}
    assert not a & b
    assert not {p for p in slots_apart if len(p.split()) > 3} & {p for _, p in b}


def test_all_halves_fill_the_same_slots_and_c_adds_layouts():
    a, b, c = (set(load_bank(h).sources()) for h in HALVES)
    assert a == b
    assert a < c


@pytest.mark.parametrize("half", HALVES)
def test_every_phrase_has_balanced_slots_and_alternatives(half):
    for slot, phrases in load_bank(half).sources().items():
        for phrase in phrases:
            assert phrase.count("{") == phrase.count("}"), (slot, phrase)
            assert "<" not in re.sub(r"<[^<>]*>", "", phrase), (slot, phrase)


@pytest.mark.parametrize("half", HALVES)
def test_every_illness_finding_and_study_can_be_told(half):
    bank, catalog = load_bank(half), load_catalog()
    for acute in catalog.acutes.values():
        assert all(f"{part}.{acute.key}{more}" in bank for part, more in _PARTS)
        assert all(f"exam.{region}.{finding}" in bank for region, finding in acute.exam.items())
        for part in ("title", "findings", "impression"):
            assert all(f"imaging.{part}.{key}" in bank for key in acute.imaging)


def test_the_banks_are_several_files_a_half():
    assert all(len(list((FOLDER / half).glob("*.yaml"))) >= 6 for half in HALVES)


def test_an_author_keeps_the_same_manner():
    assert voice("a", "nurse", 3) == voice("a", "nurse", 3)
    assert len({voice("a", "physician", n) for n in range(9)}) == 9


def test_a_phrase_is_not_repeated_while_others_are_unused():
    bank, author = load_bank("a"), voice("a", "physician", 1)
    used: set[str] = set()
    picked = [bank.pick("plan.watch", author, Random(1), used).source for _ in range(4)]
    assert len(set(picked)) == 4
