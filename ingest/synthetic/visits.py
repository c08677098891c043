"""What happens at a clinic visit or on the telephone: results, drug changes, new and resolved problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ingest.synthetic.catalog import Condition, Reason
from ingest.synthetic.schedule import Planned
from ingest.synthetic.state import ALWAYS, Change, Encounter, Prescription, Sensitivity, Timed

if TYPE_CHECKING:
    from ingest.synthetic.life import Walk

_ODDS = {"switch": 0.9, "stop": 0.35, "down": 0.8, "up": 1.0}


class Visit:
    """One visit being lived."""

    def __init__(self, walk: Walk, number: int, planned: Planned) -> None:
        self.walk, self.number, self.planned = walk, number, planned
        self.at = planned.at
        self.rng = walk.rng
        self.changes: list[Change] = []
        self.new: list[str] = []
        self.resolved: list[str] = []
        self.sign, self.weight = "", 0.0
        self.story = ""
        self.taken: set[str] = set()

    def encounter(self) -> Encounter:
        """Live it and say what happened."""
        clinic = self.planned.kind == "clinic"
        if clinic:
            self._diagnose()
            self._fade()
        if self.number > 0:
            if clinic and not self._reaction() and self.rng.random() < 0.62:
                self._adjust()
            if not clinic and not self._reaction() and self.rng.random() < 0.5:
                self._adjust(phone=True)
        service = self._service()
        results = self._results(service) if clinic else None
        imaging: tuple[tuple[str, datetime], ...] = ()
        if clinic and results is not None:
            imaging = self._images()
        vitals = self.walk.measures.vitals(self.walk.problems.open(), self.at, sign=self.sign)
        self.walk.measures.weight = max(40.0, self.walk.measures.weight + self.rng.uniform(-0.8, 0.8))
        if self.weight:
            vitals = replace(vitals, weight=round(vitals.weight + self.weight, 1))
        return Encounter(
            self.number, self.planned.kind, self.at, self.at + timedelta(minutes=35), "", service, None, 0, False,
            tuple(self.changes), (vitals,) if clinic else (), imaging,
            tuple(self.new), tuple(self.resolved), self.story,
        )  # fmt: skip

    def _diagnose(self) -> None:
        walk = self.walk
        while walk.later and walk.later[0][0] <= self.at and not self.new:
            _, condition = walk.later.pop(0)
            if walk.problems.find(condition.key):
                continue
            course = walk.problems.add(condition, self.at - timedelta(days=self.rng.randint(20, 90)), self.at)
            self.new.append(course.fact)
            if condition.history:
                walk.keep(
                    Timed(
                        walk.fact("proc"),
                        "procedure",
                        condition.history.lower(),
                        condition.history,
                        self.at + timedelta(days=20),
                    )
                )
            if condition.device == "port-a-cath":
                walk.keep(Timed(walk.fact("dev"), "device", "port-a-cath", "port-a-cath", self.at + timedelta(days=25)))
            for fact in walk.treat(condition, self.at):
                self.changes.append(Change("started", self.at, "new diagnosis", after=fact))
                self.taken.add(fact)

    def _fade(self) -> None:
        walk = self.walk
        for course in walk.problems.open():
            problem = course.problem
            old_enough = course.known != ALWAYS and self.at - course.known > timedelta(days=200)
            if not isinstance(problem, Condition) or not problem.fades or not (old_enough or self.number > 4):
                continue
            if self.resolved or self.new or self.rng.random() > problem.fades * 0.35:
                continue
            walk.problems.resolve(course, self.at)
            self.resolved.append(course.fact)
            for item in walk.regimen.current():
                if item.indication == problem.key and item.start < self.at:
                    self.changes.append(walk.regimen.stop(item, self.at, f"resolved {problem.abbr[0]}"))

    def _reaction(self) -> bool:
        """A new allergy: to a drug just taken, or to a course given elsewhere."""
        walk, rng = self.walk, self.rng
        known = {s.allergen.name for s in walk.sensitivities if s.allergen}
        if rng.random() > 0.07 or len(known) > 2:
            return False
        found = [a for a in walk.catalog.allergens.values() if a.found and a.name not in known]
        taken = {p.drug.name: p for p in walk.regimen.current()}
        fit = [a for a in found if a.name in taken] or [
            a for a in found if a.name in ("penicillin", "sulfa drugs", "levofloxacin", "cephalexin")
            and a.found not in walk.regimen.forbidden and not a.members & {p.drug.key for p in walk.regimen.current()}
        ]  # fmt: skip
        if not fit or "pregnancy" in walk.problems.keys(self.at):
            return False
        allergen = rng.choice(fit)
        reaction = rng.choice(allergen.reactions)
        if allergen.name in taken:
            item = taken[allergen.name]
            swap = {"lisinopril": "amlodipine", "lamotrigine": "levetiracetam", "phenytoin": "levetiracetam"}.get(
                item.drug.key
            )
            other = walk.catalog.drugs[swap] if swap else None
            self.changes.append(walk.regimen.stop(item, self.at, reaction))
            if other and walk.regimen.allowed(other, walk.problems.keys(self.at)):
                self.changes.pop()
                self.changes.append(walk.regimen.switch(walk.regimen.all[item.fact], other, self.at, reaction))
        else:
            drug = walk.catalog.drugs[allergen.found]
            start = self.at - timedelta(days=rng.randint(2, 4))
            given = walk.regimen.course(
                drug, start, self.at, rng.choice(["sinusitis", "a skin infection", "bronchitis"]), home=True
            )
            walk.regimen.all[given.fact] = replace(given, end_reason=reaction)
            self.changes.append(Change("stopped", self.at, reaction, before=given.fact))
        fact = walk.fact("alg")
        for i, s in enumerate(walk.sensitivities):
            if s.allergen is None and s.until is None:
                walk.sensitivities[i] = replace(s, until=self.at, superseded_by=fact)
        walk.sensitivities.append(Sensitivity(fact, allergen, reaction, self.at))
        walk.regimen.forbidden |= allergen.members
        self.story = "reaction"
        return True

    def _reasons(self, item: Prescription, *, phone: bool) -> list[tuple[str, Reason]]:
        conditions = self.walk.problems.keys(self.at)
        fitting = []
        for verb, reasons in self.walk.catalog.changes.get(item.drug.group, {}).items():
            for reason in reasons:
                if reason.origin and item.drug.key not in reason.origin:
                    continue
                if reason.needs - conditions or reason.sex not in ("", self.walk.person.sex):
                    continue
                if phone and (reason.vital or reason.weight):
                    continue
                if self.rng.random() < _ODDS[verb]:
                    fitting.append((verb, reason))
        return fitting

    def _adjust(self, *, phone: bool = False) -> bool:
        """Up to two drugs changed, each for one reason."""
        candidates = [
            p for p in self.walk.regimen.current() if p.start < self.at - timedelta(days=20) and not p.drug.prn
        ]
        self.rng.shuffle(candidates)
        wanted = 1 if phone or self.rng.random() < 0.75 else 2
        done = 0
        for item in candidates:
            if done == wanted:
                break
            reasons = self._reasons(item, phone=phone)
            if reasons and self._apply(item, *self.rng.choice(reasons)):
                done += 1
        return done > 0

    def _apply(self, item: Prescription, verb: str, reason: Reason) -> bool:
        walk = self.walk
        if (
            (reason.vital and self.sign)
            or (reason.weight and self.weight)
            or (reason.lab and reason.lab[0] in self.taken)
        ):
            return False
        if verb in ("up", "down"):
            change = walk.regimen.move(item, 1 if verb == "up" else -1, self.at, reason.why)
        elif verb == "stop":
            change = walk.regimen.stop(item, self.at, reason.why)
        else:
            change = self._swap(item, reason)
        if change is None:
            return False
        self.changes.append(change)
        self.sign, self.weight = reason.vital or self.sign, reason.weight or self.weight
        if reason.lab:
            self.taken.add(reason.lab[0])
            walk.measures.forced(reason, walk.problems.open(), self.at - timedelta(hours=2))
        return True

    def _swap(self, item: Prescription, reason: Reason) -> Change | None:
        walk = self.walk
        conditions = walk.problems.keys(self.at)
        others = {b for p in walk.regimen.current() if p.fact != item.fact for b in (p.drug.group, p.drug.blocks)}
        fit = [
            d for d in (walk.catalog.drugs[n] for n in reason.to)
            if d.key not in walk.regimen.forbidden and not d.avoid & conditions and not {d.group, d.blocks} & others
        ]  # fmt: skip
        return walk.regimen.switch(item, self.rng.choice(fit), self.at, reason.why) if fit else None

    def _service(self) -> str:
        conditions = self.walk.problems.open()
        changed = [self.walk.regimen.all[c.after or c.before].indication for c in self.changes]
        services = [
            c.problem.service for c in conditions if isinstance(c.problem, Condition) and c.problem.key in changed
        ]
        if services and self.rng.random() < 0.6:
            return services[0]
        pool = [c.problem.service for c in conditions if isinstance(c.problem, Condition)]
        if "obstetrics" in pool:
            return "obstetrics"
        return (
            "primary care"
            if self.planned.kind == "phone" or not pool or self.rng.random() < 0.5
            else self.rng.choice(pool)
        )

    def _results(self, service: str) -> bool:
        walk = self.walk
        courses = walk.problems.open()
        on = {p.drug.key for p in walk.regimen.current()}
        wanted: list[str] = []
        for course in courses:
            if isinstance(course.problem, Condition):
                mine = course.problem.service == service or service == "primary care" or course.fact in self.new
                wanted += [k for k in course.problem.watch if mine or self.rng.random() < 0.3]
                if course.fact in self.new:
                    wanted += list(course.problem.labs)
        for key in dict.fromkeys(wanted):
            lab = walk.catalog.labs[key]
            shown = not lab.only_on or lab.only_on & on or any(
                isinstance(c.problem, Condition) and key in c.problem.labs for c in courses
            )  # fmt: skip
            if shown and key not in self.taken:
                self.taken.add(key)
                self._warfarin_or(lab.key, on)
        return bool(wanted)

    def _warfarin_or(self, key: str, on: Sequence[str] | set[str]) -> None:
        walk = self.walk
        at = self.at - timedelta(hours=2)
        if key == "INR" and "warfarin" in on:
            walk.measures.record(walk.catalog.labs[key], self.rng.uniform(2.0, 3.0), at)
        else:
            walk.measures.take(walk.catalog.labs[key], walk.problems.open(), at)

    def _images(self) -> tuple[tuple[str, datetime], ...]:
        wanted = [
            key for c in self.walk.problems.open() if isinstance(c.problem, Condition)
            for key in c.problem.imaging if c.fact in self.new or self.rng.random() < 0.12
        ]  # fmt: skip
        return tuple((key, self.at + timedelta(days=self.rng.randint(1, 6))) for key in wanted[:1])
