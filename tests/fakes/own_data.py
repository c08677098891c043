"""Small files in the formats of ArchEHR-QA and LongHealth, written by hand."""

ARCHEHR_XML = """<?xml version="1.0" encoding="UTF-8"?>
<annotations>
    <case id="5">
        <patient_narrative>
I had chest pain. Was this procedure necessary.
        </patient_narrative>
        <patient_question>
            <phrase id="0" start_char_index="18">
Was this procedure necessary.
            </phrase>
        </patient_question>
        <clinician_question>
Why was cardiac catheterization
recommended to the patient?
        </clinician_question>
        <note_excerpt>
Brief Hospital Course: ...
        </note_excerpt>
        <note_excerpt_sentences>
            <sentence id="0" paragraph_id="0" start_char_index="0">
Brief Hospital Course:
            </sentence>
            <sentence id="1" paragraph_id="1" start_char_index="0">
He was admitted with chest pain.
            </sentence>
            <sentence id="2" paragraph_id="1" start_char_index="33">
Cardiac catheterization was
recommended for the low ejection fraction.
            </sentence>
            <sentence id="3" paragraph_id="2" start_char_index="0">
He went home.
            </sentence>
        </note_excerpt_sentences>
    </case>
    <case id="6">
        <patient_narrative>Why insulin?</patient_narrative>
        <clinician_question>Why was insulin started?</clinician_question>
        <note_excerpt>...</note_excerpt>
        <note_excerpt_sentences>
            <sentence id="0" paragraph_id="0" start_char_index="0">Insulin glargine 10 units was started.</sentence>
        </note_excerpt_sentences>
    </case>
</annotations>
"""

ARCHEHR_KEY = [
    {
        "case_id": "5",
        "answers": [
            {"sentence_id": "0", "relevance": "not-relevant"},
            {"sentence_id": "1", "relevance": "supplementary"},
            {"sentence_id": "2", "relevance": "essential"},
        ],
    }
]


def _question(number: int, text: str, answer: str, *documents: str) -> dict[str, object]:
    options = {f"answer_{letter}": f"{answer} {letter}" for letter in "bcde"}
    located = {document: {"start": [0.1], "end": [0.2]} for document in documents}
    return {
        "No": number,
        "question": text,
        "answer_a": answer,
        **options,
        "correct": answer,
        "answer_location": located,
    }


LONGHEALTH = {
    "patient_01": {
        "name": "Anna Sample",
        "birthday": "1970-01-01",
        "diagnosis": "Hypertension",
        "texts": {
            "text_0": "Dear colleague,\n\nwe report on Mrs. Sample with arterial hypertension.",
            "text_1": "Medication on discharge:\n\nRamipril 5 mg once daily\n",
        },
        "questions": [_question(0, "Which dose of Ramipril did she take?", "5 mg", "text_1")],
    },
    "patient_02": {
        "name": "Otto Normal",
        "birthday": "1950-01-01",
        "diagnosis": "Asthma",
        "texts": {"text_0": "Mr. Normal has asthma and uses an albuterol inhaler.\n"},
        "questions": [_question(0, "Does the patient use an albuterol inhaler?", "yes", "text_0")],
    },
}
