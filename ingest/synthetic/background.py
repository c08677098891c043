"""What a patient brings along: who they are, their habits, their family, their first allergies."""

from datetime import datetime, timedelta
from random import Random

from ingest.synthetic.catalog import Archetype, Catalog
from ingest.synthetic.regimen import FactIds
from ingest.synthetic.state import ALWAYS, Person, Sensitivity, Timed

_LIVES = ("alone", "with a spouse", "with a partner", "with family", "with an adult daughter", "with a roommate")


def draw_person(catalog: Catalog, archetype: Archetype, rng: Random, subject_id: str, start: datetime) -> Person:
    """Sex, age, work and home."""
    sex = archetype.sex or rng.choice("FM")
    age = rng.randint(*archetype.ages)
    born = start - timedelta(days=age * 365 + age // 4 + rng.randint(1, 360))
    occupation = rng.choice(catalog.words["retired" if age >= 67 else "occupations"])
    if age < 60 and occupation.startswith("retired"):
        occupation = "office manager"
    lives = rng.choice(_LIVES[1:4] if age < 45 else _LIVES[:5])
    return Person(
        subject_id, sex, born, archetype.key, occupation, lives, rng.randint(152, 170) + (11 if sex == "M" else 0)
    )


def family_history(catalog: Catalog, rng: Random, new_fact: FactIds) -> list[Timed]:
    """One to three relatives, each with an illness of their own."""
    facts: list[Timed] = []
    for relative, sex in rng.sample(catalog.words["relatives"], rng.randint(1, 3)):
        illnesses = catalog.words["family_illnesses"]
        told = {f.name for f in facts}
        illness = rng.choice([i for i in [*illnesses["any"], *illnesses[sex]] if i not in told])
        facts.append(
            Timed(
                new_fact("fam"), "family_history", illness.lower(), relative, ALWAYS, attributes={"relative": relative}
            )
        )
    return facts


def habits(
    rng: Random, new_fact: FactIds, conditions: set[str], start: datetime, end: datetime, age: int
) -> list[Timed]:
    """Smoking and alcohol; a smoker may quit within the chart."""
    facts: list[Timed] = []
    packs = max(4, min(age - 17, rng.randint(6, 52)))
    if "tobacco_use" in conditions:
        text = f"smokes {rng.choice(['half a pack', 'one pack'])} a day"
        if rng.random() < 0.4 and (end - start).days > 400:
            quit_at = start + timedelta(days=rng.randint(200, (end - start).days - 60))
            after = Timed(new_fact("soc"), "social_history", "tobacco", f"former smoker, {packs} pack-years", quit_at)
            facts += [Timed(new_fact("soc"), "social_history", "tobacco", text, ALWAYS, quit_at, after.fact), after]
        else:
            facts.append(Timed(new_fact("soc"), "social_history", "tobacco", text, ALWAYS))
    elif conditions & {"copd", "cad", "lung_cancer", "pad"} or rng.random() < 0.25:
        facts.append(Timed(new_fact("soc"), "social_history", "tobacco", f"former smoker, {packs} pack-years", ALWAYS))
    else:
        facts.append(Timed(new_fact("soc"), "social_history", "tobacco", "never smoker", ALWAYS))
    alcohol = "heavy alcohol use" if "alcohol_use" in conditions else rng.choice(
        ["no alcohol", "alcohol socially", "one or two drinks a week"]
    )  # fmt: skip
    if "pregnancy" in conditions:
        alcohol = "no alcohol"
    facts.append(Timed(new_fact("soc"), "social_history", "alcohol", alcohol, ALWAYS))
    return facts


def first_allergies(catalog: Catalog, rng: Random, new_fact: FactIds) -> list[Sensitivity]:
    """None for half the patients, else one or two."""
    known = [a for a in catalog.allergens.values() if a.weight]
    count = rng.choices([0, 1, 2], [50, 36, 14])[0]
    chosen: list[Sensitivity] = []
    while len(chosen) < count:
        allergen = rng.choices(known, [a.weight for a in known])[0]
        if all(s.allergen != allergen for s in chosen):
            chosen.append(Sensitivity(new_fact("alg"), allergen, rng.choice(allergen.reactions), ALWAYS))
    return chosen or [Sensitivity(new_fact("alg"), None, "", ALWAYS)]
