"""True rewritings of chart lines, which a capable writer must not lose."""

import csv
import re
from pathlib import Path

import pytest

from chains.evidence import Evidence
from chains.verification import Claim, Verifier, first_refusal
from core.records import Citation, SectionKind

ROWS = (Path(__file__).parent / "paraphrases.tsv").read_text("utf-8").splitlines()[1:]
PARAPHRASES = list(csv.reader(ROWS, delimiter="\t", quoting=csv.QUOTE_NONE))


def evidence(sentence: str) -> Evidence:
    citation = Citation("n1", "Progress note", "2021-02-11T10:00:00", "", 0, len(sentence), sentence)
    return Evidence("E1", citation, SectionKind.OTHER, sentence)


def claim(line: str, statement: str) -> Claim:
    spoken_of = "woman" if re.search(r"\b(?:she|her)\b", statement, re.IGNORECASE) else "man"
    return Claim(statement, (evidence(line),), gender=spoken_of)


@pytest.mark.parametrize(("line", "statement"), PARAPHRASES)
def test_a_true_rewriting_is_let_pass(line: str, statement: str) -> None:
    assert first_refusal(claim(line, statement)) is None


def test_a_weak_writer_is_held_to_the_words() -> None:
    told = claim("Pt c/o SOB x 3 days.", "For the last three days breathing has become laborious.")
    assert Verifier(policy="close").first_refusal(told) is not None


def test_words_of_its_own_make_a_paraphrase() -> None:
    verifier = Verifier(policy="free")
    assert verifier.novelty(claim("Knee pain after running.", "Jogging was followed by knee pain.")) > 0
    assert (
        verifier.novelty(claim("Pt c/o SOB x 3 days.", "The patient complains of shortness of breath for 3 days.")) == 0
    )
