"""What happens in hospital: the illness at its worst and its retreat, treatment, and what is changed for home."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ingest.synthetic.catalog import Acute, Condition
from ingest.synthetic.schedule import Planned
from ingest.synthetic.state import Change, Encounter, Timed, Vitals

if TYPE_CHECKING:
    from ingest.synthetic.life import Walk

_DAILY = ("WBC", "hemoglobin", "platelets", "sodium", "potassium", "bicarbonate", "BUN", "creatinine", "glucose")


class Stay:
    """One admission or emergency visit being lived."""

    def __init__(self, walk: Walk, number: int, planned: Planned) -> None:
        if planned.acute is None:
            raise ValueError("a stay needs an illness")
        self.walk, self.number, self.planned, self.rng = walk, number, planned, walk.rng
        self.acute: Acute = planned.acute
        self.start = planned.at
        self.changes: list[Change] = []
        self.new: list[str] = []
        self.resolved: list[str] = []
        self.end = self._end()
        self.icu = planned.kind == "admission" and self.rng.random() < self.acute.severe

    def _end(self) -> datetime:
        if self.planned.kind == "ed":
            return self.start + timedelta(hours=self.rng.randint(4, 9))
        day = self.start + timedelta(days=max(1, self.planned.days))
        return day.replace(hour=self.rng.randint(11, 16), minute=self.rng.randrange(0, 60, 5))

    def encounter(self) -> Encounter:
        """Live it and say what happened."""
        walk, acute = self.walk, self.acute
        course = walk.problems.add(acute, self.start - timedelta(days=self.rng.randint(1, 4)), self.start)
        self.new.append(course.fact)
        self._measure()
        vitals = self._vitals()
        self._treat()
        self._bring()
        self._devices()
        if self.planned.kind == "admission":
            self._code_status()
        walk.problems.resolve(walk.problems.all[course.fact], self.end + timedelta(days=max([0, *acute.home.values()])))
        return Encounter(
            self.number, self.planned.kind, self.start, self.end,
            str(20_000_000 + (int(walk.person.subject_id) * 37 + self.number * 7919) % 9_999_999),
            acute.service, acute, max(0, (self.end.date() - self.start.date()).days), self.icu,
            tuple(self.changes), vitals, self._imaging(), tuple(self.new), tuple(self.resolved),
        )  # fmt: skip

    def _strength(self, at: datetime) -> float:
        whole = max(1.0, (self.end - self.start).total_seconds())
        done = (at - self.start).total_seconds() / whole
        return float(max(0.0, 1.0 - done * 0.95) ** 1.2)

    def _measure(self) -> None:
        walk = self.walk
        on = {p.drug.key for p in walk.regimen.current()}
        courses = walk.problems.open()
        special = list(dict.fromkeys([*self.acute.labs, *(
            k for c in courses if isinstance(c.problem, Condition) for k in c.problem.labs
        )]))  # fmt: skip
        days = (self.end.date() - self.start.date()).days
        for day in range(days + 1):
            at = self.start + timedelta(minutes=25) if day == 0 else (self.start + timedelta(days=day)).replace(
                hour=self.rng.randint(5, 7), minute=self.rng.randrange(0, 60, 5)
            )  # fmt: skip
            if at >= self.end or (day > 0 and at <= self.start + timedelta(hours=3)):
                continue
            extra = special if day in (0, days) else [k for k in self.acute.labs if self.rng.random() < 0.6]
            for key in dict.fromkeys([*_DAILY, *(k for k in extra if k not in ("A1c", "PSA", "LDL", "TSH"))]):
                lab = walk.catalog.labs[key]
                if (
                    lab.only_on
                    and not lab.only_on & on
                    and not any(isinstance(c.problem, Condition) and key in c.problem.labs for c in courses)
                ):
                    continue
                if key == "INR" and "warfarin" in on:
                    walk.measures.record(lab, self.rng.uniform(2.0, 3.0), at)
                    continue
                walk.measures.take(lab, courses, at, acute=self.acute, strength=self._strength(at))

    def _vitals(self) -> tuple[Vitals, ...]:
        times = [self.start, self.start + timedelta(hours=2)]
        day = self.start.replace(hour=4, minute=0) + timedelta(days=1)
        while day < self.end:
            times += [day, day + timedelta(hours=4), day + timedelta(hours=13)]
            day += timedelta(days=1)
        times = [t for t in times if t < self.end] + [self.end - timedelta(hours=2)]
        return tuple(
            self.walk.measures.vitals(self.walk.problems.open(), t, acute=self.acute, strength=self._strength(t))
            for t in sorted(set(times))
        )

    def _treat(self) -> None:
        walk, acute = self.walk, self.acute
        begin = self.start + timedelta(hours=3)
        thinned = self._thins()
        for key in acute.inpatient:
            drug = walk.catalog.drugs[key]
            if drug.group in ("dvt ppx", "heparin drip") and thinned:
                continue
            if not {key, drug.name} & walk.regimen.forbidden and begin < self.end:
                walk.regimen.course(drug, begin, self.end, acute.key, home=False)
        for item in walk.regimen.current():
            if item.drug.group in acute.holds and item.start < self.start:
                back = self.end if self.rng.random() < 0.6 else self.end + timedelta(days=5)
                walk.regimen.hold(item, begin, back)
                self.changes.append(Change("held", begin, acute.name, before=item.fact))
            elif item.drug.group in acute.drops and item.start < self.start:
                change = walk.regimen.move(item, -1, self.end, acute.name) or walk.regimen.stop(
                    item, self.end, acute.name
                )
                self.changes.append(change)
        self._adjust_home()
        for key, days in acute.home.items():
            drug = walk.catalog.drugs[key]
            taken = {p.drug.name for p in walk.regimen.current()}
            if {key, drug.name} & walk.regimen.forbidden or drug.name in taken or drug.avoid & self._keys_after():
                continue
            given = walk.regimen.course(drug, self.end, self.end + timedelta(days=days), acute.key, home=True)
            self.changes.append(Change("started", self.end, acute.name, after=given.fact))

    def _keys_after(self) -> set[str]:
        return self.walk.problems.keys(self.end) - {self.acute.ends}

    def _adjust_home(self) -> None:
        walk, acute = self.walk, self.acute
        for group in acute.push:
            item = next((p for p in walk.regimen.current(group) if not p.held or p.held[-1][1] <= self.end), None)
            change = walk.regimen.move(item, 1, self.end, acute.name) if item else None
            if change:
                self.changes.append(change)
                break
        for key in acute.start:
            drug = walk.catalog.drugs[key]
            if walk.regimen.allowed(drug, self._keys_after()):
                indication = self._indication(key)
                fact = walk.regimen.start(drug, self.end, indication).fact
                self.changes.append(Change("started", self.end, acute.name, after=fact))

    def _indication(self, drug: str) -> str:
        """The lasting problem the drug is usual for, else the illness itself."""
        for key in (*self.acute.brings, *self.acute.of):
            lists = self.walk.catalog.conditions[key].drugs
            if self.walk.problems.find(key) and any(drug in names for names, _ in lists):
                return key
        return self.acute.brings[0] if self.acute.brings else self.acute.key

    def _thins(self) -> bool:
        """Whether an anticoagulant is taken and goes on being taken."""
        return any(
            p.drug.blocks == "anticoagulant" and p.drug.group not in self.acute.holds
            for p in self.walk.regimen.current()
        )

    def _bring(self) -> None:
        walk, acute = self.walk, self.acute
        for key in (*acute.brings, *acute.adds):
            if walk.problems.find(key) is None:
                course = walk.problems.add(walk.catalog.conditions[key], self.start, self.end)
                self.new.append(course.fact)
                for fact in walk.treat(walk.catalog.conditions[key], self.end):
                    self.changes.append(Change("started", self.end, acute.name, after=fact))
        ended = walk.problems.find(acute.ends) if acute.ends else None
        if ended is not None:
            walk.problems.resolve(ended, self.end)
            self.resolved.append(ended.fact)
        for index, name in enumerate(acute.procedures):
            at = self.start + timedelta(hours=5 + 22 * index)
            walk.keep(Timed(walk.fact("proc"), "procedure", name.lower(), name, min(at, self.end - timedelta(hours=1))))

    def _devices(self) -> None:
        walk, begin = self.walk, self.start + timedelta(hours=3)
        if self.acute.device:
            until = self.end - timedelta(hours=self.rng.randint(6, 20))
            name = self.acute.device
            walk.keep(
                Timed(walk.fact("dev"), "device", name.lower(), name, begin, max(until, begin + timedelta(hours=2)))
            )
        if self.icu:
            until = min(self.end - timedelta(hours=4), begin + timedelta(days=2))
            walk.keep(
                Timed(
                    walk.fact("dev"),
                    "device",
                    "central venous line",
                    "central line",
                    begin,
                    until,
                    synonyms=("CVL", "right IJ central line"),
                )
            )

    def _code_status(self) -> None:
        walk = self.walk
        age = walk.person.age(self.start)
        now = next(t for t in walk.timed.values() if t.kind == "code_status" and t.end is None)
        ill = (
            self.icu or "dementia" in walk.problems.keys(self.start) or "lung_cancer" in walk.problems.keys(self.start)
        )
        chance = 0.0 if age < 62 else 0.12 + 0.18 * ill + 0.15 * (age > 80)
        if now.name != "full code" or self.rng.random() > chance:
            return
        at = self.start + timedelta(hours=6)
        after = Timed(
            walk.fact("code"),
            "code_status",
            "dnr/dni",
            "DNR/DNI",
            at,
            synonyms=("DNR/DNI", "DNR and DNI", "do not resuscitate, do not intubate"),
        )
        walk.timed[now.fact] = Timed(now.fact, now.kind, now.name, now.value, now.start, at, after.fact)
        walk.keep(after)

    def _imaging(self) -> tuple[tuple[str, datetime], ...]:
        shown = self.acute.imaging if self.planned.kind == "admission" else self.acute.imaging[:1]
        return tuple((key, self.start + timedelta(hours=1 + 9 * i, minutes=20)) for i, key in enumerate(shown)
                     if self.start + timedelta(hours=1 + 9 * i) < self.end)  # fmt: skip
