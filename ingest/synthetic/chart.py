"""Write a patient's whole chart: every note in order, and the ledger of what each states."""

from datetime import timedelta
from random import Random

from ingest.synthetic import agenda
from ingest.synthetic.catalog import Catalog
from ingest.synthetic.ledger import Ledger, LedgerFact
from ingest.synthetic.life import simulate
from ingest.synthetic.mimic_csv import CODES, WrittenNote
from ingest.synthetic.notes.calls import has_correction
from ingest.synthetic.phrasing import Bank
from ingest.synthetic.scene import Memory, Scene
from ingest.synthetic.state import Life
from ingest.synthetic.voices import Voice, voice


def write_chart(catalog: Catalog, bank: Bank, *, seed: int, index: int) -> tuple[list[WrittenNote], list[LedgerFact]]:
    """The notes and facts of patient `index`, the same whatever other patients there are."""
    life = simulate(catalog, seed=seed, index=index)
    chart = _Chart(catalog, bank, life, Random(f"{seed}:{index}:notes"))
    return chart.notes(), list(chart.ledger.rows())


class _Chart:
    def __init__(self, catalog: Catalog, bank: Bank, life: Life, rng: Random) -> None:
        self._catalog, self._bank, self._life, self._rng = catalog, bank, life, rng
        self.ledger = Ledger(life, catalog)
        self._memory = Memory()
        self._done: list[WrittenNote] = []
        self._counts: dict[str, int] = {}
        self._team: dict[tuple[str, ...], int] = {}

    def notes(self) -> list[WrittenNote]:
        """Write every task, and a correction after the note that made it due."""
        seen = -1
        for task in agenda.tasks(self._life, self._rng):
            if task.encounter.index != seen:
                seen = task.encounter.index
                self._memory.paragraphs.clear()
            self._write(task)
            self._correct(task)
        return self._done

    def _voice(self, task: agenda.Task) -> Voice:
        if task.role == "clinic":
            team: tuple[str, ...] = ("clinic", task.encounter.service)
        elif task.role == "physician":
            team = ("physician", str(task.encounter.index), task.topic)
        else:
            team = (
                task.role,
                str(task.encounter.index),
                task.topic,
                str(len(self._done)) if task.role == "nurse" else "",
            )
        if team not in self._team:
            self._team[team] = self._rng.randrange(1_000)
        return voice(self._bank.half, task.role, self._team[team])

    def _scene(self, task: agenda.Task) -> Scene:
        return Scene(
            self._life, task.encounter, task.at, task.note_type, self._voice(task), self._bank, self._catalog,
            Random(self._rng.random()), self.ledger, self._memory, task.topic,
        )  # fmt: skip

    def _write(self, task: agenda.Task) -> None:
        scene = self._scene(task)
        agenda.WRITERS[task.note_type](scene)
        scene.out.newline()
        text = scene.out.finish()
        subject, code = self._life.person.subject_id, CODES[task.note_type]
        number = self._counts[code] = self._counts.get(code, 0) + 1
        note = WrittenNote(
            f"{subject}-{code}-{number}", subject, task.encounter.hadm_id if task.encounter.kind == "admission" else "",
            task.note_type, number, task.at, task.at + timedelta(minutes=self._rng.randint(2, 400)), text,
        )  # fmt: skip
        self.ledger.state(note.note_id, task.encounter.start, scene.out.spans)
        self._done.append(note)

    def _correct(self, task: agenda.Task) -> None:
        if task.note_type not in (
            "progress note",
            "discharge summary",
            "outpatient note",
            "clinic letter",
            "consult note",
        ):
            return
        at = task.at + timedelta(minutes=50)
        late = agenda.Task(task.encounter, at, "addendum", task.role)
        probe = self._memory.slips_told - self._memory.corrected
        if (
            probe
            and self._rng.random() < (1.0 if task.note_type == "discharge summary" else 0.6)
            and has_correction(self._scene(late))
        ):
            self._write(late)
