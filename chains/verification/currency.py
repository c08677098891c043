"""True once is not true now: a statement about the present against every later fact of the chart."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from chains.evidence import Evidence
from chains.verification.claim import Claim, Refusal
from chains.verification.reading import spelled_out
from core.records import Action, Assertion, FactKind, SectionKind
from extraction.allergies import allergy_facts
from extraction.dates import find_dates
from extraction.dosing import canonical_dose, canonical_frequency
from extraction.drugs import drug_facts
from extraction.problems import problem_facts
from extraction.results import result_facts
from extraction.status import code_status_facts, device_facts
from extraction.timeline import ResolvedFact
from extraction.words import Words

_SUPERSEDED = Refusal("superseded", "a later note says otherwise; tell it as past, with its date, or not at all")
_PAST = re.compile(
    r"\b(?:was|were|had|did|previous(?:ly)?|former(?:ly)?|prior|until|used to|history of|h/o|status post|s/p|"
    r"in the past|ago|"
    r"at that time|at the time|initially|on (?:admission|arrival|presentation|discharge)|underwent|received|given|"
    r"treated|"
    r"took|no longer|stopped|discontinued|resolved|held|ended|once|then|admitted (?:with|for)|presented|diagnosed in|"
    r"changed from|switched from|from|completed|finished|developed|last|baseline)\b",
    re.IGNORECASE,
)
_NOW = re.compile(
    r"\b(?:now|current(?:ly)?|latest|most recent(?:ly)?|today|at present|is|are|remains|stands at|"
    r"newest)\b",
    re.IGNORECASE,
)
_ON_HOLD = re.compile(
    r"\b(?:is|are|remains?|being|currently|still)\s+(?:\w+\s+)?(?:on hold|held|withheld)\b", re.IGNORECASE
)
_CLAUSE = re.compile(r";|\.\s|\b(?:but|however|although|though|whereas|while)\b", re.IGNORECASE)
_HELD = frozenset({Action.NONE, Action.CONTINUED, Action.STARTED, Action.CHANGED})


@dataclass(frozen=True, slots=True)
class _Told:
    """A fact as the text tells it; `present` where it is told of now."""

    kind: FactKind
    name: str
    present: bool
    denied: bool = False
    dose: str = ""
    frequency: str = ""
    value: str = ""
    held: bool = False


def nothing_later_contradicts(claim: Claim) -> Refusal | None:
    """Refuses a statement about the present that a note later than all cited ones has overtaken.

    That is a drug as taken that was stopped or is held since, or has another dose; a problem that is resolved or was
    taken back; an allergy that was struck, or its absence where one is listed; another code status; a device removed; a
    value as the present one where a newer is known. What carries a date or the past tense tells of its time and passes,
    as does what the chart itself leaves in conflict: that is shown as such.
    """
    if not claim.resolved or not claim.cited:
        return None
    newest = max(_when(e) for e in claim.cited)
    for told in _told(claim):
        for fact in claim.resolved:
            if told.present and fact.kind is told.kind and _overtaken(told, fact, newest, claim.resolved):
                return _SUPERSEDED
    return None


def _when(evidence: Evidence) -> str:
    return evidence.citation.charted_at or ""


def _overtaken(told: _Told, fact: ResolvedFact, newest: str, resolved: Sequence[ResolvedFact]) -> bool:
    later = fact.latest.when > newest
    if told.kind is FactKind.CODE_STATUS:
        return later and fact.name != told.name and fact.state != "conflict"
    if fact.name != told.name:
        return False
    since = later or any(m.when > newest for m in fact.mentions)
    if told.kind is FactKind.ALLERGY:
        if told.name == "none":
            return told.denied and fact.state == "historical" and _is_listed(newest, resolved)
        return not told.denied and fact.state == "resolved" and later
    if told.kind is FactKind.DRUG:
        if told.held:
            return since and fact.state in ("current", "changed")
        return (since and fact.state in ("stopped", "held")) or (later and _redosed(told, fact))
    if told.kind is FactKind.RESULT:
        return later and bool(told.value) and fact.latest.fact.value != told.value
    if told.kind is FactKind.PROBLEM:
        return later and fact.state in ("resolved", "denied")
    return later and fact.state == "stopped"


def _is_listed(newest: str, resolved: Sequence[ResolvedFact]) -> bool:
    return any(
        r.kind is FactKind.ALLERGY
        and r.name != "none"
        and r.state in ("current", "conflict")
        and r.latest.when > newest
        for r in resolved
    )


def _redosed(told: _Told, fact: ResolvedFact) -> bool:
    if fact.state not in ("current", "changed"):
        return False
    now = fact.latest.fact
    one, other = canonical_dose(told.dose), canonical_dose(now.dose)
    if one and other and one != other:
        return one.partition(" ")[2] == other.partition(" ")[2]
    return False


def _told(claim: Claim) -> tuple[_Told, ...]:
    """Facts of the text; those of a quote are read in its sentence, under its heading."""
    if claim.is_verbatim:
        evidence = claim.cited[0]
        return _told_in(spelled_out(claim.text), evidence.kind, evidence.citation.section, verbatim=True)
    return _told_in(spelled_out(claim.text), _common_kind(claim.cited), "", verbatim=False)


@lru_cache(maxsize=8192)
def _told_in(text: str, kind: SectionKind, heading: str, *, verbatim: bool) -> tuple[_Told, ...]:
    return tuple(_read(text, kind, heading, verbatim=verbatim))


def _read(text: str, kind: SectionKind, heading: str, *, verbatim: bool) -> Iterator[_Told]:
    words = Words.of(text)
    ends = [m.start() for m in _CLAUSE.finditer(text)]

    def present(start: int, end: int) -> bool:
        low = max([0, *(e for e in ends if e <= start)])
        clause = text[low : min([len(text), *(e for e in ends if e >= end)])]
        return not _PAST.search(clause) and not find_dates(clause)

    asserted = (Assertion.PRESENT,)
    for d in drug_facts(text, words, SectionKind.OTHER if kind is SectionKind.ALLERGIES else kind, heading):
        if kind is SectionKind.ALLERGIES or d.assertion not in asserted:
            continue
        if d.action is Action.HELD and not verbatim and _ON_HOLD.search(text, d.start):
            yield _Told(FactKind.DRUG, d.name, True, held=True)
        elif d.action in _HELD:
            yield _Told(
                FactKind.DRUG, d.name, present(d.start, d.end), dose=d.dose, frequency=canonical_frequency(d.frequency)
            )
    for p in problem_facts(text, words, SectionKind.OTHER):
        if p.assertion in asserted and p.action is Action.NONE:
            yield _Told(FactKind.PROBLEM, p.name, present(p.start, p.end))
    for a in allergy_facts(text, words, kind):
        yield _Told(FactKind.ALLERGY, a.name, present(a.start, a.end), denied=a.assertion is Assertion.NEGATED)
    for c in code_status_facts(text, words, kind):
        if c.assertion in asserted:
            yield _Told(FactKind.CODE_STATUS, c.name, present(c.start, c.end))
    for v in device_facts(text, words, kind):
        if v.assertion in asserted and v.action is not Action.STOPPED:
            yield _Told(FactKind.DEVICE, v.name, present(v.start, v.end))
    for r in result_facts(text, words, SectionKind.RESULTS):
        said_now = bool(_NOW.search(text[max(0, r.start - 40) : r.end + 20]))
        yield _Told(FactKind.RESULT, r.name, said_now and not verbatim and present(r.start, r.end), value=r.value)


def _common_kind(cited: Sequence[Evidence]) -> SectionKind:
    """The kind of section that all cited lines stand in, so that a bare list item is read as what it is."""
    kinds = {e.kind for e in cited}
    only = kinds.pop() if len(kinds) == 1 else SectionKind.OTHER
    return only if only in (SectionKind.ALLERGIES, SectionKind.MEDICATIONS) else SectionKind.OTHER
