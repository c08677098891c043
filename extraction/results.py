"""Measured values in a sentence: laboratory results, vital signs, ejection fraction."""

import re
from dataclasses import dataclass
from functools import cache

from core.records import Assertion, SectionKind
from extraction.assertion import context_of
from extraction.dates import find_dates
from extraction.dosing import NUMBER
from extraction.gated import Gated
from extraction.lexicon import load, synonyms
from extraction.series import is_new, newest, past_goal
from extraction.words import Match, Phrases, Words

_UNIT = (
    r"(?:%|percent|mg\s?/\s?d[lL]|g\s?/\s?d[lL]|gm\s?/\s?d[lL]|mg\s?/\s?[lL]|mmol\s?/\s?[lL]|meq\s?/\s?[lL]|"
    r"[uµ]?iu\s?/\s?m[lL]|m?u\s?/\s?[lL]|iu\s?/\s?[lL]|units\s?/\s?[lL]|"
    r"ng\s?/\s?m[lL]|pg\s?/\s?m[lL]|ng\s?/\s?d[lL]|mcg\s?/\s?d[lL]|ng\s?/\s?[lL]|mm\s?hg|mmhg|bpm|beats per minute|"
    r"breaths per minute|breaths/min|/min|ml\s?/\s?min(?:\s?/\s?1\.73\s?m\^?2)?|"
    r"k\s?/\s?[uµ][lL]|x?\s?10\^?[39]\s?/\s?[uµ]?[lL]|/mm3|cells\s?/\s?[uµ][lL]|copies\s?/\s?m[lL]|mg\s?/\s?g|"
    r"mm\s?/\s?hr?|f[lL]|kg\s?/\s?m2|kg|kilograms|lbs?|pounds|"
    r"cm|inches|degrees?\s?(?:f(?:ahrenheit)?|c(?:elsius)?)?|°\s?[fc]|[fc](?![a-z])|liters?|seconds|sec)"
)
_VALUE = rf"(?:[<>≤≥~]=?\s?)?{NUMBER}(?:\s?(?:-|–|/|to)\s?{NUMBER})?"
_LINK = (
    r"(?:\(pt\)|\)|\s|:|=|\+(?=[\s:])|-(?!\d)|–|,|\(|\||\*|#|\b(?:was|is|of|at|were|are|to|level|levels|count|today|"
    r"now|up|down|"
    r"stable|"
    r"still|remains|remained|elevated|low|high|normal|"
    r"increased|decreased|improved|rose|risen|fell|trended|trending|peaked|peak|returned|came|back|has|have|had|"
    r"been|on|admission|discharge|"
    r"measured|reading|readings|approximately|about|around|slightly|markedly|significantly|mildly|estimated|value|"
    r"result|this|morning|and|the|"
    r"in|her|his|most|recent|last|initial|repeat|latest|found|be|noted|reported|percent|ratio|range|reduced|"
    r"severely|moderately|wnl|from|a|office|clinic|home|room|air|ra|"
    r"po|random|fasting|am|pm|currently|well|controlled|visit|again|yesterday|check|checked|drawn|preserved|"
    r"critical|critically|worsened|resulted|as|h|l)\b)"
)
_REACH = 70
_TELLING = re.compile(
    r"\s*(?:[,:(–-]\s*)?(?!(?:for|with|if|goal|target|every|q|per|x|times|until|when|while|after|before|since|than|age|"
    r"aged|plus|without|by|next|recheck|repeat in|over|no|not|ordered|pending|due|grade|stage|type|class|day|post|hold|"
    r"keep|above|below|under|within|give|increase|decrease|start|continue|clearance|"
    r"kinase|ratio|phosphokinase|transfus\w+|supplement\w*|replace\w*|replet\w*|intake|restriction|diet|tolerance|"
    r"strips?|monitor\w*|meter|prior|previous\w*|former\w*|earlier|dose|tablets?|infusion|drip|gel|"
    r"patch)\b)[a-z][a-z'’-]{1,14}",
    re.IGNORECASE,
)
_MOST_TELLING = 5
_TREND = Gated(
    rf"\s*(?:->|→|-->|=>|>|(?:,\s*)?(?:(?:and\s+)?(?:up|down|back|(?:was\s+)?(?:repleted|corrected|improved|rose|fell|"
    rf"dropped|increased|decreased|recovered))\s+)?\bto\b)\s*({_VALUE})",
    re.IGNORECASE,
)
_VALUE_RE = re.compile(_VALUE)
_VALUE_SIGNS = frozenset("<>≤≥~.")
"""What a value may begin with beside a digit."""
_NUMBER_RE = re.compile(NUMBER)
_DIGIT = re.compile(r"\d")
_FROM = Gated(
    rf"\bfrom\s+(?:a\s+)?(?:baseline\s+(?:of\s+)?)?({_VALUE})\s*(?:{_UNIT})?[^.;\d]{{0,40}}?(?:\bto|->|→)\s*({_VALUE})",
    re.IGNORECASE,
)
_PAIR = re.compile(rf"{NUMBER}\s+to\s+({NUMBER})", re.IGNORECASE)
_BETWEEN = Gated(r"\b(?:between|rang\w+|normal|runs?|running|from)\b", re.IGNORECASE)
_NOW = Gated(
    rf"(?:\s?{_UNIT})?[^.;()]{{0,40}}?\b(?:now|today|currently|this visit|then|is)\s+(?:is\s+|at\s+)?"
    rf"(?P<value>{NUMBER})(?![/\d-])",
    re.IGNORECASE,
)
_SECOND = re.compile(
    rf"(?P<between>(?:\s?{_UNIT})?[^.\d]{{0,60}}?)(?P<value>{NUMBER})(?![/\d-]|"
    rf"\.\d)(?P<behind>(?:\s?{_UNIT})?[^.;,\d]{{0,36}})",
    re.IGNORECASE,
)
_JOINED = re.compile(r"[,;]|\b(?:and|then|but|to|by)\b|->|→|-->|=>|\)", re.IGNORECASE)
_AT_FIRST = re.compile(
    r"\b(?:arriv\w+|admi(?:t|ssion|tted|tting)\w*|present(?:ation|ing|ed)|initial\w*|first|start\w*|began|outset|"
    r"onset|entry|door|"
    r"coming in|came in|day (?:1|one)|peak\w*|nadir|triage|intake|ed|emergency|originally|highest|lowest)\b",
    re.IGNORECASE,
)
_AT_LAST = re.compile(
    r"\b(?:discharge\w*|d/c|leav\w+|left|going (?:out|home)|went home|the end|departure|finally|final|lastly|"
    r"last(?!\s+\w)|latest|most recent\w*|"
    r"transfer|release|exit|on the way out|ended|finish\w*|settl\w+|at present|presently|now|today|currently|"
    r"this (?:time|visit|morning))\b",
    re.IGNORECASE,
)
_EARLIER = re.compile(
    r"\b(?:prior|previous\w*|prev|last (?:check|time|visit|value|week|month|year|seen)|baseline|before|earlier|ago|"
    r"goal|target|ref\w*|"
    r"normal|usual|compared|vs|versus|against|from|was|had been|than|below|above|over|under|for|times|every|with)\b",
    re.IGNORECASE,
)
_WAS = Gated(
    rf"[\s,(]*(?:previously|formerly|prior|last|before|earlier)\s+(?:at\s+|of\s+)?{NUMBER}(?:\s?{_UNIT})?"
    rf"[^.;\d]{{0,24}}?\b(?:now|today|is|currently)\s+(?:is\s+|at\s+)?(?P<value>{NUMBER})",
    re.IGNORECASE,
)
_PER_LITRE = re.compile(r"\s?/\s?(?:[uµ]L\b|mm3)", re.IGNORECASE)
_DAY = re.compile(r"(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])(?:/\d{2,4})?(?![\d.])")
_USUAL_RANGE = re.compile(rf"\(\s*{NUMBER}\s*[-–]\s*{NUMBER}\s*\)\s*[:=]?\s*(?={NUMBER})")
_LINK_RE = re.compile(_LINK, re.IGNORECASE)
_UNIT_RE = re.compile(rf"\s{{0,4}}({_UNIT})(?![a-zA-Z0-9])", re.IGNORECASE)
_ROW_UNIT = re.compile(rf"\s\s(?=\S)({_UNIT})\s*\Z", re.IGNORECASE)
_DASH = re.compile(r"(?:\(PT\))?-(?=[\d<>])")
_DRUG_UNIT = re.compile(r"[\s-]?(?:mg|mcg|g|gm|meq|units?|tabs?|tablets?|ml|iu)(?![\w/]|\s?/)", re.IGNORECASE)
_TIME_UNIT = re.compile(r"[\s-]?(?:days?|weeks?|wks?|months?|mos?|years?|yrs?)\b", re.IGNORECASE)
_GOAL_AHEAD = re.compile(r"\b(?:goal|target)\s+(?:an?\s+|her\s+|his\s+)?\Z", re.IGNORECASE)
_GOAL_BEHIND = re.compile(r"[\s(:]*(?:goal|target)\b", re.IGNORECASE)
_GOAL_WORDS = re.compile(
    r"\b(?:goal|target|keep|maintain|titrate to|hold (?:for|if)|call (?:for|if)|notify (?:for|if)|if|"
    r"(?<!notable )(?<!remarkable )(?<!significant )(?<!abnormal )(?<!except )(?<!apart )for)"
    r"\s+(?:an?\s+|her\s+|his\s+)?\Z"
)
_GOAL_AFTER = re.compile(r"[\s(:]*(?:goal|target)\b|\s*(?:<|>|less than|greater than)")
_BELOW_ONE = re.compile(r"\s*[<>]\s*0?\.\d")
_IN_A_RATIO = re.compile(r"[A-Za-z]\s?/\s?\Z")
_RATIO = re.compile(r"\s?/\s?[A-Za-z]+\s+ratio\b|\s+ratio\b", re.IGNORECASE)
_TWO_VALUES = re.compile(rf"\W{{0,3}}{NUMBER}\s?/\s?{NUMBER}")
_BASELINE = re.compile(r"\bbaseline\b[^,;.]{0,12}\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ResultFact:
    """A measured value; `start:end` spans name, value and unit within the sentence."""

    name: str
    start: int
    end: int
    assertion: Assertion
    value: str
    unit: str


@cache
def _bounds() -> dict[str, tuple[float, float]]:
    return {name: (float(low), float(high)) for name, (low, high) in load("results")["bounds"].items()}


@cache
def _usual() -> dict[str, tuple[float, float]]:
    return {name: (float(low), float(high)) for name, (low, high) in load("results")["usual"].items()}


def is_unusual(name: str, value: str) -> bool:
    """Whether a value lies outside the interval usual in adults; False where that is not known."""
    numbers = re.findall(NUMBER, value)
    if name not in _usual() or len(numbers) != 1:
        return False
    low, high = _usual()[name]
    return not low <= float(numbers[0].replace(",", "")) <= high


@cache
def _analytes() -> Phrases[str]:
    return Phrases(synonyms(load("results")["analytes"]))


def find_analytes(text: str) -> tuple[Match[str], ...]:
    """Names of measures, with or without a value, in order; `value` is the canonical name."""
    return tuple(_analytes().find(Words.of(text)))


def result_facts(text: str, words: Words, section: SectionKind) -> tuple[ResultFact, ...]:
    """Results in one sentence: a name, linking words, a value, a unit. Of a change, the value it came to."""
    if not _DIGIT.search(text):
        return ()
    matches = [m for m in _analytes().find(words) if not _PER_LITRE.match(text, m.end)]
    if not matches:
        return ()
    dates = [(d.start, d.end) for d in find_dates(text)]
    facts = []
    for i, match in enumerate(matches):
        stop = matches[i + 1].start if i + 1 < len(matches) else len(text)
        fact = _fact(text, match, min(stop, match.end + _REACH + 60), section, dates)
        if fact is not None:
            facts.append(fact)
    return tuple(facts)


def _fact(
    text: str, match: Match[str], stop: int, section: SectionKind, dates: list[tuple[int, int]]
) -> ResultFact | None:
    if _of_a_ratio(text, match):
        return None
    at, begin = match.end, match.start
    if _goal(text, match):
        ahead = _GOAL_AHEAD.search(text, max(0, begin - 24), begin)
        beyond = past_goal(text, at) if ahead or _GOAL_BEHIND.match(text, at) else None
        if beyond is None:
            return None
        at, begin = beyond, ahead.start() if ahead else begin
    read = _read(match.value, text, at, stop, dates)
    if read is None:
        return None
    value, known_end = read
    if (
        _TIME_UNIT.match(text, value[1])
        or _DRUG_UNIT.match(text, value[1])
        or not _plausible(match.value, text[slice(*value)])
    ):
        return None
    unit = _UNIT_RE.match(text, value[1], min(len(text), value[1] + 24))
    end = max(unit.end() if unit else value[1], known_end)
    if unit is None:
        unit = _ROW_UNIT.search(text, value[1], min(len(text), value[1] + 60))
    told = _assertion(text, match, value, section)
    if told is Assertion.PRESENT and (baseline := _BASELINE.search(text, max(0, begin - 24), begin)):
        begin = baseline.start()
    words = " ".join(text[slice(*value)].split())
    return ResultFact(match.value, begin, end, told, words, unit.group(1) if unit else "")


def _assertion(text: str, match: Match[str], value: tuple[int, int], section: SectionKind) -> Assertion:
    """HISTORICAL for a baseline; else a measured value counts, but for one of a condition or of a relative."""
    between = text[match.end : value[0]]
    ahead = _BASELINE.search(text[max(0, match.start - 24) : match.start]) and not is_new(between)
    if ahead or _BASELINE.search(between):
        return Assertion.HISTORICAL
    told = context_of(text, (match.start, match.end), section).assertion
    unheeded = (Assertion.NEGATED, Assertion.POSSIBLE, Assertion.HISTORICAL)
    reached = _goal(text, match) and told is Assertion.HYPOTHETICAL
    return Assertion.PRESENT if told in unheeded or reached else told


def _read(name: str, text: str, at: int, stop: int, dates: list[tuple[int, int]]) -> tuple[tuple[int, int], int] | None:
    """The newest value behind a name, and where the words end that belong to it."""
    changed = _FROM.search(text, at, stop)
    if changed and _links_only(text, at, changed.start()):
        return changed.span(2), changed.end(2)
    found = _value_at(name, text, at, stop, dates)
    if found is None:
        return None
    last = newest(text, at, found, stop, lambda span: _plausible(name, text[slice(*span)]))
    if last and last.span != found:
        return last.span, last.end
    value = _came_to(text, at, found, stop)
    trend = _TREND.match(text, _past_unit(text, value[1], stop), stop)
    while trend:
        value = trend.span(1)
        trend = _TREND.match(text, _past_unit(text, value[1], stop), stop)
    return value, last.end if last and value == found else value[1]


def _goal(text: str, match: Match[str]) -> bool:
    before = text[max(0, match.start - 24) : match.start].lower()
    after = text[match.end : match.end + 12].lower()
    return bool(_GOAL_WORDS.search(before) or (_GOAL_AFTER.match(after) and not _BELOW_ONE.match(after)))


def _of_a_ratio(text: str, match: Match[str]) -> bool:
    """Whether a name is half of a quotient, as in `Prot/Cr-0.2`, unless both values follow: `BUN/Cr 20/1.1`."""
    if not _IN_A_RATIO.search(text, max(0, match.start - 4), match.start):
        return _RATIO.match(text, match.end) is not None
    return not _TWO_VALUES.match(text, match.end)


def _links_only(text: str, start: int, stop: int) -> bool:
    rest = _LINK_RE.sub("", text[start:stop]).strip()
    return not rest or re.fullmatch(r"[a-z]{2,14}(?:\s+[a-z]{2,14})?", rest) is not None


def _came_to(text: str, at: int, value: tuple[int, int], stop: int) -> tuple[int, int]:
    """The latter of two values that one after the other are told: `4.3 to 5.7`, `was 5.6, now 4.5`."""
    pair = _PAIR.fullmatch(text, *value)
    if pair and not _BETWEEN.search(text, at, value[0]):
        return pair.span(1)
    for later in (_second(text, at, value, stop), _NOW.match(text, value[1], stop)):
        if later and not any(p.match(text, later.end("value")) for p in (_TIME_UNIT, _DRUG_UNIT)):
            return later.span("value")
    return value


def _second(text: str, at: int, value: tuple[int, int], stop: int) -> re.Match[str] | None:
    """The second of two values where words call the one the first or the other the last: `13 at first, 6 last`."""
    found = _SECOND.match(text, value[1], stop) if _DIGIT.search(text, value[1], stop) else None
    if found is None or not _JOINED.search(found["between"]):
        return None
    joined = [m.end() for m in _JOINED.finditer(found["between"])][-1]
    first, last = found["between"][:joined], found["between"][joined:]
    if _EARLIER.search(last) or _EARLIER.search(found["behind"]):
        return None
    told = _AT_FIRST.search(text, at, value[0]) or _AT_FIRST.search(first)
    return found if told or _AT_LAST.search(last) or _AT_LAST.search(found["behind"]) else None


def _value_at(name: str, text: str, at: int, stop: int, dates: list[tuple[int, int]]) -> tuple[int, int] | None:
    limit, told = min(stop, at + _REACH), 0
    was = _WAS.match(text, at, stop)
    if was:
        return was.span("value")
    dash = _DASH.match(text, at) or _USUAL_RANGE.match(text, at + (text[at : at + 1] == " "))
    if dash:
        at = dash.end()
    while at < limit:
        inside = next((d for d in dates if d[0] <= at < d[1]), None)
        if inside:
            at = inside[1]
            continue
        opens = text[at].isdecimal() or text[at] in _VALUE_SIGNS
        day = _DAY.match(text, at, stop) if opens and name != "blood pressure" else None
        if day and text[at - 1] in " (" and not text[: at - 1].rstrip().endswith("/"):
            at = day.end()
            continue
        value = _VALUE_RE.match(text, at, stop) if opens else None
        if value and not text[at - 1].isalnum():
            if told and not (_UNIT_RE.match(text, value.end()) or name in _bounds()):
                return None
            following = text[value.end() : value.end() + 1]
            if following.isalpha() and not _UNIT_RE.match(text, value.end()):
                return None
            return value.span()
        link = _LINK_RE.match(text, at, limit)
        if link is None and told < _MOST_TELLING:
            link = _TELLING.match(text, at, limit)
            told += 1
        if link is None:
            return None
        at = link.end()
    return None


def _past_unit(text: str, at: int, stop: int) -> int:
    unit = _UNIT_RE.match(text, at, stop)
    return unit.end() if unit else at


def _plausible(name: str, value: str) -> bool:
    numbers = [float(n.replace(",", "")) for n in _NUMBER_RE.findall(value)]
    if name == "blood pressure":
        return len(numbers) == 2 and "/" in value and 40 <= numbers[0] <= 300 and 15 <= numbers[1] <= 200
    bounds = _bounds().get(name)
    return bool(numbers) and (bounds is None or all(bounds[0] <= n <= bounds[1] for n in numbers))
