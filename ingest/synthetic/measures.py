"""How results and vital signs move: a patient's own usual value, what illness does to it, and noise."""

from collections.abc import Iterable
from datetime import datetime
from random import Random

from ingest.synthetic.catalog import Acute, Catalog, Condition, Lab, Reason
from ingest.synthetic.regimen import FactIds
from ingest.synthetic.state import Course, Result, Vitals

_FLOORS = {
    "WBC": 0.1,
    "hemoglobin": 5.2,
    "platelets": 9,
    "creatinine": 0.4,
    "albumin": 1.4,
    "ALT": 6,
    "AST": 8,
    "bilirubin": 0.2,
    "INR": 0.9,
    "potassium": 2.5,
    "sodium": 116,
    "bicarbonate": 5,
    "BUN": 4,
    "glucose": 30,
}
_CEILINGS = {"potassium": 6.4, "sodium": 148, "bicarbonate": 36, "creatinine": 8.5, "hemoglobin": 17.0, "A1c": 13.5}


class Measures:
    """One patient's laboratory and vital baselines."""

    def __init__(self, catalog: Catalog, rng: Random, sex: str, new_fact: FactIds, height_cm: int) -> None:
        self._catalog, self._rng, self._sex, self._new_fact = catalog, rng, sex, new_fact
        self._normal: dict[str, float] = {}
        self._drawn: dict[tuple[str, str], float] = {}
        self._pull: dict[str, float] = {}
        self.results: list[Result] = []
        self._sbp, self._dbp, self._hr = rng.randint(112, 126), rng.randint(66, 78), rng.randint(64, 80)
        self._height_cm = height_cm
        self.weight = round((height_cm / 100) ** 2 * rng.uniform(21.5, 29.5), 1)

    def set_build(self, low: float, high: float) -> None:
        """Draw the weight again for a body mass index between the two."""
        self.weight = round((self._height_cm / 100) ** 2 * self._rng.uniform(low, high), 1)

    def _range(self, lab: Lab) -> tuple[float, float]:
        return lab.female if self._sex == "F" else lab.male

    def usual(self, lab: Lab, courses: Iterable[Course], at: datetime) -> float:
        """The value expected of this patient on an ordinary day."""
        low, high = self._range(lab)
        if lab.key not in self._normal:
            self._normal[lab.key] = self._rng.uniform(low + (high - low) * 0.2, high - (high - low) * 0.2)
        normal = self._normal[lab.key]
        middle, value = (low + high) / 2, normal
        for course in courses:
            if not isinstance(course.problem, Condition) or lab.key not in course.problem.labs or course.onset > at:
                continue
            key = (course.problem.key, lab.key)
            if key not in self._drawn:
                self._drawn[key] = self._rng.uniform(*course.problem.labs[lab.key])
            years = (at - course.onset).days / 365
            mine = self._drawn[key] + course.problem.drift.get(lab.key, 0) * min(years, 8)
            if course.problem.fades:
                mine += (normal - mine) * min(0.85, max(0, (at - course.known).days) / 260)
            value = mine if abs(mine - middle) > abs(value - middle) else value
        return value + self._pull.get(lab.key, 0.0)

    def take(
        self, lab: Lab, courses: Iterable[Course], at: datetime, *, acute: Acute | None = None, strength: float = 0.0
    ) -> Result:
        """Draw a value; `strength` from 1 (the illness at its worst) to 0 (over)."""
        low, high = self._range(lab)
        usual = self.usual(lab, courses, at)
        value = usual + self._rng.gauss(0, lab.walk) * (high - low) * 0.5
        if acute is not None and strength > 0 and lab.key in acute.labs:
            value += (_at_worst(acute.labs[lab.key], value, self._rng) - value) * strength
        return self.record(lab, value, at)

    def record(self, lab: Lab, value: float, at: datetime) -> Result:
        """Keep a value, rounded and within what a patient can have."""
        value = min(max(value, _FLOORS.get(lab.key, 0.0)), _CEILINGS.get(lab.key, 1e9))
        text = f"{value:.{lab.digits}f}"
        low, high = self._range(lab)
        number = float(text)
        result = Result(self._new_fact("lab"), lab, number, text, at, not low - 1e-9 <= number <= high + 1e-9)
        self.results.append(result)
        return result

    def forced(self, reason: Reason, courses: Iterable[Course], at: datetime) -> Result:
        """The result a change rests on; the usual value then moves the way the change moves it."""
        lab = self._catalog.labs[reason.lab[0]]
        usual = self.usual(lab, courses, at)
        low, high = (float(str(x)) for x in reason.lab[1:])
        relative = str(reason.lab[1]).startswith("+")
        value = self._rng.uniform(low, high) + (usual if relative else 0.0)
        if lab.key in ("A1c", "LDL", "TSH", "uric acid", "CRP"):
            share = 0.55 if lab.key != "A1c" else 0.3
            target = value - (value - sum(self._range(lab)) / 2) * share
            self._pull[lab.key] = self._pull.get(lab.key, 0.0) + target - usual
        return self.record(lab, value, at)

    def vitals(
        self,
        courses: Iterable[Course],
        at: datetime,
        *,
        acute: Acute | None = None,
        strength: float = 0.0,
        sign: str = "",
    ) -> Vitals:
        """One set of vital signs."""
        courses = list(courses)
        known = [c.problem for c in courses if isinstance(c.problem, Condition)]
        r = self._rng
        sbp = self._sbp + (8 if any(c.more.get("vital") == "high_bp" for c in known) else 0) + r.randint(-7, 8)
        hr, rr, temp = self._hr + r.randint(-6, 7), r.randint(14, 18), 98.1 + r.uniform(-0.5, 0.6)
        spo2 = min(100, r.randint(96, 99) + min([int(c.more.get("spo2", 0)) for c in known], default=0))
        if any(c.key == "cirrhosis" for c in known):
            sbp -= 14
        weight = self.weight + r.uniform(-0.6, 0.6)
        expecting = next((c for c in courses if c.problem.key == "pregnancy"), None)
        if expecting is not None:
            weight += max(0.0, (at - expecting.onset).days / 7 - 12) * 0.42
        if acute is not None:
            push = acute.vitals
            sbp += int(push.get("sbp", 0) * strength)
            hr += int(push.get("hr", 0) * strength)
            rr += int(push.get("rr", 0) * strength)
            temp += push.get("temp", 0) * strength
            spo2 = max(82, spo2 + int(push.get("spo2", 0) * strength))
            weight += acute.weight * strength
        if sign == "high_bp":
            sbp = r.randint(148, 168)
        elif sign == "low_bp":
            sbp = r.randint(88, 101)
        elif sign == "fast_hr":
            hr = r.randint(92, 112)
        elif sign == "slow_hr":
            hr = r.randint(44, 53)
        dbp = min(self._dbp + (sbp - self._sbp) // 3 + r.randint(-4, 4), sbp - 24)
        return Vitals(at, round(temp, 1), hr, sbp, dbp, rr, spo2, round(weight, 1))


def _at_worst(effect: object, value: float, rng: Random) -> float:
    if isinstance(effect, list):
        return rng.uniform(float(effect[0]), float(effect[1]))
    if isinstance(effect, str):
        return value * float(effect.removeprefix("x")) * rng.uniform(0.92, 1.1)
    return value + float(str(effect)) * rng.uniform(0.85, 1.15)
