"""When a patient is seen, and for what."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from ingest.synthetic.catalog import Acute, Archetype, Catalog


@dataclass(frozen=True, slots=True)
class Planned:
    """An encounter to come: "clinic", "phone", "ed" or "admission"."""

    at: datetime
    kind: str
    acute: Acute | None = None
    days: int = 0


def plan(
    catalog: Catalog, archetype: Archetype, rng: Random, start: datetime, born: datetime, sex: str
) -> list[Planned]:
    """The encounters of a life, in order; never two at once."""
    length = timedelta(days=int(rng.uniform(*archetype.years) * 365))
    if "pregnancy" in archetype.has:
        stays = [_birth(catalog, rng, start)]
    else:
        stays = _stays(catalog, archetype, rng, start, length, born, sex)
    visits = _visits(archetype, rng, start, length, stays)
    return sorted(stays + visits, key=lambda p: p.at)


def _clock(rng: Random, day: datetime, first: int, last: int) -> datetime:
    return day.replace(hour=rng.randint(first, last), minute=rng.randrange(0, 60, 5))


def _birth(catalog: Catalog, rng: Random, start: datetime) -> Planned:
    acute = catalog.acutes["preeclampsia" if rng.random() < 0.3 else "delivery"]
    week = rng.randint(34, 37) if acute.key == "preeclampsia" else rng.randint(38, 40)
    at = _clock(rng, start + timedelta(days=(week - 9) * 7), 1, 22)
    return Planned(at, "admission", acute, rng.randint(*acute.los))


def _fits(acute: Acute, age: int, sex: str, used: set[str]) -> bool:
    return acute.ages[0] <= age <= acute.ages[1] and acute.sex in ("", sex) and not (acute.once and acute.key in used)


def _stays(
    catalog: Catalog, archetype: Archetype, rng: Random, start: datetime, length: timedelta, born: datetime, sex: str
) -> list[Planned]:
    count = rng.randint(*archetype.admissions)
    days = sorted(rng.sample(range(25, max(60, length.days - 20)), count))
    used: set[str] = set()
    stays: list[Planned] = []
    for index, day in enumerate(days):
        at = _clock(rng, start + timedelta(days=day), 0, 22)
        if stays and at < stays[-1].at + timedelta(days=stays[-1].days + 30):
            continue
        age = (at - born).days // 365
        first = archetype.first if index == 0 else ""
        keys = [first] if first else [k for k in archetype.acute if not catalog.acutes[k].after]
        fit = [catalog.acutes[k] for k in keys if _fits(catalog.acutes[k], age, sex, used)]
        if not fit:
            continue
        acute = rng.choice(fit)
        used.add(acute.key)
        ed_only = rng.random() < acute.ed_only
        stays.append(Planned(at, "ed" if ed_only else "admission", acute, 0 if ed_only else rng.randint(*acute.los)))
        stays += _aftermath(catalog, archetype, rng, stays[-1], used)
    return stays


def _aftermath(catalog: Catalog, archetype: Archetype, rng: Random, stay: Planned, used: set[str]) -> list[Planned]:
    for key in archetype.acute:
        acute = catalog.acutes[key]
        if stay.acute is not None and acute.after == stay.acute.key and key not in used and rng.random() < 0.6:
            used.add(key)
            at = _clock(rng, stay.at + timedelta(days=stay.days + rng.randint(8, 20)), 6, 20)
            return [Planned(at, "admission", acute, rng.randint(*acute.los))]
    return []


def _visits(
    archetype: Archetype, rng: Random, start: datetime, length: timedelta, stays: list[Planned]
) -> list[Planned]:
    rate = rng.uniform(*archetype.visits)
    days = [3.0]
    while days[-1] < length.days:
        slow = 2.4 if "pregnancy" in archetype.has and days[-1] > 300 else 1.0
        days.append(days[-1] + 365 / rate * rng.uniform(0.6, 1.4) * slow)
    times = [start + timedelta(days=int(d)) for d in days]
    times += [s.at + timedelta(days=s.days + rng.randint(7, 20)) for s in stays]
    while len(times) < 6:
        times.append(times[-1] + timedelta(days=rng.randint(40, 150)))
    taken = [(s.at - timedelta(days=4), s.at + timedelta(days=s.days + 5)) for s in stays]
    visits: list[Planned] = []
    for time in sorted(times):
        day = time + timedelta(days={5: 2, 6: 1}.get(time.weekday(), 0))
        if any(a <= day <= b for a, b in taken) or (visits and day - visits[-1].at < timedelta(days=12)):
            continue
        kind = "phone" if visits and rng.random() < 0.14 else "clinic"
        visits.append(Planned(_clock(rng, day, 8, 16), kind))
    return visits
