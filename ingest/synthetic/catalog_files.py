"""Read the clinical knowledge from the YAML files under `knowledge/`."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ingest.synthetic.catalog import Acute, Allergen, Archetype, Catalog, Condition, Dose, Drug, Lab, Reason

_FOLDER = Path(__file__).parent / "knowledge"
_DOSE = re.compile(r"^(\S+) (\S+) (.+)$")


def _read(name: str) -> dict[str, Any]:
    loaded = yaml.load((_FOLDER / name).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return dict(loaded)


def _listed(value: str | list[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _doses(specs: list[str]) -> tuple[Dose, ...]:
    steps: list[Dose] = []
    for spec in specs:
        found = _DOSE.match(spec)
        if found is None:
            raise ValueError(f"dose {spec!r} is not 'amounts unit frequency'")
        amounts, unit, frequency = found.groups()
        steps += [Dose(amount, unit, frequency) for amount in amounts.split(",")]
    return tuple(steps)


def _drug(key: str, d: dict[str, Any]) -> Drug:
    steps = _doses(d["dose"])
    first = int(d.get("start", 0))
    return Drug(
        key=key,
        name=d.get("name", key),
        group=d["group"],
        blocks=d.get("exclusive", d["group"]),
        brand=d["brand"],
        also=tuple(d.get("also", ())),
        form=d["form"],
        route=d.get("route", "PO"),
        steps=steps,
        first_step=first if first >= 0 else len(steps) + first,
        prn=d.get("prn", ""),
        avoid=frozenset(d.get("avoid", ())),
    )


def _condition(key: str, d: dict[str, Any]) -> Condition:
    return Condition(
        key=key,
        name=d["name"],
        say=tuple(d["say"]),
        abbr=tuple(d["abbr"]),
        service=d["service"],
        sex=d.get("sex", ""),
        drugs=tuple((tuple(names), float(chance)) for names, chance in d["drugs"]),
        labs={k: (float(v[0]), float(v[1])) for k, v in d.get("labs", {}).items()},
        drift=d.get("drift", {}),
        watch=tuple(d["watch"]),
        asks=tuple(d["asks"]),
        imaging=tuple(d.get("imaging", ())),
        fades=float(d.get("fades", 0)),
        device=d.get("device", ""),
        history=d.get("history", ""),
        more={k: d[k] for k in ("vital", "weigh", "rhythm", "lungs", "spo2", "belly", "transient") if k in d},
    )


def _acute(key: str, d: dict[str, Any]) -> Acute:
    return Acute(
        key=key,
        name=d["name"],
        say=tuple(d["say"]),
        abbr=tuple(d["abbr"]),
        of=tuple(d["of"]),
        sex=d.get("sex", ""),
        ages=tuple(d.get("age", (18, 110))),
        once=bool(d.get("once", False)),
        after=d.get("after", ""),
        service=d["service"],
        complaint=tuple(d["complaint"]),
        symptoms=tuple(d["symptoms"]),
        denies=tuple(d["denies"]),
        vitals=d["vitals"],
        weight=float(d.get("weight", 0)),
        labs=d["labs"],
        imaging=tuple(d["imaging"]),
        exam=d["exam"],
        inpatient=tuple(d["inpatient"]),
        home=d.get("home", {}),
        push=_listed(d.get("push")),
        start=tuple(d.get("start", ())),
        holds=tuple(d.get("holds", ())),
        drops=tuple(d.get("drops", ())),
        procedures=tuple(d.get("procedures", ())),
        device=d.get("device", ""),
        brings=tuple(d.get("brings", ())),
        adds=tuple(d.get("adds", ())),
        ends=d.get("ends", ""),
        consults=tuple(d["consults"]),
        los=(int(d["los"][0]), int(d["los"][1])),
        severe=float(d["severe"]),
        ed_only=float(d.get("ed_only", 0)),
        surgery=bool(d.get("surgery", False)),
        therapy=bool(d.get("therapy", False)),
    )


def _lab(key: str, d: dict[str, Any]) -> Lab:
    male = (float(d["normal"][0]), float(d["normal"][1]))
    female = d.get("female", male)
    return Lab(
        key=key,
        name=d.get("name", key).lower(),
        say=tuple(d["say"]),
        mimic=d["mimic"],
        unit=d["unit"],
        male=male,
        female=(float(female[0]), float(female[1])),
        digits=int(d["digits"]),
        panel=d["panel"],
        walk=float(d.get("walk", 0.1)),
        only_on=frozenset(d.get("only_on", ())),
    )


def _reason(d: dict[str, Any]) -> Reason:
    return Reason(
        why=d["why"],
        lab=tuple(d.get("lab", ())),
        vital=d.get("vital", ""),
        weight=float(d.get("weight", 0)),
        origin=frozenset(d.get("from", ())),
        to=tuple(d.get("to", ())),
        needs=frozenset(d.get("needs", ())),
        sex=d.get("sex", ""),
    )


def _archetype(key: str, d: dict[str, Any]) -> Archetype:
    return Archetype(
        key=key,
        weight=float(d["weight"]),
        sex=d.get("sex", ""),
        ages=tuple(d["age"]),
        years=tuple(d["years"]),
        has=tuple(d["has"]),
        may=d["may"],
        later=d["later"],
        acute=tuple(d["acute"]),
        first=d.get("first", ""),
        admissions=tuple(d["admissions"]),
        visits=tuple(d["visits"]),
    )


@lru_cache(maxsize=1)
def load_catalog() -> Catalog:
    """Read the knowledge files; a fault in one raises KeyError or ValueError."""
    drugs: dict[str, Drug] = {}
    for path in sorted((_FOLDER / "drugs").glob("*.yaml")):
        drugs.update({k: _drug(k, d) for k, d in _read(f"drugs/{path.name}").items()})
    return Catalog(
        drugs=drugs,
        conditions={k: _condition(k, d) for k, d in _read("conditions.yaml").items()},
        acutes={k: _acute(k, d) for k, d in _read("acute.yaml").items()},
        labs={k: _lab(k, d) for k, d in _read("labs.yaml").items()},
        allergens={
            k: Allergen(
                name=k,
                members=frozenset(d["members"]),
                also=tuple(d["also"]),
                reactions=tuple(d["reactions"]),
                weight=float(d["weight"]),
                found=d.get("found", ""),
            )
            for k, d in _read("allergens.yaml").items()
        },
        changes={
            group: {verb: tuple(_reason(r) for r in reasons) for verb, reasons in verbs.items()}
            for group, verbs in _read("changes.yaml").items()
        },
        archetypes=tuple(_archetype(k, d) for k, d in _read("archetypes.yaml").items()),
        words=_read("words.yaml"),
    )
