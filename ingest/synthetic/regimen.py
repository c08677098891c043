"""What a patient takes: which drug is chosen, and how it is started, changed, held and stopped."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from random import Random

from ingest.synthetic.catalog import Catalog, Drug
from ingest.synthetic.state import Change, Prescription


class Regimen:
    """The growing list of one patient's prescriptions."""

    def __init__(self, catalog: Catalog, rng: Random, new_fact: "FactIds") -> None:
        self._catalog = catalog
        self._rng = rng
        self._new_fact = new_fact
        self.all: dict[str, Prescription] = {}
        self.forbidden: set[str] = set()

    def current(self, group: str | None = None) -> list[Prescription]:
        """Home prescriptions still open, of one group or all."""
        return [p for p in self.all.values() if p.home and p.end is None and group in (None, p.drug.group)]

    def allowed(self, drug: Drug, conditions: Iterable[str]) -> bool:
        """Whether nothing the patient has or takes speaks against it."""
        if drug.name in self.forbidden or drug.key in self.forbidden or drug.avoid & set(conditions):
            return False
        taken = {b for p in self.current() for b in (p.drug.group, p.drug.blocks)}
        names = {p.drug.name for p in self.current()}
        return drug.group not in taken and drug.blocks not in taken and drug.name not in names

    def choose(self, names: Iterable[str], conditions: Iterable[str]) -> Drug | None:
        """One allowed drug of several; none when the patient has one of their groups already."""
        drugs = [self._catalog.drugs[n] for n in names]
        taken = {p.drug.group for p in self.current()} | {p.drug.blocks for p in self.current()}
        if any(d.group in taken or d.blocks in taken for d in drugs):
            return None
        fit = [d for d in drugs if self.allowed(d, conditions)]
        return self._rng.choice(fit) if fit else None

    def start(self, drug: Drug, at: datetime, indication: str, *, step: int | None = None) -> Prescription:
        """Open a home prescription."""
        dose = drug.steps[min(drug.first_step if step is None else step, len(drug.steps) - 1)]
        item = Prescription(self._new_fact("rx"), drug, dose, indication, at)
        self.all[item.fact] = item
        return item

    def course(self, drug: Drug, start: datetime, end: datetime, indication: str, *, home: bool) -> Prescription:
        """A prescription whose end is known when it is written."""
        item = Prescription(
            self._new_fact("rx"), drug, self._rng.choice(drug.steps[drug.first_step :]), indication, start, end,
            end_reason="completed course", home=home,
        )  # fmt: skip
        self.all[item.fact] = item
        return item

    def move(self, item: Prescription, by: int, at: datetime, why: str) -> Change | None:
        """Go to a higher or lower dose; None at the end of the ladder."""
        at_step = item.drug.steps.index(item.dose)
        if not 0 <= at_step + by < len(item.drug.steps) or item.start >= at:
            return None
        after = replace(item, fact=self._new_fact("rx"), dose=item.drug.steps[at_step + by], start=at, held=())
        self.all[item.fact] = replace(item, end=at, successor=after.fact, end_reason=why)
        self.all[after.fact] = after
        return Change("increased" if by > 0 else "decreased", at, why, item.fact, after.fact)

    def stop(self, item: Prescription, at: datetime, why: str) -> Change:
        """Close a prescription."""
        self.all[item.fact] = replace(item, end=at, end_reason=why)
        return Change("stopped", at, why, item.fact)

    def switch(self, item: Prescription, drug: Drug, at: datetime, why: str) -> Change:
        """Close one and open another in its place."""
        self.all[item.fact] = replace(item, end=at, end_reason=why)
        after = self.start(drug, at, item.indication)
        self.all[item.fact] = replace(self.all[item.fact], replaced_by=after.fact)
        return Change("switched", at, why, item.fact, after.fact)

    def hold(self, item: Prescription, start: datetime, end: datetime) -> None:
        """Not given from `start` to `end`, and taken up again."""
        self.all[item.fact] = replace(item, held=(*item.held, (start, end)))


class FactIds:
    """Numbers facts in the order they come up."""

    def __init__(self, subject_id: str) -> None:
        self._subject = subject_id
        self._count = 0

    def __call__(self, kind: str) -> str:
        """A fresh id."""
        self._count += 1
        return f"{self._subject}-{kind}-{self._count:04d}"
