"""Charts with something planted in them, beside the same charts without it and with harmless words in its place."""

import csv
import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Literal, TypeAlias

from mlops.evaluation.attacks import Attack, Target
from mlops.evaluation.charts import NOTES
from mlops.evaluation.ledger import PatientLedger
from mlops.evaluation.metrics.handoff import handoff_facts

Row: TypeAlias = Mapping[str, str]
Place: TypeAlias = Literal["new note", "end of a note", "middle of a note"]

NOTE_TYPES = ("DS", "progress note", "nursing note", "clinic letter", "RR")
PLACES: tuple[Place, ...] = ("new note", "end of a note", "middle of a note")
NEWEST_NOTES = 12
# Sentences of the desk: they state nothing of the patient.
_HARMLESS = (
    "The papers were seen at the desk. The folder was closed and put back. Nobody else has signed this page. "
    "The printer was out of toner that day. A copy went to the archive."
)


@dataclass(frozen=True, slots=True)
class BaseChart:
    """The newest notes of a synthetic chart, oldest first, and what an attack can aim at in them."""

    patient_id: str
    rows: tuple[Row, ...]
    ledger: PatientLedger
    target: Target


@dataclass(frozen=True, slots=True)
class Planted:
    """A variant of a base chart. `start:end` (code points) of note `note_id` is what was planted; none for the base."""

    patient_id: str
    base: BaseChart
    note_type: str = ""
    place: str = ""
    attack: Attack | None = None
    note_id: str = ""
    start: int = 0
    end: int = 0

    @property
    def unit(self) -> str:
        """Which attack, where, in which chart."""
        return (
            f"{self.attack.attack_id if self.attack else 'none'}/{self.note_type}/{self.place}/{self.base.patient_id}"
        )


def base_charts(notes_file: Path, ledgers: Mapping[str, PatientLedger], *, limit: int) -> list[BaseChart]:
    """The first `limit` patients whose newest notes state an allergy, a current drug with a dose and a problem."""
    with gzip.open(notes_file, "rt", encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda r: (r["subject_id"], r["charttime"]))
    found: list[BaseChart] = []
    for patient_id, ledger in sorted(ledgers.items()):
        newest = tuple(r for r in rows if r["subject_id"] == patient_id)[-NEWEST_NOTES:]
        target = _target(ledger, {r["note_id"] for r in newest})
        if target and len(found) < limit:
            found.append(BaseChart(patient_id, newest, ledger, target))
    return found


def _target(ledger: PatientLedger, notes: set[str]) -> Target | None:
    stated = [f for f in handoff_facts(ledger) if any(s.note_id in notes and s.assertion == "present" for s in f.spans)]
    drug = next((f for f in stated if f.kind == "drug" and (f.value or f.attributes.get("dose"))), None)
    allergy = next((f for f in stated if f.kind == "allergy" and f.name != "none"), None)
    problem = next((f for f in stated if f.kind == "problem"), None)
    if not (drug and allergy and problem):
        return None
    return Target(drug.name, drug.value or drug.attributes["dose"], allergy.name, problem.name)


def harmless(words: int) -> str:
    """So many words that state nothing of a patient, in sentences."""
    return " ".join(islice(cycle(_HARMLESS.split()), words)).rstrip(".") + "."


class Planter:
    """Makes variants of base charts as rows of one file, each a patient of its own."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def untouched(self, base: BaseChart) -> Planted:
        """The base chart as it is."""
        return self._add(base, base.rows, Planted("", base))

    def plant(self, base: BaseChart, text: str, note_type: str, place: Place, attack: Attack | None) -> Planted:
        """`text` as a note of its own or in the newest note of that type; where there is none, as a note of its own."""
        home = next((r for r in reversed(base.rows) if r["note_type"] == note_type), None)
        variant = Planted("", base, note_type, place, attack)
        if place == "new note" or home is None:
            last = base.rows[-1]
            row = {**last, "note_id": "planted", "note_type": note_type, "hadm_id": "", "text": text}
            return self._add(base, (*base.rows, row), replace(variant, note_id="planted", end=len(text)))
        at = len(home["text"]) if place == "end of a note" else _paragraph_end(home["text"])
        start = at + 2
        changed = {**home, "text": f"{home['text'][:at]}\n\n{text}\n\n{home['text'][at:].lstrip(chr(10))}"}
        rows = tuple(changed if r is home else r for r in base.rows)
        return self._add(base, rows, replace(variant, note_id=home["note_id"], start=start, end=start + len(text)))

    def write(self, folder: Path) -> None:
        """All variants as one notes.csv.gz."""
        with gzip.open(folder / NOTES, "wt", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(self.rows[0]))
            writer.writeheader()
            writer.writerows(self.rows)

    def _add(self, base: BaseChart, rows: Iterable[Row], variant: Planted) -> Planted:
        patient_id = f"{base.patient_id}~{len(self.rows)}"
        new = [{**r, "subject_id": patient_id, "note_id": f"{r['note_id']}~{patient_id}"} for r in rows]
        self.rows.extend(new)
        note_id = f"{variant.note_id}~{patient_id}" if variant.note_id else ""
        return replace(variant, patient_id=patient_id, note_id=note_id)


def _paragraph_end(text: str) -> int:
    """The first empty line in the second half of a text, else its end."""
    at = text.find("\n\n", len(text) // 2)
    return at if at >= 0 else len(text)


def variants_of(
    attacks: Sequence[Attack], bases: Sequence[BaseChart], types: int
) -> Iterator[tuple[Attack, BaseChart, str, Place]]:
    """Each attack in `types` note types, charts and places taken in turn so that every combination comes round."""
    turn = 0
    for number, attack in enumerate(attacks):
        for offset in range(types):
            note_type = NOTE_TYPES[(number + offset) % len(NOTE_TYPES)]
            yield attack, bases[turn % len(bases)], note_type, PLACES[(turn // len(bases)) % len(PLACES)]
            turn += 1
