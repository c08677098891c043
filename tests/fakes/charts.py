"""A small index with hand-written charts, built by the real ingest code around a fake embedder."""

from collections.abc import Sequence
from pathlib import Path

from core.records import Note, ProcessedNote
from extraction import extract_facts
from ingest.segmentation import segment
from tests.fakes.embeddings import HashedWords
from vectorstore.specs import ChunkingSpec
from vectorstore.store import Store
from vectorstore.writer import IndexWriter

CHUNKING = ChunkingSpec(version="test", chunk_tokens=80)


def process(note: Note) -> ProcessedNote:
    """All that ingest finds in a note."""
    parts = segment(note, count_tokens=HashedWords().count_tokens, chunk_tokens=CHUNKING.chunk_tokens)
    facts = extract_facts(note, parts.sentences)
    return ProcessedNote(note, "test", parts.sections, parts.sentences, parts.chunks, facts)


def build_store(root: Path, notes: Sequence[Note]) -> Store:
    """Publish `notes` in `root` and open it."""
    embeddings = HashedWords()
    with IndexWriter(root, embedding=embeddings.spec, chunking=CHUNKING) as writer:
        for patient_id in sorted({n.patient_id for n in notes}):
            processed = [process(n) for n in notes if n.patient_id == patient_id]
            texts = [p.note.text[c.start : c.end] for p in processed for c in p.chunks]
            writer.put_patient(patient_id, processed, embeddings.embed(texts))
        writer.publish()
    return Store(root, embeddings)


def _note(patient_id: str, number: int, note_type: str, charted_at: str, text: str) -> Note:
    return Note(f"{patient_id}/n{number}", patient_id, None, note_type, charted_at, text)


AVA = (
    _note(
        "ava",
        1,
        "History and physical",
        "2021-02-03T08:30:00",
        "CHIEF COMPLAINT: Shortness of breath.\n\n"
        "HISTORY OF PRESENT ILLNESS:\nMs. ___ is a 71 year old woman with heart failure who presents with two days of\n"
        "worsening shortness of breath. She denies chest pain. No fever or chills.\n\n"
        "PAST MEDICAL HISTORY:\n1. Heart failure\n2. Hypertension\n3. Type 2 diabetes mellitus\n\n"
        "ALLERGIES: Penicillin (rash).\n\n"
        "MEDICATIONS:\n- Lisinopril 10 mg PO daily\n- Furosemide 20 mg PO daily\n- Metformin 500 mg PO BID\n"
        "- Warfarin 5 mg PO daily\n\n"
        "FAMILY HISTORY: Mother had breast cancer. Father died of myocardial infarction.\n\n"
        "LABS:\nCreatinine 1.2 mg/dL\nBNP 1,240 pg/mL\n\n"
        "ASSESSMENT AND PLAN:\nAcute on chronic heart failure. Start intravenous furosemide 40 mg twice daily.\n",
    ),
    _note(
        "ava",
        2,
        "Discharge summary",
        "2021-02-08",
        "HOSPITAL COURSE:\nShe was treated with intravenous furosemide and lost 4 kg over five days. Warfarin was\n"
        "stopped because of gastrointestinal bleeding. Lisinopril was increased to 20 mg daily.\n\n"
        "PROCEDURES: Upper endoscopy on 2021-02-06 showed a duodenal ulcer.\n\n"
        "DISCHARGE MEDICATIONS:\n1. Lisinopril 20 mg PO daily\n2. Furosemide 40 mg PO daily\n"
        "3. Metformin 500 mg PO BID\n\nALLERGIES: Penicillin.\n\nLABS: Creatinine 1.5 mg/dL\n\nCODE STATUS: DNR/DNI\n\n"
        "FOLLOW UP: Cardiology clinic in two weeks with repeat creatinine.\n",
    ),
    _note(
        "ava",
        3,
        "Radiology",
        "2021-02-04",
        "EXAMINATION: Chest radiograph.\nFINDINGS: Small left pleural effusion. No pneumothorax.\n"
        "IMPRESSION: Mild pulmonary edema with a small left pleural effusion.\n",
    ),
)
BEN = (
    _note(
        "ben",
        1,
        "Clinic letter",
        "2020-05-05",
        "Dear colleague, Mr. ___ has asthma. He uses an albuterol inhaler as needed. No known drug allergies.\n"
        "His sister has type 1 diabetes. The secret word of his chart is xylophone.\n",
    ),
)
