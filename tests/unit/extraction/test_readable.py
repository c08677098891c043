"""What a reader sees is what is looked up, and every character keeps its place in the stored text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.records import FactKind, Note
from extraction import extract_facts
from extraction.readable import readable
from ingest.segmentation import segment

TAG_A = "\U000e0061"


def named(text: str, kind: FactKind) -> list[tuple[str, str]]:
    note = Note("n", "p", None, "", None, text)
    cut = segment(note, count_tokens=lambda s: len(s.split()), chunk_tokens=100)
    return [(f.name, text[f.start : f.end]) for f in extract_facts(note, cut.sentences) if f.kind is kind]


@pytest.mark.parametrize(
    "allergen",
    [
        "peni\u200bcillin",
        "p\u00adeni\u00adcillin",
        "pen\u2060ic\ufeffillin",
        f"peni{TAG_A}cillin",
        "penic\u202eillin",
        "penic\ufe0fillin",
        "p\u0336e\u0336n\u0336i\u0336c\u0336i\u0336l\u0336l\u0336i\u0336n",
        "реnicillin",
        "рenісіllin",
        "ｐｅｎｉｃｉｌｌｉｎ",
        "𝗽𝗲𝗻𝗶𝗰𝗶𝗹𝗹𝗶𝗻",
        "ｐenicillin",
        "pénicillin",
        "PENICÍLLÎN",
        "pénicіllin",
    ],
)
def test_an_allergy_is_found_however_its_letters_are_disguised(allergen: str) -> None:
    text = f"Allergies: {allergen} (anaphylaxis).\nPlan: home."
    [(name, words)] = named(text, FactKind.ALLERGY)
    assert name == "penicillin"
    assert words.startswith(allergen)
    assert "anaphylaxis" in words


def test_a_drug_between_hidden_characters_has_its_own_words_as_its_place() -> None:
    text = "Medications:\n- \u200bwar\u200bfаrin\u200b 5\u200b mg daily\u200b\n- aspirin 81 mg"
    assert named(text, FactKind.DRUG) == [
        ("warfarin", "war\u200bfаrin\u200b 5\u200b mg daily"),
        ("aspirin", "aspirin 81 mg"),
    ]


def test_a_dose_in_digits_of_another_script_is_the_same_dose() -> None:
    text = "Medications:\n- warfarin ٥ mg daily\n- aspirin ८१ mg daily"
    assert named(text, FactKind.DRUG) == [("warfarin", "warfarin ٥ mg daily"), ("aspirin", "aspirin ८१ mg daily")]
    assert readable("٥ mg, ८१ mg, ۷").text == "5 mg, 81 mg, 7"


def test_a_heading_with_a_hidden_character_still_heads_its_section() -> None:
    text = "Plan: rest.\nALLER\u200bGIES\u200b:\nsulfa\n"
    assert named(text, FactKind.ALLERGY) == [("sulfonamides", "sulfa")]


@pytest.mark.parametrize(
    "text",
    [
        "Ménière disease, Sjögren, São João, señor, 10⁹/L, m², µg, β-blocker, TNFα, 5 °C, naïve",
        "Пациент принимает сосудистые препараты",
        "患者はCTを受けた",
        "Temp 38.2 → 37.0 • stable",
    ],
)
def test_what_is_written_honestly_is_left_alone(text: str) -> None:
    assert readable(text).text == text


@given(st.text(st.sampled_from("ab 5\nа\u200b\u0301\U000e0061ｑé\u202e"), max_size=40))
def test_each_character_read_comes_from_its_place(text: str) -> None:
    read = readable(text)
    places = read.places if read.places is not None else tuple(range(len(text)))
    assert len(places) == len(read.text)
    assert list(places) == sorted(set(places))
    assert all(read.text[i] == text[p] or not text[p].isascii() for i, p in enumerate(places))
    assert read.text.count("\n") == text.count("\n")


@given(st.text(max_size=60))
def test_ordinary_ascii_is_read_as_it_stands(text: str) -> None:
    plain = text.encode("ascii", "ignore").decode()
    assert readable(plain).text == plain


@given(st.lists(st.sampled_from(["ALLERGIES:", "sul\u200bfa", "\n", " ", "wаrfarin 5 mg", "\u202e", "Plan:", "."])))
def test_facts_and_sections_lie_within_the_stored_text(parts: list[str]) -> None:
    text = "".join(parts)
    note = Note("n", "p", None, "", None, text)
    cut = segment(note, count_tokens=lambda s: len(s.split()), chunk_tokens=100)
    assert not cut.sections or (cut.sections[0].start == 0 and cut.sections[-1].end == len(text))
    for fact in extract_facts(note, cut.sentences):
        sentence = cut.sentences[fact.sentence]
        assert sentence.start <= fact.start < fact.end <= sentence.end
