"""Problems and devices over time."""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from core.records import Action, Assertion, FactKind, SectionKind
from extraction.lexicon import load
from extraction.problems import lasting_events
from extraction.timeline.passing import FINDINGS, is_in_passing
from extraction.timeline.records import ResolvedFact, State, TimedFact, days_before, distinct, in_order, without_copies

_ACUTE_DAYS = 90
_TEMPORARY_DEVICE_DAYS = 45
_LASTING_DAYS = 365
_EVENT_DAYS = 730
_VISITS = 3
_FINDING_DAYS = 30
_STUDIES = frozenset({SectionKind.IMAGING, SectionKind.RESULTS})
_STAY = re.compile(
    r"discharge|progress|history and physical|h&p|admission|emergency|consult|nursing|\bicu\b", re.IGNORECASE
)
_KEPT = frozenset({SectionKind.ASSESSMENT, SectionKind.PLAN, SectionKind.PROBLEMS, SectionKind.PAST_HISTORY})
_NARRATED = frozenset(
    {SectionKind.HISTORY_OF_PRESENT_ILLNESS, SectionKind.CHIEF_COMPLAINT, SectionKind.HOSPITAL_COURSE}
)
_KNOWN = re.compile(
    r"\b(?:history|hx|h/o|pmh\w*|known|diagnos\w+|treated for|suffers? from|long-?standing|chronic|lifelong|"
    r"with a past)\b",
    re.IGNORECASE,
)
_CAME_WITH = re.compile(
    r"\b(?:present\w*|admitted|came|comes|sent|brought|complain\w*|seen (?:for|with)|on account of|because of|"
    r"here (?:for|with))\b",
    re.IGNORECASE,
)
_JUDGED = frozenset({SectionKind.ASSESSMENT, SectionKind.PLAN, SectionKind.PROBLEMS})


@cache
def _acute() -> frozenset[str]:
    return frozenset(load("problems")["acute"])


@cache
def _chronic() -> frozenset[str]:
    return frozenset(load("problems")["chronic"])


def _ends(name: str) -> bool:
    """Whether it is an illness or event that ends, by the list or, for names of no list, as an inflammation."""
    return name in _acute() or (name.endswith("itis") and name not in _chronic())


@cache
def _also_complaints() -> frozenset[str]:
    return frozenset(load("problems")["also_complaints"])


@cache
def _temporary() -> frozenset[str]:
    return frozenset(load("status")["temporary"])


def merge_broader(groups: Mapping[str, list[TimedFact]]) -> dict[str, list[TimedFact]]:
    """Give the mentions of a broad name ("diabetes") to the one narrower name that the chart asserts."""
    broader: Mapping[str, str] = load("problems")["broader"]
    merged = {name: list(mentions) for name, mentions in groups.items()}
    for broad, narrow in broader.items():
        narrower = [n.strip() for n in narrow.split(",") if _asserted(merged.get(n.strip(), []))]
        if broad in merged and len(narrower) == 1:
            moved = [m for m in merged[broad] if m.fact.assertion in (Assertion.PRESENT, Assertion.HISTORICAL)]
            rest = [m for m in merged.pop(broad) if m not in moved and m.fact.assertion is Assertion.FAMILY]
            merged[narrower[0]] = in_order([*merged[narrower[0]], *moved])
            if rest:
                merged[broad] = rest
    return merged


def _asserted(mentions: Sequence[TimedFact]) -> bool:
    return any(_asserts(m) for m in mentions)


def _asserts(mention: TimedFact) -> bool:
    return mention.fact.assertion in (Assertion.PRESENT, Assertion.HISTORICAL)


def _lasts(mentions: Sequence[TimedFact]) -> bool:
    """Whether clinicians assessed it at visits months apart: an event by its name, but one that is still dealt with."""
    assessed = [m for m in mentions if m.section in _JUDGED and m.fact.assertion is Assertion.PRESENT]
    return len({m.day for m in assessed}) >= _VISITS and days_before(assessed[0], assessed[-1]) > _ACUTE_DAYS


def _is_kept(name: str, mentions: Sequence[TimedFact]) -> bool:
    """Whether an event with lasting consequences was still dealt with, or listed, once the stay for it was over."""
    return name in lasting_events() and any(
        _asserts(m) and m.section in _KEPT and not _STAY.search(m.note_type) for m in mentions
    )


def _of_a_study(mention: TimedFact) -> bool:
    return mention.section in _STUDIES or "radiology" in mention.note_type.lower()


def resolve_problem(
    name: str, mentions: Sequence[TimedFact], now: TimedFact, with_drugs: frozenset[tuple[str, int]] = frozenset()
) -> ResolvedFact | None:
    """One problem's mentions, oldest first; None where it is only a relative's or only feared.

    Later words win: resolved after present is resolved, present in new words after resolved is present again. An acute
    problem that no note of the last three months names is past. What only a study ever found, and no clinician has
    taken up within a month, is no more than possible. `with_drugs` are the
    sentences that tell of drugs as well.
    """
    own = [m for m in mentions if m.fact.assertion not in (Assertion.FAMILY, Assertion.HYPOTHETICAL)]
    if not own:
        return None
    state: State | None = None
    latest = own[0]
    previous: TimedFact | None = None
    for mention in without_copies(own):
        after = _next_state(state, mention, name, latest)
        if after is None:
            continue
        if state is not None and after != state:
            previous = latest
        state, latest = after, mention
    if state is None:
        return None
    age = days_before(latest, now)
    lasts = (age <= _EVENT_DAYS and _is_kept(name, own)) or (age <= _LASTING_DAYS and _lasts(own))
    if state == "current" and _ends(name) and age > _ACUTE_DAYS and not lasts:
        state = "historical"
    if state == "current" and age > _FINDING_DAYS and all(_of_a_study(m) for m in own if _asserts(m)):
        state = "possible"
    aside = _only_in_passing(name, own, with_drugs)
    return ResolvedFact(FactKind.PROBLEM, name, state, latest, previous, own[0], distinct(own), in_passing=aside)


def _only_in_passing(name: str, own: Sequence[TimedFact], with_drugs: frozenset[tuple[str, int]]) -> bool:
    """Whether no mention names it for its own sake. A lasting disease may be known from why a drug is taken alone."""
    told = [m for m in own if m.fact.assertion is Assertion.PRESENT]
    if name in _also_complaints() and told and all(_as_complaint(m, with_drugs) for m in told):
        return True
    if told and all(m.section is SectionKind.CHIEF_COMPLAINT or m.section in FINDINGS or _of_a_study(m) for m in told):
        return True
    if _ends(name) or not told:
        return bool(told) and all(is_in_passing(m, with_drugs) for m in told)
    return all(_of_a_study(m) or m.section in FINDINGS for m in told)


def _as_complaint(mention: TimedFact, with_drugs: frozenset[tuple[str, int]]) -> bool:
    """Whether it is told as what the patient came with, a finding, or why a drug was changed."""
    narrated = mention.section in _NARRATED and not _KNOWN.search(_CAME_WITH.split(mention.ahead)[-1])
    return narrated or _of_a_study(mention) or is_in_passing(mention, with_drugs)


def _next_state(state: State | None, mention: TimedFact, name: str, latest: TimedFact) -> State | None:
    """The state that a mention leads to; None where it is no news."""
    fact = mention.fact
    same_note = fact.note_id == latest.fact.note_id
    if fact.action is Action.RESOLVED:
        return "resolved"
    if fact.assertion is Assertion.PRESENT:
        lasts = not _ends(name) or name in lasting_events()
        judged = mention.section in _JUDGED and latest.section is SectionKind.PAST_HISTORY and lasts
        return None if state in ("resolved", "denied") and same_note and not judged else "current"
    if fact.assertion is Assertion.NEGATED:
        if fact.action is Action.CORRECTED:
            return "denied"
        if state in (None, "possible", "denied"):
            return "denied"
        if state == "current" and _ends(name) and not same_note:
            return "resolved"
        return None
    if fact.assertion is Assertion.POSSIBLE:
        return "possible" if state in (None, "denied", "possible") else None
    if name in lasting_events() and fact.assertion is Assertion.HISTORICAL:
        if mention.section in _JUDGED:
            return "current"
        if state == "current":
            return None
    if state in (None, "possible", "denied"):
        return "historical"
    if state == "current" and not same_note and (_ends(name) or days_before(latest, mention) > _FINDING_DAYS):
        return "historical"
    return None


def resolve_device(name: str, mentions: Sequence[TimedFact], now: TimedFact) -> ResolvedFact | None:
    """One device's mentions, oldest first; a line or tube that is not named for weeks is past."""
    own = [m for m in mentions if m.fact.assertion not in (Assertion.FAMILY, Assertion.HYPOTHETICAL)]
    if not own:
        return None
    state: State | None = None
    latest = own[0]
    for mention in without_copies(own):
        fact = mention.fact
        if fact.action is Action.STOPPED:
            state, latest = "stopped", mention
        elif name in _temporary() and mention.section is SectionKind.PAST_HISTORY:
            state, latest = state or "historical", mention if state is None else latest
        elif fact.assertion is Assertion.NEGATED:
            state, latest = ("denied", mention) if state in (None, "denied") else (state, latest)
        elif not (state == "stopped" and (fact.note_id == latest.fact.note_id or fact.action is not Action.STARTED)):
            state, latest = "current", mention
    if state is None:
        return None
    if state == "current" and name in _temporary() and days_before(latest, now) > _TEMPORARY_DEVICE_DAYS:
        state = "historical"
    return ResolvedFact(FactKind.DEVICE, name, state, latest, None, own[0], distinct(own))
