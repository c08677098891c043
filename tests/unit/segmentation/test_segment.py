"""Offsets hold over any text; sections and sentences follow how US notes are written."""

import textwrap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.records import Note, SectionKind
from ingest.segmentation import Segmentation, segment
from ingest.segmentation.sections import find_sections

AWKWARD = [
    "𝛂🩺👩‍⚕️",
    "e\u0301",
    "\r\n",
    "\x85",
    "\u2028",
    "\u200b",
    "\u202e",
    "\t",
    "___",
    "\ufeff",
    "\x0b",
    "\xa0",
    "\n\n",
    " \n",
]
PIECES = [
    "Allergies:",
    "# Plan",
    "MEDICATIONS\n",
    "- item",
    "1. first",
    "Dr. Lee saw her.",
    "q.d. ",
    "3.5",
    "HPI: ",
    "| a | b |",
    "Na\t140",
    "BP 120/80. ",
    "word ",
    "and\n",
    "Impression:\n",
    "... ",
    "?",
    "   x   y",
    ".",
    "#",
    "PMH: HTN. Allergies: NKDA. Meds: none",
]
texts = st.lists(st.sampled_from(AWKWARD + PIECES) | st.text(max_size=12), max_size=40).map("".join)


def cut(text: str, note_type: str = "", chunk_tokens: int = 30) -> Segmentation:
    note = Note("n", "p", None, note_type, None, text)
    return segment(note, count_tokens=lambda s: len(s.split()), chunk_tokens=chunk_tokens)


def sentences(text: str) -> list[str]:
    return [text[s.start : s.end] for s in cut(text).sentences]


def sections(text: str, note_type: str = "") -> list[tuple[str, str]]:
    return [(s.heading, s.kind.value) for s in cut(text, note_type).sections]


@given(texts)
@settings(max_examples=150, deadline=None)
def test_sections_cover_the_note_and_sentences_cover_all_but_headings(text: str) -> None:
    result = cut(text)
    assert "".join(text[s.start : s.end] for s in result.sections) == text
    covered = bytearray(len(text))
    for headed in find_sections(text):
        covered[headed.section.start : headed.body] = b"\x01" * (headed.body - headed.section.start)
    end = 0
    for ordinal, s in enumerate(result.sentences):
        assert s.ordinal == ordinal and end <= s.start < s.end
        assert text[s.start : s.end] == text[s.start : s.end].strip()
        assert sum(c.start <= s.start and s.end <= c.end and c.heading == s.heading for c in result.sections) == 1
        covered[s.start : s.end] = b"\x01" * (s.end - s.start)
        end = s.end
    assert all(done or c.isspace() for c, done in zip(text, covered, strict=True))


@given(texts, st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_chunks_are_runs_of_sentences_of_one_section(text: str, limit: int) -> None:
    result = cut(text, chunk_tokens=limit)
    expected = 0
    for c in result.chunks:
        assert c.first_sentence == expected
        inside = result.sentences[c.first_sentence : c.last_sentence + 1]
        assert (c.start, c.end) == (inside[0].start, inside[-1].end)
        assert len({(s.heading, s.kind) for s in inside}) == 1
        assert len(inside) == 1 or len(text[c.start : c.end].split()) <= limit
        expected = c.last_sentence + 1
    assert expected == len(result.sentences)


PROSE = (
    "She is a 71 year old woman with heart failure who was seen by Dr. Alvarez on Monday. Her creatinine rose from 1.2 "
    "to 2.4 mg/dL over 3 days. Lisinopril 10 mg p.o. b.i.d. was held, e.g. on account of hypotension vs. sepsis. "
    "No. 5 scalpel was used. She denies chest pain! Is she on warfarin? Yes."
)


@pytest.mark.parametrize("width", [50, 60, 72, 80, 100, 120])
def test_a_hard_wrapped_line_does_not_end_a_sentence(width: int) -> None:
    whole = sentences(PROSE)
    wrapped = sentences(textwrap.fill(PROSE, width, break_on_hyphens=False))
    assert [s.replace("\n", " ") for s in wrapped] == whole
    assert len(whole) == 7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Seen by Dr. Wu at 8 a.m. today. Well.", ["Seen by Dr. Wu at 8 a.m. today.", "Well."]),
        (
            "Took .5 mg. Then 3.5 mg q.d. Metoprolol stopped.",
            ["Took .5 mg.", "Then 3.5 mg q.d.", "Metoprolol stopped."],
        ),
        ("She has hepatitis C. She is well.", ["She has hepatitis C.", "She is well."]),
        ("no fever. no chills. abd. soft", ["no fever.", "no chills.", "abd. soft"]),
        ("1. CHF. 2. COPD.", ["1. CHF.", "2. COPD."]),
        ("Pain resolved.She went home.", ["Pain resolved.", "She went home."]),
        ("J. Smith was called.", ["J. Smith was called."]),
    ],
)
def test_abbreviations_and_numbers_do_not_end_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_list_items_are_sentences_and_keep_their_continuation_lines() -> None:
    text = "Plan:\n- Continue aspirin\n  and a statin\n- Stop ibuprofen\n1. Follow up\n2) Call\n"
    assert sentences(text) == ["- Continue aspirin\n  and a statin", "- Stop ibuprofen", "1. Follow up", "2) Call"]


def test_unmarked_lists_and_table_rows_stay_apart() -> None:
    text = (
        "MEDICATIONS\nlisinopril 10 mg daily\nmetformin 500 mg BID\n\n"
        "RESULTS\nSodium   140   mmol/L\nPotassium\t4.1\n| WBC | 9 |\n"
    )
    assert sentences(text) == [
        "lisinopril 10 mg daily", "metformin 500 mg BID", "Sodium   140   mmol/L", "Potassium\t4.1", "| WBC | 9 |",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "heading", "kind"),
    [
        ("HISTORY OF PRESENT ILLNESS:\nx", "HISTORY OF PRESENT ILLNESS", "history_of_present_illness"),
        ("Allergies: \nNKDA", "Allergies", "allergies"),
        ("# Assessment and Plan\nx", "Assessment and Plan", "assessment"),
        ("## Plan\nx", "Plan", "plan"),
        ("Meds on admission: aspirin", "Meds on admission", "medications"),
        ("IMPRESSION:\nx", "IMPRESSION", "assessment"),
        ("Chief Complaint\nx", "Chief Complaint", "chief_complaint"),
        ("PMH: HTN, DM2", "PMH", "past_history"),
        ("**Family History**\nx", "Family History", "family_history"),
        ("BIRTH HISTORY\nx", "BIRTH HISTORY", "other"),
        ("A/P:\nx", "A/P", "assessment"),
        ("Discharge Medications (reconciled):\nx", "Discharge Medications (reconciled)", "medications"),
    ],
)
def test_headings_are_recognised(text: str, heading: str, kind: str) -> None:
    assert sections(text) == [(heading, kind)]


@pytest.mark.parametrize(
    "text",
    [
        "PENICILLIN\n",
        "Hypertension.\n",
        "# Hypertension: continue lisinopril\n",
        "She takes the following\nmedications: aspirin\n",
        "• Medical Treatment: Continue aspirin.\n",
        "The patient was seen in clinic today and was asked about her\nMedications\n",
        "At 10:30 she ate.\n",
    ],
)
def test_text_is_not_taken_for_a_heading(text: str) -> None:
    assert sections(text) == [("", "other")]


def test_headings_inside_a_line_are_found() -> None:
    assert sections("PMH: HTN. Allergies: NKDA. Meds: aspirin 81 mg") == [
        ("PMH", "past_history"), ("Allergies", "allergies"), ("Meds", "medications"),
    ]  # fmt: skip


def test_an_impression_of_a_radiology_note_is_imaging() -> None:
    assert sections("IMPRESSION:\nNo effusion.", "Radiology") == [("IMPRESSION", "imaging")]


@pytest.mark.parametrize(
    "unit", ["word ", "a.b ", "....", "  ", "\t|", "# ", "Allergies: x\n", "x. Y", "\n", "🩺", "A:"]
)
def test_a_note_of_half_a_megabyte_takes_linear_time(unit: str) -> None:
    text = unit * (500_000 // len(unit))
    begin = time.process_time()
    result = cut(text)
    assert time.process_time() - begin < 5
    assert result.sections[-1].end == len(text)
    assert all(s.kind in SectionKind for s in result.sentences)


@pytest.mark.parametrize(
    ("text", "heading", "kind"),
    [
        ("HX SINCE PRIOR VISIT\nWell.\n", "HX SINCE PRIOR VISIT", "history_of_present_illness"),
        (
            "HISTORY OF THE PRESENT PROBLEM\nChest pain.\n",
            "HISTORY OF THE PRESENT PROBLEM",
            "history_of_present_illness",
        ),
        ("Reason for visit/admission: Fever and cough\n", "Reason for visit/admission", "chief_complaint"),
        ("Allergies/ADRs: cephalexin -> hives\n", "Allergies/ADRs", "allergies"),
        ("Current outpatient Rx:\naspirin 81 mg daily\n", "Current outpatient Rx", "medications"),
        ("Drug allergies - Latex\n", "Drug allergies", "allergies"),
        ("Home Rx -\naspirin 81 mg daily\n", "Home Rx", "medications"),
        ("Resuscitation status: DNR\n", "Resuscitation status", "code_status"),
        ("Rx list\n- aspirin 81 mg daily\n", "Rx list", "medications"),
        ("Hx in family:\nMother: stroke.\n", "Hx in family", "family_history"),
        ("Vitals at triage\n--------\nBP 120/80\n", "Vitals at triage", "vitals"),
        ("A+P by problem\n\nGout: rest.\n", "A+P by problem", "assessment"),
    ],
)
def test_a_heading_nobody_listed_is_known_by_its_words(text: str, heading: str, kind: str) -> None:
    assert sections(text) == [(heading, kind)]
    assert not any(heading in sentence for sentence in sentences(text))


@pytest.mark.parametrize("heading", ["WHAT CHANGED", "Our thoughts:", "OUR THOUGHTS --", "Our thoughts\n==========="])
def test_a_heading_of_other_words_ends_the_section_before_and_stays_text(heading: str) -> None:
    text = f"LABORATORY DATA\nSodium 140\n\n{heading}\nShe is much better and would like to go home.\n"
    assert [kind for _, kind in sections(text)] == ["results", "other"]
    assert heading.splitlines()[0] in sentences(text)


def test_the_name_of_a_problem_over_its_paragraph_is_part_of_the_plan() -> None:
    text = "ASSESSMENT AND PLAN:\n\nHEART FAILURE\nDiurese.\n\nAcute kidney injury --\nFluids.\n"
    assert {kind for _, kind in sections(text)} == {"assessment"}


@pytest.mark.parametrize(
    "text",
    [
        "PATIENT IS WELL.\n\nNO KNOWN ALLERGIES\nSHE TAKES NOTHING.\n",
        "Seen today.\n\nLisinopril - continue\n",
        "Labs reviewed and stable\n",
        "She was seen with her daughter this morning and was shown the\nExam findings - none\n",
    ],
)
def test_a_line_that_says_something_is_no_heading(text: str) -> None:
    assert sections(text) == [("", "other")]


def test_prose_behind_a_paragraph_of_drugs_is_no_part_of_it() -> None:
    text = "Medications: aspirin 81 mg daily and\nlisinopril 10 mg daily.\n\n"
    prose = "As for her coronary artery disease, things are quiet.\n"
    assert sections(text + prose) == [("Medications", "medications"), ("", "other")]
    assert sections(text + "Metformin 500 mg tablet, one by mouth twice daily.\n") == [("Medications", "medications")]


@pytest.mark.parametrize(
    ("heading", "kind"), [("SocHx:", SectionKind.SOCIAL_HISTORY), ("Zorbeling:", SectionKind.OTHER)]
)
def test_one_word_and_a_colon_behind_an_empty_line_end_a_list_of_allergies(heading: str, kind: SectionKind) -> None:
    text = f"Allergies: NKA\n\n{heading}\nLives with family, retired postal worker.\n\nFHx:\nNone."
    headed = [(s.section.kind, text[s.section.start : s.section.end]) for s in find_sections(text)]
    assert (kind, f"{heading}\nLives with family, retired postal worker.\n\n") in headed
    assert headed[0] == (SectionKind.ALLERGIES, "Allergies: NKA\n\n")
