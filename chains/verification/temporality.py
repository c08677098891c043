"""What is over must not become present, nor what is present over."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from chains.verification.claim import Claim, Refusal
from chains.verification.clauses import clauses_of
from chains.verification.kin import kin_of
from chains.verification.reading import reading_of
from chains.verification.scopes import Reach
from chains.verification.units import Unit, by_name, same_things
from core.records import SectionKind
from extraction.assertion import context_of
from extraction.problems import find_problems

_OVER = Refusal("temporality", "it made present what is over, or over what is present")
_PAST = re.compile(
    r"\b(?:was|were|had|did|been|histor\w+|status post|underwent|developed|experienced|suffered|occurred|treated|"
    r"diagnosed|complicated|required|received|noted|found|presented|admitted|improved|after|following|last|since|"
    r"in \d{4}|reported|denied|resolved|previous\w*|prior|past|until|ago|stopped|ended|finished|completed|remote|"
    r"childhood|former\w*|quit|used to|old|no longer|\w{3,}ed)\b",
    re.IGNORECASE,
)
_LONG_PAST = re.compile(
    r"\b(?:childhood|remote(?:ly)?|former(?:ly)?|prior|previous(?:ly)?|old|outgrown|as a child|in the past|quit|"
    r"used to|at age \d+|in (?:her|his) (?:teens|\d0s)|teenager|adolescen\w+|wore|sober|ago|in recovery|ex)\b",
    re.IGNORECASE,
)
_AT_A_TIME = re.compile(
    r"\b(?:was|were|had|on (?:admission|arrival|presentation)|initially|before|until|at that time|history of)\b",
    re.IGNORECASE,
)
_ONCE_TAKEN = re.compile(r"\b(?:previously|formerly|used to|history of|prior|past)\b[^,;.]*\Z", re.IGNORECASE)
_NOW = re.compile(
    r"(?<!none )(?<!not )(?<!no )\b(?:active|actively|ongoing|currently|current|now|presently|at present|still|"
    r"continues to have|acute)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"[\s,(]{1,2}(?:in )?\(?(?:1\d|2\d)\d\d\b(?!/)")
_LONG_AGO = re.compile(
    r"\b(?:in (?:1\d|2\d)\d\d|last (?:year|month|winter|spring|summer|fall|autumn)|(?:years|months) ago)\b",
    re.IGNORECASE,
)
_STAYS = re.compile(r"\b(?:continues?|remains?|persist\w*)\b", re.IGNORECASE)
_CANCER = re.compile(r"cancer|carcinoma|lymphoma|leuk[ae]mia|melanoma|sarcoma|tumou?r|malignan", re.IGNORECASE)
_HISTORY_OF = re.compile(r"\bhistory of\b[^,;.]*\Z", re.IGNORECASE)
_ACTING = frozenset({"procedure", "test", "event", "organism", "setting", "specialty"})


@dataclass(frozen=True, slots=True)
class _Mention:
    """A unit with the times that its clause tells of."""

    unit: Unit
    historical: bool
    long_past: bool
    dated: bool
    past: bool
    then: bool
    now: bool
    stays: bool
    lasting: bool
    of_kin: bool

    @property
    def ended(self) -> bool:
        return self.unit.reach("ended") is Reach.WITHIN

    @property
    def gone(self) -> bool:
        """Over, in whatever words."""
        signs = ("ended", "over", "negated")
        return self.historical or any(self.unit.reach(s) for s in signs)


def past_stays_past(claim: Claim) -> Refusal | None:
    """Refuses a finding or drug that every cited clause calls over and the text does not, and the other way round.

    *History of* a lasting disease and having it are one; of an acute one, of a substance, or of what is called remote
    they are two, unless the text is told in the past tense. *Active*, *ongoing* and the like must be cited where the
    cited words tell of the past.
    """
    given: list[_Mention] = []
    for evidence in claim.cited:
        kind = SectionKind.OTHER if claim.is_verbatim else evidence.kind
        given += _mentions(evidence.context, kind)
    known = by_name(m.unit for m in given)
    mentions = {id(m.unit): m for m in given}
    for told in _mentions(claim.text, SectionKind.OTHER):
        same = [mentions[id(u)] for u in same_things(told.unit, known)]
        if same and not told.of_kin and _disagrees(told, same):
            return _OVER
    return None


def _disagrees(told: _Mention, known: Sequence[_Mention]) -> bool:
    if told.unit.reach("negated") or any(m.of_kin for m in known):
        return False
    if any(m.unit.reach("negated") for m in known):
        there = [m for m in known if not m.unit.reach("negated")]
        return bool(there) and told.now and all(m.then and not m.now for m in there)
    if (
        told.unit.group == "drug"
        and all(m.historical and m.long_past for m in known)
        and not (told.historical or told.past)
    ):
        return not any(m.now for m in known)
    if told.unit.group == "drug":
        return told.historical and not any(m.historical or m.past for m in known)
    started_anew = told.now and not any(m.now for m in known)
    if all(m.ended for m in known) and not (told.gone or told.historical):
        return told.now or told.stays or not any(m.historical for m in known) or not told.past
    if told.ended and told.unit.is_finding and not any(m.gone for m in known):
        return told.unit.group not in _ACTING
    if started_anew and all(m.then or m.historical or m.long_past for m in known):
        return True
    if not told.unit.is_finding or told.unit.group in _ACTING:
        return False
    if all(m.long_past for m in known) and not (told.historical or told.past or told.gone):
        return True
    if all(m.dated for m in known) and not (told.dated or told.lasting or told.historical or told.then):
        return True
    if all(m.historical for m in known) and not told.historical:
        return not (told.lasting or told.past)
    return told.historical and not told.lasting and not any(m.historical or m.past for m in known)


@lru_cache(maxsize=4096)
def _mentions(text: str, kind: SectionKind) -> tuple[_Mention, ...]:
    plain = reading_of(text).plain
    lasting = {m.name for m in find_problems(plain) if m.kind == "chronic"}
    return tuple(_read(plain, unit, kind, lasting, bool(kin)) for unit, kin in kin_of(text, False))


def _read(plain: str, unit: Unit, kind: SectionKind, lasting: set[str], of_kin: bool) -> _Mention:
    clauses = clauses_of(plain)
    words = clauses.words
    start, end = words.starts[unit.first], words.ends[unit.last]
    low, high = words.starts[clauses.start(unit.first)], words.ends[clauses.stop(unit.last) - 1]
    around = f"{plain[low:start]} {plain[end:high]}"
    historical = context_of(plain, (start, end), kind).historical
    if unit.group == "drug" and kind is not SectionKind.PAST_HISTORY:
        historical = bool(_ONCE_TAKEN.search(plain[low:start]))
    part = _part(plain, unit)
    dated = bool(_YEAR.match(plain, end) or _LONG_AGO.search(part))
    return _Mention(
        unit,
        historical,
        bool(_LONG_PAST.search(part)),
        dated,
        historical or unit.reach("ended") is Reach.WITHIN or bool(_PAST.search(around)),
        bool(_AT_A_TIME.search(plain[low:start]) or _AT_A_TIME.search(part)) or dated,
        bool(_NOW.search(part)),
        bool(_STAYS.search(part)),
        (unit.name in lasting and not (_CANCER.search(unit.name) and _HISTORY_OF.search(plain[low:start])))
        or unit.group in _ACTING,
        of_kin,
    )


def _part(plain: str, unit: Unit) -> str:
    """The words of the unit's part of the clause, from comma to comma, without its own."""
    clauses = clauses_of(plain)
    words = clauses.words
    low, high = unit.first, unit.last + 1
    while low > clauses.start(unit.first) and not clauses.gaps[low]:
        low -= 1
    while high < clauses.stop(unit.last) and not clauses.gaps[high]:
        high += 1
    return (
        f"{plain[words.starts[low] : words.starts[unit.first]]} {plain[words.ends[unit.last] : words.ends[high - 1]]}"
    )
