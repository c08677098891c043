"""Doses, routes and frequencies: where they stand in a text, and one form for equal ones."""

import re
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache

from extraction.lexicon import load

NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,7}(?:\.\d{1,4})?|\.\d{1,4})"
_UNIT = (
    r"(?:mcg|µg|μg|ug|micrograms?|mg|milligrams?|gm|grams?|g|kg|meq|mmol|ml|cc|l|liters?|iu|international units?|"
    r"units?|u|"
    r"puffs?|inhalations?|tabs?|tablets?|caps?|capsules?|pills?|drops?|sprays?|patch(?:es)?|lozenges?|ampules?|"
    r"amps?|vials?|"
    r"million units|nebs?|nebulizers?|%)"
)
_PER = r"(?:\s?/\s?(?:kg|m2|hr|hour|h|min|day|ml|l|dose|actuation|act|puff|inh|spray|tab|\d{1,4}\s?ml))"
_TIMES = r"(?:once|twice|thrice|(?:one|two|three|four|five|six|\d{1,2})(?:\s?x|\s+times?|(?=\s+(?:a|per|each)\s|\s?/)))"
_DAYS = r"(?:mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?|mwf|tths?|tts)"

DOSE = re.compile(
    rf"(?<![\w.]){NUMBER}(?:\s?(?:-|–|to|/)\s?{NUMBER})?[\s-]{{0,2}}{_UNIT}(?![a-z0-9]){_PER}{{0,2}}", re.IGNORECASE
)
"""A strength or an amount: `40mg`, `.5 mg`, `5-325 mg`, `1,000 units`, `2 puffs`, `10 mg/kg`."""

ROUTE = re.compile(
    r"(?<![\w.])(?:p\.?o\.?(?![a-z])|by mouth|oral(?:ly)?|i\.?v\.?p?b?(?![a-z])|intravenous(?:ly)?|i\.?m\.?(?![a-z'])|"
    r"intramuscular(?:ly)?|s\.?c\.?(?![a-z])|s\.?q\.?(?![a-z])|sub-?q|subcut(?:aneous(?:ly)?)?|s\.?l\.?(?![a-z])|"
    r"sublingual(?:ly)?|under the tongue|inh(?:aled|alation)?(?![a-z])|ih(?![a-z])|via neb(?:ulizer)?|nebulized|"
    r"topical(?:ly)?|transdermal(?:ly)?|p\.?r\.?(?![a-z.])|"
    r"rectal(?:ly)?|intranasal(?:ly)?|nasal(?:ly)?|ophthalmic|intrathecal(?:ly)?|per g-?tube|via g-?tube|per ng tube)",
    re.IGNORECASE,
)

FREQUENCY = re.compile(
    rf"(?<![\w.])(?:"
    rf"q\.?\s?\d{{1,2}}(?:\s?-\s?\d{{1,2}})?\s?(?:h(?:ou)?rs?|hr?|days?|wks?|weeks?|months?|min)?(?![a-z])|"
    rf"every\s+(?:other\s+day|{_DAYS}|(?:\w{{1,8}}(?:\s?(?:-|to)\s?\w{{1,5}})?\s+)?(?:hours?|hrs?|days?|weeks?|"
    rf"months?|min(?:ute)?s?|mornings?|evenings?|nights?))|"
    rf"{_TIMES}[\s-]{{1,2}}(?:(?:a|per|each|every)\s+|/\s?)?(?:day|daily|week(?:ly)?|month(?:ly)?|night(?:ly)?)|"
    rf"\d\s?x\s?/\s?(?:day|week)|"
    rf"(?:once|each|per|a)\s+(?:day|daily|week|month|morning|evening|night)|"
    rf"(?:q\.?\s?)?(?:daily|weekly|monthly|nightly)|q\s?(?:day|week|month|night|evening|morning|noon)|"
    rf"q\.?d\.?(?![a-z])|"
    rf"b\.?i\.?d\.?(?![a-z])|t\.?i\.?d\.?(?![a-z])|q\.?i\.?d\.?(?![a-z])|q\.?o\.?d\.?(?![a-z])|"
    rf"q\.?\s?a\.?m\.?(?![a-z])|q\.?\s?p\.?m\.?(?![a-z])|q\.?\s?h\.?s\.?(?![a-z])|qac|"
    rf"(?:at|before)\s+bedtime|in\s+the\s+(?:morning|evening)|at\s+night|with\s+meals|before\s+meals|"
    rf"with\s+breakfast|with\s+dinner|"
    rf"h\.?s\.?(?![a-z'])|(?:on\s+)?{_DAYS}(?![a-z])|"
    rf"p\.?r\.?n\.?(?![a-z])|as[\s-]needed|if\s+needed|"
    rf"x\s?1(?!\d)(?:\s+dose)?|(?:one|single|1)[\s-]time(?:\s+dose)?|(?:one|single)\s+dose|stat|once|bolus|"
    rf"continuous(?:ly)?|gtt|drip|infusion"
    rf")(?![a-z])",
    re.IGNORECASE,
)
"""One part of how often: several may follow each other, as in `every 6 hours as needed`."""

_MOST = re.compile(
    r"\b(?:up to|max(?:imum)?(?: (?:daily )?dose)?(?: of)?|exceed|more than)\W{1,3}(?:[\d.]+\s?\w+\s+)?\Z",
    re.IGNORECASE,
)
_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "eight": "8", "twelve": "12",
    "once": "1", "twice": "2", "thrice": "3",
}  # fmt: skip
_PER_DAY = {
    "1": "daily",
    "2": "twice daily",
    "3": "three times daily",
    "4": "four times daily",
    "5": "five times daily",
}
_MASS_IN_MG = {"mcg": Decimal("0.001"), "mg": Decimal(1), "g": Decimal(1000)}
_UNITS = {
    "µg": "mcg", "μg": "mcg", "ug": "mcg", "microgram": "mcg", "micrograms": "mcg", "milligram": "mg",
    "milligrams": "mg", "gm": "g", "gram": "g", "grams": "g", "cc": "ml", "u": "units", "unit": "units", "iu": "units",
    "international unit": "units", "international units": "units", "puff": "puffs", "tab": "tablets", "tabs": "tablets",
    "tablet": "tablets", "cap": "capsules", "caps": "capsules", "capsule": "capsules", "pill": "tablets",
    "pills": "tablets", "drop": "drops", "spray": "sprays", "patch": "patches", "liter": "l", "liters": "l",
    "inhalation": "puffs", "inhalations": "puffs", "neb": "nebs",
}  # fmt: skip


@cache
def _simple() -> dict[str, str]:
    return {written: canonical for canonical, ways in load("frequencies").items() for written in ways}


def canonical_number(text: str) -> str:
    """One spelling of a plain number: `.50` and `0.5` give `0.5`, `1,000` gives `1000`; "" where it is none."""
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return ""
    return format(value.normalize(), "f")


def canonical_unit(text: str) -> str:
    """One spelling of a unit in lower case: `µg` gives `mcg`, `U` gives `units`."""
    unit = " ".join(text.lower().split())
    return _UNITS.get(unit, unit)


@lru_cache(maxsize=4096)
def canonical_dose(text: str) -> str:
    """One form for equal doses: `40mg`, `40 mg` and `0.04 g` all give `40 mg`; "" where there is no dose."""
    match = DOSE.search(text)
    if match is None:
        bare = re.fullmatch(rf"\s*({NUMBER})\s*", text)
        return canonical_number(bare.group(1)) if bare else ""
    words = match.group().lower()
    numbers = [Decimal(n.replace(",", "")) for n in re.findall(NUMBER, words.split("/kg")[0].split("/m")[0])]
    unit_match = re.search(_UNIT + r"(?![a-z])", re.sub(NUMBER, " ", words))
    unit = canonical_unit(unit_match.group()) if unit_match else ""
    per = re.search(_PER + "{1,2}$", words)
    if per is not None and len(numbers) > 1 and re.search(r"\d", per.group()):
        numbers = numbers[:-1]
    if unit in _MASS_IN_MG:
        numbers, unit = [n * _MASS_IN_MG[unit] for n in numbers], "mg"
    value = "-".join(format(n.normalize(), "f") for n in numbers)
    return f"{value} {unit}{per.group().replace(' ', '') if per else ''}".strip()


@lru_cache(maxsize=4096)
def canonical_frequency(text: str) -> str:
    """One form for equal frequencies: `BID`, `b.i.d.`, `2x/day` and `twice a day` all give `twice daily`.

    "as needed" comes last: `q6h prn` gives `every 6 hours as needed`. "" where no frequency is found.
    """
    parts: list[str] = []
    for match in FREQUENCY.finditer(text):
        part = "" if parts and _MOST.search(text[: match.start()]) else _canonical_part(match.group())
        if part and part not in parts:
            parts.append(part)
    if len(parts) > 1 and "daily" in parts and any(p in parts for p in ("nightly", "every morning", "every evening")):
        parts.remove("daily")
    if len(parts) > 1 and "once" in parts and any(p not in ("once", "as needed") for p in parts):
        parts.remove("once")
    parts.sort(key=lambda p: p == "as needed")
    return " ".join(parts)


def _canonical_part(words: str) -> str:
    squeezed = re.sub(r"[\s.-]+", "", words.lower())
    simple = _simple().get(squeezed)
    if simple:
        return simple
    lowered = words.lower()
    every = re.search(
        r"(?:every|q)\.?\s*(\w+?)(?:\s?(?:-|to)\s?(\w+?))?\s*(hours?|hrs?|h|days?|wks?|weeks?|months?|min(?:ute)?s?)?$",
        lowered,
    )
    times = re.match(
        r"(\w+?)(?:\s?x|\s+times?)?[\s/-]*(?:(?:a|per|each|every)\s+)?(day|daily|week|month|night)", lowered
    )
    if every and (low := _small(every.group(1))):
        high = _small(every.group(2) or "")
        unit = {"h": "hours", "d": "days", "w": "weeks"}.get((every.group(3) or "h")[0], "")
        unit = unit or ("minutes" if (every.group(3) or "").startswith("min") else "months")
        return f"every {low}{'-' + high if high else ''} {unit}"
    if times and (count := _small(times.group(1))):
        period = {"day": "daily", "daily": "daily", "night": "nightly"}.get(times.group(2))
        if period == "daily":
            return _PER_DAY.get(count, f"{count} times daily")
        return period or (f"{times.group(2)}ly" if count == "1" else f"{count} times {times.group(2)}ly")
    return " ".join(lowered.split())


def _small(word: str) -> str:
    return word.lstrip("0") if word.isdigit() else _WORDS.get(word, "")
