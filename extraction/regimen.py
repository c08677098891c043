"""How a drug is taken: its dose, route and frequency in the words round its name."""

import re
from dataclasses import dataclass

from extraction.dosing import DOSE, FREQUENCY, NUMBER, ROUTE, canonical_frequency
from extraction.gated import Gated
from extraction.provisos import LIMIT, provisos

_BARE = re.compile(
    rf"(?:\s|:|to|at)*\s({NUMBER}(?:\s?/\s?{NUMBER})?)(?=\s*(?:mg)?[\s,]+(?:{ROUTE.pattern}|{FREQUENCY.pattern}))",
    re.IGNORECASE,
)
_CHANGE = Gated(
    rf"\bfrom\s+(?:{DOSE.pattern}|{NUMBER}).{{0,40}}?\s(?:to|->|→)\s*(?P<to>{DOSE.pattern}|{NUMBER})|"
    rf"(?:{DOSE.pattern}|{NUMBER})[^.;]{{0,24}}?(?:->|→|-->|=>|>>)\s*(?P<arrow>{DOSE.pattern})|"
    rf"\b(?:was|previously|had been)\s+(?:at\s+|on\s+)?{DOSE.pattern}[^.;]{{0,24}}?"
    rf"\b(?:now|and\s+(?:is|will\s+be))\s+(?:is\s+|at\s+|on\s+)?(?P<now>{DOSE.pattern})|"
    rf"{DOSE.pattern}[^.;,\d]{{0,24}}?\b(?:went|goes|has\s+gone|became|becomes|has\s+become|turns\s+into|is\s+now|"
    rf"now)\s+"
    rf"(?:up\s+|down\s+)?(?:to\s+)?(?P<went>{DOSE.pattern})",
    re.IGNORECASE | re.DOTALL,
)
_RANGE = Gated(rf"{DOSE.pattern}[^.;,]{{0,24}}?\bto\s+(?P<to>{DOSE.pattern})", re.IGNORECASE)
_CHANGING = Gated(
    r"\b(?:(?:increas|decreas|rais|lower|reduc|titrat|up-?titrat|down-?titrat|doubl|halv|step|chang|adjust|bump|cut|"
    r"upp?ed|escalat|wean|taper|dial|drop)\w*|(?:went|go|goes|going|gone|came|come|coming|mov\w+|brought|bring\w*|"
    r"back\w*|push\w*|took|taken|turn\w*)\s+(?:it\s+)?(?:up|down|off|back))\b",
    re.IGNORECASE,
)
_UP_FROM = Gated(
    rf"[\s,(–-]{{1,4}}(?:(?:which|that)\s+(?:was|is)\s+)?(?:previously|formerly|was|had\s+been|before\s+that|"
    rf"instead\s+of|rather\s+than|"
    rf"(?:up|down|increased|decreased|reduced|raised|changed)\s+from|from|in\s+place\s+of|no\s+longer)\s+(?:at\s+|"
    rf"on\s+|only\s+)?{NUMBER}",
    re.IGNORECASE,
)
_AHEAD = re.compile(
    rf"({DOSE.pattern})\s+(?:(?:dose\s+)?of\s+)?(?:(?:iv|po|im|oral|sl|subq)\s+)?(?:her\s+|his\s+|the\s+)?\Z",
    re.IGNORECASE,
)
_OF = re.compile(r"\A\s*(?:of|iv|po|oral)\b", re.IGNORECASE)
CLAUSE = re.compile(
    r";|(?<=[a-z]{3})\.\s+(?=[A-Z])|\n\s*[-*•](?!>)|,?\s+(?:but|however|although|because|which|while)\s|\s\|\s"
)
_OWN_COLUMN = re.compile(rf"\s\|\s(?=(?:{DOSE.pattern}|{ROUTE.pattern}|{FREQUENCY.pattern}))", re.IGNORECASE)
_INSTRUCTION = re.compile(r"(?:Take|Inhale|Inject|Use|Dissolve|Apply|Place|Instill|Give|Chew|Administer|Spray)\b")
_DOSE_REACH = 48
_WINDOW = 170
_NOT_HOW_OFTEN = Gated(
    r"\brepeat(?:ed)?\s+\Z|\b(?:max\w*|exceed\w*|more than)\W{1,3}[\d.,]+\s?\w+[\s/]+\Z", re.IGNORECASE
)
_JOINS = re.compile(
    r"[ ,:(\n]{0,3}"
    r"(?:(?:up to|max(?:imum)?(?: of)?|for|at (?:the )?onset(?: of)?|may repeat)"
    r"(?:(?!\bthen\b|\band\b)[^.;,\d]){0,40}?[ ,(\n]{1,3})?",
    re.IGNORECASE,
)
_COURSE = Gated(
    r"(?:\s+for\s+(?!\d)\w+(?:\s+\w+)?)?"
    r"(?:\s*,?\s*(?:for\s+|x\s?|to (?:complete|finish)\s+(?:an?(?:other)?\s+)?)|\s*,\s*)"
    r"(?:the next\s+|a\s+total\s+of\s+|another\s+)?\d{1,3}\s?-?(?:more\s+)?(?:days?|weeks?|"
    r"months?|"
    r"doses?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Regimen:
    """Where dose, route and frequency stand; `changed` where the dose is one that a change came to.

    `end` is where the regimen ends with its limits and conditions, as `up to 3 doses as needed for chest pain`.
    """

    dose: tuple[int, int] | None = None
    route: tuple[int, int] | None = None
    frequency: tuple[int, int] | None = None
    changed: bool = False
    end: int = 0


def regimen_of(text: str, start: int, end: int, stop: int, taken: int) -> Regimen:
    """The regimen of the drug named at `start:end`, before `stop`; what ends before `taken` is another drug's."""
    limit = min(stop, end + _WINDOW)
    limit = clause = _clause_end(text, end, limit)
    change = _change(text, end, limit)
    dose = route = frequency = None
    if change is not None:
        dose = change
    else:
        after = DOSE.search(text, end, limit)
        ahead = _AHEAD.search(text, max(taken, start - 44), start)
        if after and _is_the_next_ones(text, end, after, stop, has_its_own=ahead is not None):
            limit, after = min(limit, after.start()), None
        if after and after.start() - end <= _DOSE_REACH and _plausible_gap(text[end : after.start()]):
            dose = _whole_dose(text, after, limit)
        elif bare := _BARE.match(text, end, limit):
            dose = bare.span(1)
        elif ahead:
            dose = ahead.span(1)
    route = _first(ROUTE, text, end, min(limit, (dose[1] if dose and dose[1] > end else end) + 40))
    after_dose = max([end, *(s[1] for s in (dose, route) if s)])
    frequency = _frequency(text, end, min(limit, after_dose + 60))
    if dose and dose[0] < start and route is None:
        route = _first(ROUTE, text, dose[1], start)
    behind = max([end, *(s[1] for s in (dose, route, frequency) if s)])
    changed = change is not None or bool(dose and _UP_FROM.match(text, behind))
    limits = provisos(text, behind, max(behind, clause))
    if limits.needed:
        frequency = (frequency[0] if frequency else limits.needed_from, max(limits.needed, behind))
    return Regimen(dose, route, frequency, changed, limits.end)


def _clause_end(text: str, start: int, limit: int) -> int:
    """Where the clause of a drug ends; a column or an instruction (`Take one tablet`) that follows belongs to it."""
    for clause in CLAUSE.finditer(text, start, limit):
        if not (_OWN_COLUMN.match(text, clause.start()) or _INSTRUCTION.match(text, clause.end())):
            return clause.start()
    return limit


def _is_the_next_ones(text: str, end: int, dose: re.Match[str], stop: int, *, has_its_own: bool) -> bool:
    """Whether a dose behind a name is the next drug's: `5 mg glipizide daily, 40 mg furosemide`; `X and 5 mg of Y`."""
    gap = text[end : dose.start()]
    if has_its_own and (FREQUENCY.search(gap) or ROUTE.search(gap)):
        return True
    abuts = stop < len(text) and not _OF.sub("", text[dose.end() : stop]).strip()
    return abuts and (has_its_own or "," in gap or " and " in gap or FREQUENCY.search(gap) is not None)


def _change(text: str, start: int, limit: int) -> tuple[int, int] | None:
    """The dose that a change came to: `from 10 mg to 20 mg`, `10 -> 20 mg`, `was 10 mg, now 20 mg`.

    `10 mg to 20 mg` by itself is a range; beside a verb of change it is a change.
    """
    match = _CHANGE.search(text, start, min(limit, start + 120))
    if match and match.start() - start <= 60:
        return next(match.span(name) for name in ("to", "arrow", "now", "went") if match[name])
    plain = _RANGE.search(text, start, limit)
    if plain and plain.start() - start <= _DOSE_REACH and _CHANGING.search(text):
        return plain.span("to")
    return None


def _plausible_gap(gap: str) -> bool:
    """Whether a dose so far behind the name still belongs to it: nothing but forms and verbs between."""
    if LIMIT.search(gap):
        return False
    return len(gap) <= 14 or not re.search(r"\b(?:for|with|and|if|until|plus|then|when|after)\b|\d{3}", gap)


def _whole_dose(text: str, match: re.Match[str], limit: int) -> tuple[int, int]:
    """Prefer a strength to a count that comes first, as in `1 tablet (40 mg)`."""
    if re.search(r"tab|cap|pill", match.group(), re.IGNORECASE):
        strength = DOSE.search(text, match.end(), min(limit, match.end() + 24))
        if strength and not re.search(r"tab|cap|pill", strength.group(), re.IGNORECASE):
            return strength.span()
    return match.span()


def _first(pattern: re.Pattern[str], text: str, start: int, limit: int) -> tuple[int, int] | None:
    match = pattern.search(text, start, limit)
    return match.span() if match else None


def _joins(gap: str, part: str) -> bool:
    """Whether a part continues a frequency: at once, or an "as needed" behind how many doses or what it is for."""
    return bool(_JOINS.fullmatch(gap)) and (not gap.strip(" ,:(\n") or canonical_frequency(part) == "as needed")


def _frequency(text: str, start: int, limit: int) -> tuple[int, int] | None:
    """All parts that follow each other closely, as `every 6 hours as needed`."""
    span: tuple[int, int] | None = None
    for match in FREQUENCY.finditer(text, start, limit):
        if _NOT_HOW_OFTEN.search(text, 0, match.start()):
            continue
        if span is None:
            span = match.span()
        elif _joins(text[span[1] : match.start()], match.group()):
            span = (span[0], match.end())
        else:
            break
    if span and (course := _COURSE.match(text, span[1], min(len(text), span[1] + 56))):
        span = (span[0], course.end())
    if span and text[span[1] - 1] == "." and "." not in text[span[0] : span[1] - 1].rsplit(" ", 1)[-1]:
        span = (span[0], span[1] - 1)
    return span
