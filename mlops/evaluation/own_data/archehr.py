"""ArchEHR-QA, as published for BioNLP at ACL 2025 (Soni and Demner-Fushman; PhysioNet, credentialed access).

A folder holds `archehr-qa.xml`: `<annotations>` of `<case id>` with `<clinician_question>` and
`<note_excerpt_sentences>` of `<sentence id paragraph_id start_char_index>`; and, for the development set,
`archehr-qa_key.json`: a list of `{"case_id", "answers": [{"sentence_id", "relevance"}]}` where `relevance` is
"essential", "supplementary" or "not-relevant".
"""

import json
from pathlib import Path
from xml.etree import ElementTree

from core.records import Note
from mlops.evaluation.own_data.dataset import Asked, Dataset, Place, Unreadable, digests

CASES, KEY = "archehr-qa.xml", "archehr-qa_key.json"
NOTE_TYPE = "discharge summary"


def read_archehr(folder: Path) -> Dataset:
    """Each case as a patient with one note, its sentences put together again, and the clinician's question.

    The places of an answer are its essential sentences. Without the key there are none.

    Raises:
        Unreadable: a file is missing or is not in this format.
    """
    try:
        # The user's own file; expat refuses entities that grow.
        root = ElementTree.parse(folder / CASES).getroot()  # noqa: S314
        key = _read_key(folder / KEY)
        cases = [_case(case, key) for case in root.iter("case")]
        paths = [p for p in (folder / CASES, folder / KEY) if p.exists()]
        files = digests("archehr", *paths)
    except OSError as e:
        raise Unreadable(f"{folder / CASES}: {e.strerror or type(e).__name__}") from e
    except (ElementTree.ParseError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise Unreadable(f"{folder} does not hold ArchEHR-QA as published in 2025 ({type(e).__name__})") from e
    if not cases:
        raise Unreadable(f"{folder / CASES} holds no case")
    notes, questions = zip(*cases, strict=True)
    return Dataset("archehr", notes, questions, digests=files)


def _read_key(path: Path) -> dict[str, set[str]]:
    """The essential sentences of each case."""
    if not path.exists():
        return {}
    return {
        str(case["case_id"]): {str(a["sentence_id"]) for a in case["answers"] if a["relevance"] == "essential"}
        for case in json.loads(path.read_text(encoding="utf-8"))
    }


def _case(case: ElementTree.Element, key: dict[str, set[str]]) -> tuple[Note, Asked]:
    case_id = case.attrib["id"]
    patient_id, note_id = f"archehr-{case_id}", f"archehr/{case_id}"
    question = " ".join((case.findtext("clinician_question") or "").split())
    if not question:
        raise ValueError("a case without a clinician's question")
    text, places, paragraph = "", [], None
    for sentence in case.find("note_excerpt_sentences").iter("sentence"):  # type: ignore[union-attr]
        words = (sentence.text or "").strip().replace("\r\n", "\n")
        within = sentence.get("paragraph_id")
        text += "" if paragraph is None else " " if within == paragraph else "\n\n"
        if sentence.attrib["id"] in key.get(case_id, set()):
            places.append(Place(note_id, len(text), len(text) + len(words)))
        text, paragraph = text + words, within
    return Note(note_id, patient_id, None, NOTE_TYPE, None, text), Asked(patient_id, case_id, question, tuple(places))
