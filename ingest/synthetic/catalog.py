"""The clinical knowledge behind the charts, as records; `catalog_files` reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Dose:
    """An amount with its unit ("10 mg") and a frequency code ("BID")."""

    amount: str
    unit: str
    frequency: str

    @property
    def strength(self) -> str:
        """Amount and unit."""
        return f"{self.amount} {self.unit}"


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug as prescribed for one purpose; `steps` are its doses from low to high."""

    key: str
    name: str
    group: str
    blocks: str
    brand: str
    also: tuple[str, ...]
    form: str
    route: str
    steps: tuple[Dose, ...]
    first_step: int
    prn: str
    avoid: frozenset[str]


@dataclass(frozen=True, slots=True)
class Condition:
    """A chronic problem."""

    key: str
    name: str
    say: tuple[str, ...]
    abbr: tuple[str, ...]
    service: str
    sex: str
    drugs: tuple[tuple[tuple[str, ...], float], ...]
    labs: Mapping[str, tuple[float, float]]
    drift: Mapping[str, float]
    watch: tuple[str, ...]
    asks: tuple[str, ...]
    imaging: tuple[str, ...]
    fades: float
    device: str
    history: str
    more: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Acute:
    """An illness that brings a patient to hospital."""

    key: str
    name: str
    say: tuple[str, ...]
    abbr: tuple[str, ...]
    of: tuple[str, ...]
    sex: str
    ages: tuple[int, int]
    once: bool
    after: str
    service: str
    complaint: tuple[str, ...]
    symptoms: tuple[str, ...]
    denies: tuple[str, ...]
    vitals: Mapping[str, float]
    weight: float
    labs: Mapping[str, Any]
    imaging: tuple[str, ...]
    exam: Mapping[str, str]
    inpatient: tuple[str, ...]
    home: Mapping[str, int]
    push: tuple[str, ...]
    start: tuple[str, ...]
    holds: tuple[str, ...]
    drops: tuple[str, ...]
    procedures: tuple[str, ...]
    device: str
    brings: tuple[str, ...]
    adds: tuple[str, ...]
    ends: str
    consults: tuple[str, ...]
    los: tuple[int, int]
    severe: float
    ed_only: float
    surgery: bool
    therapy: bool


@dataclass(frozen=True, slots=True)
class Lab:
    """A laboratory result, its names, unit and usual range by sex."""

    key: str
    name: str
    say: tuple[str, ...]
    mimic: str
    unit: str
    male: tuple[float, float]
    female: tuple[float, float]
    digits: int
    panel: str
    walk: float
    only_on: frozenset[str]


@dataclass(frozen=True, slots=True)
class Allergen:
    """Something patients react to, and the drugs that are then avoided."""

    name: str
    members: frozenset[str]
    also: tuple[str, ...]
    reactions: tuple[str, ...]
    weight: float
    found: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a drug is changed, with the result or sign that must stand beside it."""

    why: str
    lab: tuple[Any, ...]
    vital: str
    weight: float
    origin: frozenset[str]
    to: tuple[str, ...]
    needs: frozenset[str]
    sex: str


@dataclass(frozen=True, slots=True)
class Archetype:
    """A kind of patient."""

    key: str
    weight: float
    sex: str
    ages: tuple[int, int]
    years: tuple[float, float]
    has: tuple[str, ...]
    may: Mapping[str, float]
    later: Mapping[str, float]
    acute: tuple[str, ...]
    first: str
    admissions: tuple[int, int]
    visits: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Catalog:
    """All of it."""

    drugs: Mapping[str, Drug]
    conditions: Mapping[str, Condition]
    acutes: Mapping[str, Acute]
    labs: Mapping[str, Lab]
    allergens: Mapping[str, Allergen]
    changes: Mapping[str, Mapping[str, tuple[Reason, ...]]]
    archetypes: tuple[Archetype, ...]
    words: Mapping[str, Any]
