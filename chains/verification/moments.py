"""Several values of one measure: which is the present one, which the baseline, which was on arrival or at discharge."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import spelled_out
from extraction.dosing import NUMBER, canonical_number
from extraction.drugs import find_drugs

_MOMENT = Refusal("moment", "it told the value of another time than the lines")
_CHANGE = Refusal("change_as_value", "it told by how much a value changed as the value itself")
_UNIT = r"\s?(?:%|[a-zA-Z°][\w°/%]{0,8})?"
_VALUE = rf"(?<![\w./-])({NUMBER})(?![\d/])"
_PARTS = re.compile(
    r"[,;()\n]|\.\s|-{1,2}>|=>|→|>>|\b(?:and|but|while|with|above|below|from|versus|vs|compared|over|then|now)\b|"
    rf"\bto\b(?=\s{NUMBER})",
    re.IGNORECASE,
)
_LINE = re.compile(r";|\n|\.\s")
_STAGES = {
    "arrival": r"(?:on|at|upon) (?:admission|arrival|presentation|triage)|initial(?:ly)?",
    "discharge": r"(?:on|at|upon|before|prior to|day of)(?: the)? discharge",
    "baseline": r"(?:base ?line|dry weight|usual weight)",
}
_STAGE = {name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for name, words in _STAGES.items()}
_AHEAD = re.compile(rf"(?:\s+(?:weight|value|level|is|was|of|at|about))*\s*[:=~]?\s*{_VALUE}", re.IGNORECASE)
_BEHIND = re.compile(rf"{_VALUE}{_UNIT}\s*\Z")
_LATE = r"(?:(?:at|on|by|before) (?:the )?(?:day of )?discharge|today|now|currently|this (?:morning|am)|most recently)"
_EARLY = (
    r"(?:(?:on|at|upon) (?:admission|arrival|presentation)|initially|yesterday|(?:at )?baseline|"
    r"last (?:week|month|year))"
)
_RISE = (
    r"(?:repleted|corrected|improved|rose|risen|fell|fallen|increased|decreased|dropped|declined|normali[sz]ed|recovered|"
    r"trended|went|up|down)"
)
_CHAIN = re.compile(rf"{_VALUE}{_UNIT}(?:\s*(?:-{{1,2}}>|=>|→|>>)\s*{NUMBER}{_UNIT})+")
_TO = re.compile(
    rf"{_VALUE}{_UNIT}[\s,]+(?:(?:and|then|was|were|has|had)\s+)*(?:{_RISE}\s+(?:down |up )?)?to\s+({NUMBER})(?![\d/])"
    rf"(?!\s?-)",
    re.IGNORECASE,
)
_STAGED = re.compile(
    rf"{_VALUE}{_UNIT}\s+{_EARLY}[\s,;]+(?:and |then |but )*(?:\w+ )?{_VALUE}{_UNIT}\s+{_LATE}\b", re.IGNORECASE
)
_NOW_VALUE = re.compile(
    rf"{_VALUE}{_UNIT}(?:\s+(?:in|on|at|last)\s\w+)?[\s,;]+(?:(?:and|but|is|it|was)\s+)*(?:now|today|currently)\s+"
    rf"(?:down to |up to |is |at )?{_VALUE}",
    re.IGNORECASE,
)
_IN_YEARS = re.compile(rf"{_VALUE}{_UNIT}\s*\(?(?:in )?((?:19|2[01])\d\d)\b")
_TOLD_NOW = re.compile(r"\b(?:is|are|now|current(?:ly)?|latest|newest|most recent|today|stands at)\b", re.IGNORECASE)
_TOLD_TO = re.compile(rf"\b{_RISE}\s+(?:up |down )?to\s+({NUMBER})", re.IGNORECASE)
_TOLD_PAST = re.compile(
    r"\b(?:previous\w*|prior|former\w*|initial\w*|from|baseline|on (?:admission|arrival|presentation)|last|before|"
    r"earlier|until|at first|in (?:19|2[01])\d\d)\b",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    r"\b(?:(?P<word>down|up|lost|gained|loss of|gain of|dropped|fell|rose|declined)(?: by| of)?|"
    rf"(?:increased|decreased|improved|reduced|risen|fallen) by)\s+(?:about |another |an? )?({NUMBER})(?![\d/-]|\.\d)"
    r"(?!\s?(?:->|→))(?![^,;.]{0,15}\bfrom\b)",
    re.IGNORECASE,
)
_SAYS_CHANGED = re.compile(
    r"\b(?:down|up|lost|loss|gain\w*|drop\w*|fell|fallen|ris\w+|rose|declin\w+|increas\w+|decreas\w+|reduc\w+|improv\w+|"
    r"chang\w+|by|less|more|lower|higher|delta|differ\w+|lighter|heavier|shed)\b",
    re.IGNORECASE,
)


def values_keep_their_moments(claim: Claim) -> Refusal | None:
    """Refuses a value told of another time than the cited words give it.

    What is told as present is the last of a course (*4.8 -> 2.1*, *25% in 2018, 50% in 2021*); what is told of arrival,
    of discharge or as the baseline is what the cited words give for it, where they give that at all.
    """
    pairs = frozenset(p for e in claim.cited for p in _courses(e.context))
    earlier, later = frozenset(a for a, _ in pairs), frozenset(b for _, b in pairs)
    over = earlier - later
    for part in _LINE.split(spelled_out(claim.text)):
        values = {canonical_number(m[1]) for m in re.finditer(_VALUE, part)}
        told_now = _TOLD_NOW.search(part) and not _TOLD_PAST.search(part)
        if told_now and values & over and not values & {b for a, b in pairs if a in values}:
            return _MOMENT
        if any(canonical_number(m[1]) in over for m in _TOLD_TO.finditer(part)):
            return _MOMENT
    return _MOMENT if any(_is_of_another_stage(s, v, claim) for s, v in _staged(claim.text)) else None


def changes_are_no_values(claim: Claim) -> Refusal | None:
    """Refuses *weighs 4 kg* for *weight down 4 kg*, unless the cited words give that value as one too."""
    changed, rest = frozenset[str](), ""
    for evidence in claim.cited:
        plain = spelled_out(evidence.context)
        found = [m for m in _CHANGED.finditer(plain) if not find_drugs(plain[max(0, m.start() - 30) : m.start()])]
        changed |= {canonical_number(m[2]) for m in found}
        rest += _CHANGED.sub(" ", plain) + "\n"
    if not changed:
        return None
    given = {canonical_number(m.group()) for m in re.finditer(NUMBER, rest)}
    for part in re.split(r"[,;]|\.\s", spelled_out(claim.text)):
        values = {canonical_number(m.group()) for m in re.finditer(NUMBER, part)}
        if values & (changed - given) and not _SAYS_CHANGED.search(part):
            return _CHANGE
    return None


def _is_of_another_stage(stage: str, value: str, claim: Claim) -> bool:
    """Whether the cited words have another value for that stage, and this one elsewhere."""
    cited = frozenset(pair for e in claim.cited for pair in _staged(e.context))
    values = {v for s, v in cited if s == stage}
    if not values or value in values:
        return False
    if any(v == value for s, v in cited if s != stage):
        return True
    return stage == "baseline" and any(_beside_baseline(e.context, value) for e in claim.cited)


def _beside_baseline(text: str, value: str) -> bool:
    before = re.findall(rf"{_VALUE}{_UNIT}\s*[,(]+\s*{_STAGES['baseline']}", spelled_out(text), re.IGNORECASE)
    return value in {canonical_number(n) for n in before}


@lru_cache(maxsize=4096)
def _staged(text: str) -> frozenset[tuple[str, str]]:
    """Values with the stage that stands right by them."""
    return frozenset(_find_staged(spelled_out(text)))


def _find_staged(plain: str) -> Iterator[tuple[str, str]]:
    for part in _PARTS.split(plain):
        numbers = re.findall(_VALUE, part)
        for stage, words in _STAGE.items():
            for match in words.finditer(part):
                ahead = _AHEAD.match(part, match.end())
                behind = _BEHIND.search(part[: match.start()])
                order = (ahead, behind) if stage == "baseline" else (behind, ahead)
                if found := next((m for m in order if m), None):
                    yield stage, canonical_number(found[1])
                elif len(numbers) == 1:
                    yield stage, canonical_number(numbers[0])


@lru_cache(maxsize=4096)
def _courses(text: str) -> frozenset[tuple[str, str]]:
    """Pairs of an earlier and a later value of one measure."""
    plain = spelled_out(text)
    found = {p for m in _CHAIN.finditer(plain) for p in combinations(re.findall(NUMBER, m.group()), 2)}
    found |= {(m[1], m[2]) for pattern in (_TO, _STAGED, _NOW_VALUE) for m in pattern.finditer(plain)}
    for line in _LINE.split(plain):
        dated = sorted((m[2], m[1]) for m in _IN_YEARS.finditer(line))
        found |= {(a, b) for (first, a), (last, b) in combinations(dated, 2) if first < last}
    return frozenset((canonical_number(a), canonical_number(b)) for a, b in found if a != b)
