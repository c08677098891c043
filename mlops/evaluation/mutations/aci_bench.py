"""True statements and mutants of ACI-Bench: sentences of real-looking visit notes, and errors put into them.

ACI-Bench (Yim et al. 2023, CC BY 4.0) is read from where the user has it; nothing of it is kept here.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from core.records import Note
from ingest.sources.aci_bench import convert
from mlops.evaluation.mutations.made import TrueStatement, errors_in, mutants_of
from mlops.evaluation.mutations.trial import Trial, sample
from mlops.evaluation.paraphrases.evidence import evidence_of, sentences_of

_WORDS = range(6, 36)
_SENTENCES = 400
_EACH = 14


def trials(folder: Path) -> Iterator[Trial]:
    """A sample of errors, the same number of each type where there are so many, with the statements they come from."""
    true = {statement.unit: statement for statement in true_statements(folder)}
    made = [mutant for statement in true.values() for mutant in mutants_of(statement, errors_in(statement.text))]
    kept = sample(made, each=_EACH, key=lambda t: t.label)
    for unit in sorted({t.unit for t in kept}):
        yield true[unit].trial()
    yield from kept


def true_statements(folder: Path) -> Iterator[TrueStatement]:
    """Sentences of the notes under `folder`, chosen by a hash of their words; a sentence is cited for itself."""
    found: dict[str, TrueStatement] = {}
    for row in convert(sorted(p for p in folder.glob("*.csv") if "metadata" not in p.name)):
        note = Note(row["note_id"], row["patient_id"], row["encounter_id"], row["note_type"], None, row["text"])
        for sentence in sentences_of(note):
            text = " ".join(note.text[sentence.start : sentence.end].split()).lstrip("•- ")
            if len(text.split()) in _WORDS and text.endswith("."):
                unit = f"{note.note_id}#{sentence.ordinal}"
                cited = (evidence_of(note, sentence, "E1"),)
                found.setdefault(text, TrueStatement(unit, "aci_bench", text, cited))
    chosen = sorted(found, key=lambda text: hashlib.sha256(text.encode()).hexdigest())[:_SENTENCES]
    return (found[text] for text in chosen)
