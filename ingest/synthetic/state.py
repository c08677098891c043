"""A patient's clinical state over time, as frozen records. Times are the chart's local times."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ingest.synthetic.catalog import Acute, Allergen, Condition, Dose, Drug, Lab

ALWAYS = datetime(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Person:
    """Who the patient is."""

    subject_id: str
    sex: str
    born: datetime
    archetype: str
    occupation: str
    lives: str
    height_cm: int

    def age(self, at: datetime) -> int:
        """Completed years."""
        return at.year - self.born.year - ((at.month, at.day) < (self.born.month, self.born.day))


@dataclass(frozen=True, slots=True)
class Course:
    """A problem from onset to resolution; `known` is when it first stood in the chart."""

    fact: str
    problem: Condition | Acute
    onset: datetime
    known: datetime
    resolved: datetime | None = None
    superseded_by: str = ""

    def active(self, at: datetime) -> bool:
        """Whether it is known and unresolved."""
        return self.known <= at and (self.resolved is None or at < self.resolved)


@dataclass(frozen=True, slots=True)
class Prescription:
    """One drug at one dose from `start` to `end`; the next dose is another prescription."""

    fact: str
    drug: Drug
    dose: Dose
    indication: str
    start: datetime
    end: datetime | None = None
    successor: str = ""
    replaced_by: str = ""
    end_reason: str = ""
    home: bool = True
    held: tuple[tuple[datetime, datetime], ...] = ()

    def active(self, at: datetime) -> bool:
        """Whether it is taken at that time (a held one still counts as prescribed)."""
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """An allergy, known from `known` on. `allergen` None stands for no known allergies."""

    fact: str
    allergen: Allergen | None
    reaction: str
    known: datetime
    until: datetime | None = None
    superseded_by: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One laboratory value."""

    fact: str
    lab: Lab
    value: float
    text: str
    at: datetime
    abnormal: bool


@dataclass(frozen=True, slots=True)
class Timed:
    """A fact with a period and a name: code status, device, procedure, social and family history."""

    fact: str
    kind: str
    name: str
    value: str
    start: datetime
    end: datetime | None = None
    superseded_by: str = ""
    synonyms: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)

    def active(self, at: datetime) -> bool:
        """Whether it holds at that time."""
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True)
class Change:
    """What was done about a drug at an encounter, by fact ids."""

    verb: str
    at: datetime
    why: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Vitals:
    """One set of vital signs: degrees Fahrenheit, beats and breaths a minute, mmHg, percent, kilograms."""

    at: datetime
    temp: float
    hr: int
    sbp: int
    dbp: int
    rr: int
    spo2: int
    weight: float


@dataclass(frozen=True, slots=True)
class Encounter:
    """A visit, a telephone call, an emergency visit or an admission."""

    index: int
    kind: str
    start: datetime
    end: datetime
    hadm_id: str
    service: str
    acute: Acute | None
    days: int
    icu: bool
    changes: tuple[Change, ...]
    vitals: tuple[Vitals, ...]
    imaging: tuple[tuple[str, datetime], ...]
    new_problems: tuple[str, ...]
    resolved_problems: tuple[str, ...]
    story: str = ""


@dataclass(frozen=True, slots=True)
class Slip:
    """A wrong statement in the chart and its later correction. `wrong` and `right` are fact ids ("" for none)."""

    kind: str
    encounter: int
    wrong: str
    right: str
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Life:
    """Everything true of one patient, and what the chart gets wrong."""

    person: Person
    courses: Mapping[str, Course]
    prescriptions: Mapping[str, Prescription]
    sensitivities: tuple[Sensitivity, ...]
    results: tuple[Result, ...]
    timed: Mapping[str, Timed]
    encounters: tuple[Encounter, ...]
    slips: tuple[Slip, ...]
    wrong_drugs: Mapping[str, Prescription]

    def problems(self, at: datetime) -> list[Course]:
        """Chronic problems known and active, oldest first."""
        return [c for c in self.courses.values() if isinstance(c.problem, Condition) and c.active(at)]

    def past(self, at: datetime) -> list[Course]:
        """Problems over by then."""
        return [c for c in self.courses.values() if c.resolved is not None and c.resolved <= at and c.known <= at]

    def drugs(self, at: datetime, *, home: bool = True) -> list[Prescription]:
        """Prescriptions active at that time, home ones or those of the hospital."""
        return [p for p in self.prescriptions.values() if p.home is home and p.active(at)]

    def allergies(self, at: datetime) -> list[Sensitivity]:
        """Allergies known at that time; the one without an allergen where none is."""
        return [s for s in self.sensitivities if s.known <= at and (s.until is None or at < s.until)]

    def of_kind(self, kind: str, at: datetime) -> list[Timed]:
        """Timed facts of a kind that hold at that time."""
        return [t for t in self.timed.values() if t.kind == kind and t.active(at)]

    def results_between(self, start: datetime, end: datetime) -> Iterator[Result]:
        """Results with start <= time <= end, oldest first."""
        return (r for r in self.results if start <= r.at <= end)

    def before(self, result: Result) -> Result | None:
        """The last earlier value of the same lab."""
        earlier = [r for r in self.results if r.lab.key == result.lab.key and r.at < result.at]
        return earlier[-1] if earlier else None
