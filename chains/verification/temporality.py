"""What is over must not become present, nor what is present over."""

import re
from collections.abc import Iterator
from functools import lru_cache

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import reading_of
from core.records import SectionKind
from extraction.assertion import context_of
from extraction.drugs import find_drugs
from extraction.problems import find_problems

_OVER = Refusal("temporality", "it made present what is over, or over what is present")
_ENDED = re.compile(
    r"\b(?:resolved|resolution|gone|subsided|abated|healed|cured|no longer|went away|in remission|remission|inactive|"
    r"eradicated|recovered|disappeared|formerly|former|used to|ex-?smoker|cleared)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:was|were|had|did|been|histor\w+|status post|underwent|developed|experienced|suffered|occurred|treated|"
    r"diagnosed|complicated|required|received|noted|found|presented|admitted|improved|after|following|last|since|"
    r"in \d{4}|"
    r"reported|denied|resolved|previous\w*|prior|past|until|ago|stopped|ended|finished|completed|remote|childhood|"
    r"\w{3,}ed)\b",
    re.IGNORECASE,
)
_ONCE_TAKEN = re.compile(r"\b(?:previously|formerly|used to|history of|prior|past)\b[^,;.]*\Z", re.IGNORECASE)
_NOT_YET = re.compile(
    r"\b(?:not|un|partially|nearly|almost|never|until|once|when|if|to)\s*(?:(?:yet|fully|completely)\s+)?\Z",
    re.IGNORECASE,
)
_NOW = re.compile(
    r"\b(?:active|actively|ongoing|currently|current|now|presently|at present|still|today|continues to have)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[;:]|\.\s|,?\s\b(?:but|however|although|though|whereas|while|and now|and is)\b", re.IGNORECASE)


def past_stays_past(claim: Claim) -> Refusal | None:
    """Refuses a finding or drug that every cited clause calls over and the text does not, and the other way round.

    *History of* a lasting disease and having it are one; of an acute one they are two, unless the text is told in the
    past tense. *Active*, *ongoing* and the like must be cited where the cited words tell of the past.
    """
    given: dict[str, list[_Mention]] = {}
    for evidence in claim.cited:
        kind = SectionKind.OTHER if claim.is_verbatim else evidence.kind
        for mention in _mentions(evidence.context, kind):
            given.setdefault(mention.name, []).append(mention)
    for told in _mentions(claim.text, SectionKind.OTHER):
        known = given.get(told.name, [])
        if known and _disagrees(told, known):
            return _OVER
    return None


class _Mention:
    __slots__ = ("ended", "historical", "is_drug", "lasting", "name", "now", "past")

    def __init__(self, name: str, clause: str, *, historical: bool, lasting: bool, is_drug: bool) -> None:
        self.name, self.historical, self.lasting, self.is_drug = name, historical, lasting, is_drug
        found = _ENDED.search(clause)
        self.ended = bool(found) and not _NOT_YET.search(clause[: found.start()] if found else "")
        self.past = historical or self.ended or bool(_PAST.search(clause))
        self.now = bool(_NOW.search(clause))


def _disagrees(told: _Mention, known: list[_Mention]) -> bool:
    if told.is_drug:
        return told.historical and not any(m.historical or m.past for m in known)
    if all(m.ended for m in known) and not (told.ended or told.historical):
        return not any(m.historical for m in known) or not told.past
    if told.ended and not any(m.ended or m.historical for m in known):
        return True
    if all(m.historical for m in known) and not told.historical:
        return (told.now and not any(m.now for m in known)) or not (told.lasting or told.past)
    return told.historical and not told.lasting and not any(m.historical or m.past for m in known)


@lru_cache(maxsize=4096)
def _mentions(text: str, kind: SectionKind) -> tuple[_Mention, ...]:
    plain = reading_of(text).plain
    ends = [m.start() for m in _CLAUSE.finditer(plain)]
    return tuple(_read(plain, kind, ends))


def _read(plain: str, kind: SectionKind, ends: list[int]) -> Iterator[_Mention]:
    problems = find_problems(plain)
    spans = [(m.name, m.start, m.end, m.kind == "chronic", False) for m in problems]
    spans += [(m.name, m.start, m.end, False, True) for m in find_drugs(plain)]
    taken = [(s[1], s[2]) for s in spans]
    spans += [
        (c.name, c.start, c.end, c.group != "symptom", False)
        for c in reading_of(plain).concepts
        if c.group in ("symptom", "procedure", "substance") and not any(a <= c.start < b for a, b in taken)
    ]
    for name, start, end, lasting, is_drug in spans:
        low = max([0, *(e for e in ends if e <= start)])
        clause = plain[low : min([len(plain), *(e for e in ends if e >= end)])]
        historical = context_of(plain, (start, end), kind).historical
        if is_drug and kind is not SectionKind.PAST_HISTORY:
            historical = bool(_ONCE_TAKEN.search(clause[: start - low]))
        yield _Mention(name, clause, historical=historical, lasting=lasting, is_drug=is_drug)
