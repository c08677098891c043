"""Live a patient's life: walk the planned encounters and let each change the clinical state."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from ingest.synthetic.background import draw_person, family_history, first_allergies, habits
from ingest.synthetic.catalog import Archetype, Catalog, Condition
from ingest.synthetic.measures import Measures
from ingest.synthetic.problems import ProblemList
from ingest.synthetic.regimen import FactIds, Regimen
from ingest.synthetic.schedule import Planned, plan
from ingest.synthetic.slips import draw_slips
from ingest.synthetic.state import ALWAYS, Encounter, Life, Timed
from ingest.synthetic.stays import Stay
from ingest.synthetic.visits import Visit

_FIRST_SUBJECT = 10_000_000


def simulate(catalog: Catalog, *, seed: int, index: int) -> Life:
    """The life of patient `index`; depends on nothing but the seed and the index."""
    rng = Random(f"{seed}:{index}")
    return Walk(catalog, rng, str(_FIRST_SUBJECT + (seed % 89) * 100_000 + index)).run()


class Walk:
    """The state of a life while it is being lived."""

    def __init__(self, catalog: Catalog, rng: Random, subject_id: str) -> None:
        self.catalog, self.rng = catalog, rng
        self.archetype: Archetype = rng.choices(catalog.archetypes, [a.weight for a in catalog.archetypes])[0]
        self.start = datetime(2110, 1, 1) + timedelta(days=rng.randint(0, 80 * 365))
        self.person = draw_person(catalog, self.archetype, rng, subject_id, self.start)
        self.fact = FactIds(subject_id)
        self.encounters_planned = plan(catalog, self.archetype, rng, self.start, self.person.born, self.person.sex)
        self.end = self.encounters_planned[-1].at + timedelta(days=1)
        self.regimen = Regimen(catalog, rng, self.fact)
        self.measures = Measures(catalog, rng, self.person.sex, self.fact, self.person.height_cm)
        self.problems = ProblemList(self.fact)
        self.sensitivities = first_allergies(catalog, rng, self.fact)
        self.timed: dict[str, Timed] = {}
        self.encounters: list[Encounter] = []
        for s in self.sensitivities:
            if s.allergen is not None:
                self.regimen.forbidden |= s.allergen.members
        self.later = self._draw_problems()

    def _draw_problems(self) -> list[tuple[datetime, Condition]]:
        rng, conditions = self.rng, self.catalog.conditions
        fits = {k for k, c in conditions.items() if c.sex in ("", self.person.sex)}
        keys = [k for k in self.archetype.has if k in fits]
        keys += [k for k, p in self.archetype.may.items() if k in fits and k not in keys and rng.random() < p]
        if "ckd4" in keys and "ckd" in keys:
            keys.remove("ckd")
        for key in keys:
            longest = min(12, self.person.age(self.start) - 15)
            onset = self.start - timedelta(days=rng.randint(200, max(260, longest * 365)))
            if conditions[key].more.get("transient"):
                onset = self.start - timedelta(days=63)
            self.problems.add(conditions[key], onset, ALWAYS)
        if "obesity" in keys:
            self.measures.set_build(33.0, 41.0)
        for key in keys:
            self.treat(conditions[key], self.start - timedelta(days=rng.randint(30, 150)))
        for fact in [
            *family_history(self.catalog, rng, self.fact),
            *habits(rng, self.fact, set(keys), self.start, self.end, self.person.age(self.start)),
            Timed(self.fact("code"), "code_status", "full code", "full code", ALWAYS),
        ]:
            self.timed[fact.fact] = fact
        self._old_procedures(keys)
        span = (self.end - self.start).days
        return self._sorted_later(fits, keys, span)

    def _sorted_later(self, fits: set[str], keys: list[str], span: int) -> list[tuple[datetime, Condition]]:
        drawn = [
            (self.start + timedelta(days=self.rng.randint(span // 8, max(span // 8 + 1, span * 2 // 3))), k)
            for k, p in self.archetype.later.items()
            if k in fits and k not in keys and self.rng.random() < p
        ]
        return [(at, self.catalog.conditions[k]) for at, k in sorted(drawn)]

    def _old_procedures(self, keys: list[str]) -> None:
        for key in keys:
            condition = self.catalog.conditions[key]
            if condition.history:
                self.keep(Timed(self.fact("proc"), "procedure", condition.history.lower(), condition.history, ALWAYS))
            if condition.device and (condition.device != "CPAP" or self.rng.random() < 0.7):
                self.keep(Timed(self.fact("dev"), "device", condition.device.lower(), condition.device, ALWAYS))

    def keep(self, item: Timed) -> None:
        """Note a device, procedure or habit."""
        self.timed[item.fact] = item

    def treat(self, condition: Condition, at: datetime) -> list[str]:
        """Start what is usual for a problem; the facts of what was started."""
        started = []
        for names, chance in condition.drugs:
            if self.rng.random() < chance:
                drug = self.regimen.choose(names, self.problems.keys(at))
                if drug is not None:
                    ladder = len(drug.steps) - 1
                    step = None if at >= self.start else min(ladder, drug.first_step + (self.rng.random() < 0.4))
                    started.append(self.regimen.start(drug, at, condition.key, step=step).fact)
        return started

    def run(self) -> Life:
        """Go through every encounter."""
        for number, planned in enumerate(self.encounters_planned):
            self.encounters.append(self._meet(number, planned))
        slips, wrong = draw_slips(self)
        return Life(
            person=self.person,
            courses=self.problems.all,
            prescriptions=self.regimen.all,
            sensitivities=tuple(self.sensitivities),
            results=tuple(sorted(self.measures.results, key=lambda r: (r.at, r.fact))),
            timed=self.timed,
            encounters=tuple(self.encounters),
            slips=slips,
            wrong_drugs=wrong,
        )

    def _meet(self, number: int, planned: Planned) -> Encounter:
        if planned.kind in ("admission", "ed"):
            return Stay(self, number, self._plausible(planned)).encounter()
        return Visit(self, number, planned).encounter()

    def _plausible(self, planned: Planned) -> Planned:
        """An illness the patient can have now; pneumonia in place of one that cannot be."""
        acute = planned.acute
        if acute is None:
            return planned
        current = self.problems.keys(planned.at)
        clotting = acute.key == "pulmonary_embolism" and any(
            p.drug.blocks == "anticoagulant" for p in self.regimen.current()
        )
        lowering = {"sulfonylurea", "basal insulin"} & {p.drug.group for p in self.regimen.current()}
        impossible = (
            clotting
            or (acute.key == "hypoglycemia_er" and not lowering)
            or bool(acute.of and not current & set(acute.of))
        )  # fmt: skip
        return (
            replace(planned, acute=self.catalog.acutes["pneumonia"], kind="admission", days=max(3, planned.days))
            if impossible
            else planned
        )
