"""Which notes an encounter leaves behind, and when."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from ingest.synthetic.notes import calls, clinic, discharge, emergency, hospital, nursing, radiology
from ingest.synthetic.scene import Scene
from ingest.synthetic.state import Encounter, Life

WRITERS: dict[str, Callable[[Scene], None]] = {
    "discharge summary": discharge.discharge_summary,
    "history and physical": hospital.history_and_physical,
    "progress note": hospital.progress,
    "consult note": hospital.consult,
    "procedure note": hospital.procedure,
    "emergency department note": emergency.emergency,
    "nursing note": nursing.nursing,
    "therapy note": nursing.therapy,
    "social work note": nursing.social_work,
    "radiology report": radiology.radiology,
    "outpatient note": clinic.visit_note,
    "clinic letter": clinic.letter,
    "telephone note": calls.telephone,
    "medication reconciliation": calls.reconciliation,
    "addendum": calls.addendum,
}
_MOST = 80


@dataclass(frozen=True, slots=True)
class Task:
    """A note to be written; one with a higher `spare` goes first where there are too many."""

    encounter: Encounter
    at: datetime
    note_type: str
    role: str
    topic: str = ""
    spare: float = 0.0


def tasks(life: Life, rng: Random) -> list[Task]:
    """The notes of a chart, in order, at most 80."""
    planned = [t for e in life.encounters for t in _of(e, life, rng)]
    if len(planned) > _MOST - 3:
        surplus = sorted(range(len(planned)), key=lambda i: (-planned[i].spare, i))[: len(planned) - (_MOST - 3)]
        planned = [t for i, t in enumerate(planned) if i not in set(surplus)]
    return sorted(planned, key=lambda t: t.at)


def _of(e: Encounter, life: Life, rng: Random) -> Iterator[Task]:
    if e.kind == "clinic":
        letter = e.service != "primary care" and rng.random() < 0.7
        yield Task(e, e.start + timedelta(minutes=30), "clinic letter" if letter else "outpatient note", "clinic")
    elif e.kind == "phone":
        yield Task(e, e.start + timedelta(minutes=20), "telephone note", "nurse" if rng.random() < 0.6 else "clinic")
    else:
        hours = timedelta(hours=2) if e.kind == "admission" else e.end - e.start - timedelta(minutes=10)
        yield Task(e, e.start + hours, "emergency department note", "ed")
    for key, at in e.imaging:
        yield Task(e, at, "radiology report", "radiologist", key, 0.1)
    if e.kind == "admission":
        yield from _ward(e, life, rng)


def _ward(e: Encounter, life: Life, rng: Random) -> Iterator[Task]:
    acute = e.acute
    if acute is None:
        return
    yield Task(e, e.start + timedelta(hours=4), "history and physical", "physician")
    yield Task(e, e.start + timedelta(hours=9), "medication reconciliation", "pharmacist", spare=0.2)
    for i, service in enumerate([s for s in acute.consults if s != e.service.lower()][:2]):
        if e.start + timedelta(hours=11 + 5 * i) < e.end and rng.random() < 0.75:
            yield Task(e, e.start + timedelta(hours=11 + 5 * i), "consult note", "physician", service)
    done = [t.start for t in life.timed.values() if t.kind == "procedure" and e.start < t.start <= e.end]
    for at in done[:2]:
        if acute.key != "delivery" or rng.random() < 0.8:
            yield Task(e, min(at + timedelta(hours=1), e.end - timedelta(minutes=20)), "procedure note", "physician")
    day = e.start.replace(hour=9, minute=10) + timedelta(days=1)
    number = 0
    while day < e.end - timedelta(hours=1):
        yield Task(e, day, "progress note", "physician", spare=0.3 + 0.1 * number)
        for hour in (9, 20):
            if rng.random() < 0.6 and day + timedelta(hours=hour) < e.end:
                yield Task(e, day + timedelta(hours=hour), "nursing note", "nurse", str(hour), 0.6 + rng.random() * 0.3)
        day += timedelta(days=1)
        number += 1
    if e.start + timedelta(hours=7) < e.end:
        yield Task(e, e.start + timedelta(hours=7), "nursing note", "nurse", "20", 0.4)
    middle = e.start + (e.end - e.start) / 2
    if acute.therapy or (life.person.age(e.start) > 74 and rng.random() < 0.6):
        yield Task(e, middle.replace(hour=14, minute=15, second=0), "therapy note", "therapist", spare=0.5)
    if rng.random() < 0.3:
        yield Task(e, middle.replace(hour=15, minute=40, second=0), "social work note", "nurse", spare=0.7)
    yield Task(e, e.end, "discharge summary", "physician")
