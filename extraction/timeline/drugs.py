"""What a patient takes now, from all that notes say of one drug."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from core.records import Action, Assertion, FactKind, SectionKind
from extraction.dosing import canonical_dose, canonical_frequency
from extraction.lexicon import load
from extraction.timeline.records import ResolvedFact, State, TimedFact, days_before, distinct, without_copies
from extraction.timeline.stays import Stays

_ACTIVE = (Action.STARTED, Action.CHANGED, Action.CONTINUED)
_IV = re.compile(r"\bi\.?v|intravenous|gtt|drip|infusion|continuous", re.IGNORECASE)
_COURSE = re.compile(
    r"(?:for|x|,|complete|finish)\s*(?:an?(?:other)?\s+)?(\d+)\s*(?:more\s+)?(?:-\s*)?(day|week|month)", re.IGNORECASE
)
_COURSE_SLACK_DAYS = 10
_LONGEST_COURSE_DAYS = 60
_INFUSION_DAYS = 3
_STAY_DAYS = 14
_GAP_DAYS = 120
_YEAR_DAYS = 365
_ADMISSION = re.compile(r"history and physical|h&p|admission", re.IGNORECASE)
_ORDERED = re.compile(r"\b(?:ppx|prophyla\w*|sqh|bowel regimen|iv|gtt|start\w*|order\w*)\b", re.IGNORECASE)
_INPATIENT = re.compile(
    r"progress|nursing|consult|\bicu\b|emergency|\bed\b|anesthesia|operative|procedure|therapy", re.IGNORECASE
)


@dataclass(slots=True)
class _Story:
    """The state after the mentions read so far."""

    status: State | None = None
    dose: TimedFact | None = None
    previous: TimedFact | None = None
    latest: TimedFact | None = None
    event: TimedFact | None = None
    seen: set[tuple[str, ...]] = field(default_factory=set)
    before_event: set[tuple[str, ...]] = field(default_factory=set)


@cache
def _courses() -> frozenset[str]:
    return frozenset(load("drugs")["courses"])


@cache
def _hospital_only() -> frozenset[str]:
    return frozenset([*load("drugs")["hospital_only"], *load("drugs")["stay_only"]])


def resolve_drug(mentions: Sequence[TimedFact], now: TimedFact, stays: Stays) -> ResolvedFact | None:
    """One drug's mentions, oldest first; None where it was only considered or is somebody else's.

    A verb (started, changed, held, stopped) settles the state from its note on. A bare mention settles it only where no
    verb has: the same list line before and after a stop is a list that nobody tended, another one is a conflict.
    """
    told = [m for m in mentions if m.fact.assertion not in (Assertion.FAMILY, Assertion.HYPOTHETICAL)]
    if not told:
        return None
    story = _Story()
    for mention in without_copies(told):
        _read(story, mention)
        story.seen.add(_signature(mention))
    if story.status is None or story.latest is None:
        return None
    state = _aged(story, told, now, stays)
    latest = story.dose if state in ("current", "changed", "held") and story.dose else story.latest
    previous = story.previous if state in ("changed", "conflict") else (story.dose if state == "stopped" else None)
    if state == "changed" and (previous is None or not differs(previous, latest)):
        state, previous = "current", None
    return ResolvedFact(FactKind.DRUG, told[0].fact.name, state, latest, previous, told[0], distinct(told))


def _signature(mention: TimedFact) -> tuple[str, ...]:
    fact = mention.fact
    return (canonical_dose(fact.dose), canonical_frequency(fact.frequency))


def _read(story: _Story, mention: TimedFact) -> None:
    fact = mention.fact
    if fact.action is Action.CORRECTED:
        _take_back(story, mention)
    elif fact.action is Action.STOPPED or (
        fact.assertion is Assertion.NEGATED and story.status in ("current", "changed")
    ):
        _set(story, "stopped", mention)
    elif fact.assertion is Assertion.NEGATED:
        if story.status is None:
            _set(story, "denied", mention)
    elif fact.action is Action.HELD:
        _set(story, "held", mention)
    elif fact.assertion is Assertion.HISTORICAL:
        if story.status in (None, "denied"):
            _set(story, "historical", mention)
    elif fact.action in _ACTIVE:
        _take(story, mention)
        story.event, story.before_event = mention, set(story.seen)
    else:
        _mentioned(story, mention)


def _take_back(story: _Story, mention: TimedFact) -> None:
    """A mention that calls an earlier one wrong undoes it."""
    if story.dose is not None and not differs(story.dose, mention):
        story.dose, story.previous = story.previous, None
        story.latest = story.dose
        story.status = "current" if story.dose else None


def _set(story: _Story, status: State, mention: TimedFact) -> None:
    story.status, story.latest, story.event = status, mention, mention
    story.before_event = set(story.seen)


def _take(story: _Story, mention: TimedFact) -> None:
    """The drug is taken, with this dose if one is named."""
    if story.dose is not None and differs(story.dose, mention):
        story.previous, story.dose = story.dose, mention
    elif mention.fact.dose or story.dose is None:
        story.dose = mention if story.dose is None or _is_fuller(mention, story.dose) else story.dose
    story.status = "changed" if story.previous else "current"
    story.latest = mention


def _is_fuller(mention: TimedFact, before: TimedFact) -> bool:
    """Whether a mention may stand for the one before it: it has the frequency, and the "as needed" that belongs to it.

    A later list may leave them out; prose that does is only shorter, and for a year the fuller words are shown.
    """
    if not mention.fact.frequency and before.fact.frequency:
        return False
    often, now = canonical_frequency(before.fact.frequency), canonical_frequency(mention.fact.frequency)
    lost = ("as needed" in often and "as needed" not in now) or (_scheduled(often) != "" and not _scheduled(now))
    same_note = mention.fact.note_id == before.fact.note_id
    in_prose = mention.section is not SectionKind.MEDICATIONS and days_before(before, mention) <= _YEAR_DAYS
    return not (lost and (same_note or in_prose))


def _mentioned(story: _Story, mention: TimedFact) -> None:
    """A mention without a verb."""
    event = story.event
    same_time = event is not None and (event.fact.note_id == mention.fact.note_id or event.when == mention.when)
    stale = _signature(mention) in story.before_event
    if story.status in ("stopped", "held"):
        if same_time or stale or not mention.fact.dose:
            return
        if story.status == "stopped":
            story.previous, story.status, story.latest = story.latest, "conflict", mention
            return
    if story.status == "conflict":
        return
    contradicts = story.dose is not None and differs(story.dose, mention)
    if contradicts and (same_time or stale) and event is not None and event.fact.dose:
        return
    _take(story, mention)


def _of_the_stay(mention: TimedFact, stays: Stays) -> bool:
    """Whether a mention tells of treatment in hospital: by a note of a stay, or as an order in an admission note."""
    if not stays.hold(mention):
        return False
    if _ADMISSION.search(mention.note_type):
        return mention.fact.action is Action.STARTED or bool(_ORDERED.search(mention.text))
    return bool(_INPATIENT.search(mention.note_type))


def _run_days(told: Sequence[TimedFact], latest: TimedFact) -> int:
    """For how long the drug has been named without a gap of months."""
    first = latest
    for mention in reversed([m for m in told if m.when <= latest.when]):
        if days_before(mention, first) > _GAP_DAYS:
            break
        first = mention
    return days_before(first, latest)


def _course_is_over(told: Sequence[TimedFact], latest: TimedFact, now: TimedFact) -> bool:
    """Whether the drug was to be taken for so many days, which have passed, and was not taken on beyond them."""
    for mention in reversed(told):
        course = _COURSE.search(mention.fact.frequency)
        if course:
            count, unit = course.group(1), course.group(2).lower()
            days = int(count) * {"day": 1, "week": 7, "month": 31}[unit] + 1
            return days_before(mention, now) > days and days_before(mention, latest) <= days + _COURSE_SLACK_DAYS
    return False


def differs(a: TimedFact, b: TimedFact) -> bool:
    """Whether two mentions name doses or frequencies that cannot both hold; units that do not compare do not differ."""
    one, two = canonical_dose(a.fact.dose), canonical_dose(b.fact.dose)
    if one and two and one != two:
        (n1, _, u1), (n2, _, u2) = one.partition(" "), two.partition(" ")
        if (not u1 or not u2) and n1 == n2:
            return False
        return u1 == u2 or not u1 or not u2
    often, seldom = canonical_frequency(a.fact.frequency), canonical_frequency(b.fact.frequency)
    plain = (_scheduled(often), _scheduled(seldom))
    return bool(one and two and all(plain) and plain[0] != plain[1] and not _same_rate(*plain))


def _scheduled(frequency: str) -> str:
    """A canonical frequency without its "as needed"; "" where that is all, or where it is only "once"."""
    rate = frequency.removesuffix("as needed").strip()
    return "" if rate == "once" and rate != frequency else rate


def _same_rate(a: str, b: str) -> bool:
    once = ("daily", "nightly", "every morning", "every evening", "every 24 hours")
    twice = ("twice daily", "every 12 hours")
    thrice = ("three times daily", "every 8 hours")
    return any(a in same and b in same for same in (once, twice, thrice, ("four times daily", "every 6 hours")))


def _aged(story: _Story, told: Sequence[TimedFact], now: TimedFact, stays: Stays) -> State:
    """What must have ended is past although no note says that it was stopped.

    That is a course of days, an infusion of days ago, and what only ever stood in the notes of a stay that is over.
    """
    state, latest = story.status or "historical", story.latest
    if state not in ("current", "changed") or latest is None:
        return state
    age = days_before(latest, now)
    if _course_is_over(told, latest, now):
        return "historical"
    if age > _STAY_DAYS and all(_of_the_stay(m, stays) for m in told if m.fact.assertion is Assertion.PRESENT):
        return "historical"
    ways = " ".join(f"{m.fact.route} {m.fact.frequency}" for m in (latest, story.dose) if m)
    if _IV.search(ways) and age > _INFUSION_DAYS:
        return "historical"
    if latest.fact.name in _hospital_only() and age > _INFUSION_DAYS:
        return "historical"
    lasted = _run_days(told, latest)
    if latest.fact.name in _courses() and age > _LONGEST_COURSE_DAYS >= lasted:
        return "historical"
    return state
