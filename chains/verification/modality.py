"""What was done must not become what is to be done, nor the other way round."""

import re
from collections.abc import Sequence
from functools import lru_cache

from chains.verification.claim import Claim, Refusal
from chains.verification.clauses import clauses_of
from chains.verification.reading import cited_reading, reading_of
from chains.verification.scopes import Reach
from chains.verification.units import Unit, by_name, same_things, units_of
from chains.wording import stem

_DEEDS = frozenset({"procedure", "test", "event", "word", "setting", "specialty"})
_SAYS_PLANNED = re.compile(
    r"\b(?:is|are) (?:scheduled |planned |advised |recommended )?to\b(?! the\b)|\b(?:will|shall|should|plans? to)\b",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"\b(?:(?:is|are|was|were) to|needs?|will|shall|should|would|if|plan\w*|f/u|follow[\s-]?up|rtc|schedul\w+|"
    r"recommend\w*|advis\w+|pending|inclined|intend\w*|like to|until|once|when|before|next|tomorrow|in the morning|"
    r"to (?:be|see|follow|evaluate|assess|scope|check|repeat|obtain|schedule|arrange|perform|refer|start|discuss|"
    r"have|get))\b",
    re.IGNORECASE,
)
_ORDERS = (
    "add avoid bring call change check come consider cont continue decrease discontinue follow f/u fu give hold"
    " increase keep lower monitor obtain order raise recheck reduce refer repeat restart resume return rtc schedule"
    " see start stop switch take taper use wean initiate begin get recommend encourage counsel ensure trial try wear"
    " apply complete finish report seek send arrange provide prescribe titrate up-titrate defer await"
)
_ORDERED = re.compile(
    rf"(?:^|[,.:;•-]|\band\b|\bthen\b)\W*(?:{_ORDERS.replace(' ', '|')})\b", re.IGNORECASE | re.MULTILINE
)
_HELPING = frozenset(stem(w) for w in ["have", "been", "the", "her", "his", "not", "also", "being", "able", "due"])
_ON_DRUGS = frozenset(
    stem(w)
    for w in [
        "defer",
        "plan",
        "schedule",
        "order",
        "request",
        "postpone",
        "arrange",
        "suggest",
        "offer",
        "cancel",
        "decline",
        "refuse",
        "start",
        "begin",
        "initiate",
        "continue",
        "stop",
        "discontinue",
        "hold",
        "resume",
        "restart",
        "increase",
        "decrease",
        "reduce",
        "raise",
        "lower",
        "switch",
        "change",
        "taper",
        "titrate",
        "wean",
        "give",
        "add",
        "keep",
        "take",
        "use",
        "treat",
        "need",
        "require",
        "recommend",
        "advise",
    ]
)
_BEGUN = frozenset(
    {"started", "began", "begun", "initiated", "resumed", "restarted", "given", "received", "taking", "takes"}
)
_BEFORE_DEEDS = frozenset({"was", "were", "been", "has", "have", "had", "and", "then", "she", "he", "patient"})
_TO_COME = re.compile(
    r"\b(?:will|shall|should|would|going to|plans? to|planned to|scheduled to|is to|are to|needs? to|"
    r"to)\s+(?:also\s+|then\s+)?(?:be\s+)?(?P<verb>[a-z]{3,})",
    re.IGNORECASE,
)
_HAPPENED = re.compile(
    r"\b(?:was|were|has been|have been|had been|has|had|is s/p|underwent)\s+(?:also\s+|then\s+)?(?P<verb>[a-z]{3,})",
    re.IGNORECASE,
)
_MODALITY = Refusal("modality", "it told as done what is planned, or as planned what was done")


def plan_is_cited(claim: Claim) -> Refusal | None:
    """Refuses a text that tells as planned what none of the cited sentences plans or orders."""
    if not _SAYS_PLANNED.search(claim.text):
        return None
    if any(_PLANNED.search(e.context) or _ORDERED.search(e.context) for e in claim.cited):
        return None
    return Refusal("modality", "it made a plan of what the lines tell as done or found")


def deeds_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a deed told as done that the cited words only have as to come, and the other way round.

    Deeds are verbs, procedures, tests and moves. What the cited words only name may be told either way.
    """
    text, cited = reading_of(claim.text).plain, cited_reading(claim).plain
    to_come, happened = _verbs(_TO_COME, cited), _verbs(_HAPPENED, cited)
    if _verbs(_HAPPENED, text) & (to_come - happened) or _verbs(_TO_COME, text) & (happened - to_come):
        return _MODALITY
    known = by_name(u for e in claim.cited for u in units_of(e.context))
    for told in units_of(claim.text):
        if told.group == "drug" and _is_begun(told, text):
            same = same_things(told, known)
            if same and all(u.reach("planned") is Reach.WITHIN and not u.reach("done") for u in same):
                return _MODALITY
        if told.group in _DEEDS and told.head not in _ON_DRUGS and not told.reach("negated"):
            same = same_things(told, known)
            if same and (_is_done_too_soon(told, same, text) or _is_planned_afterwards(told, same)):
                return _MODALITY
    return None


def _is_done_too_soon(told: Unit, known: Sequence[Unit], plain: str) -> bool:
    if told.reach("planned") or told.reach("conditional") is Reach.WITHIN:
        return False
    done = told.reach("done") is Reach.WITHIN or _is_participle(told, plain)
    return done and all(u.reach("planned") is Reach.WITHIN and not u.reach("done") for u in known)


def _is_begun(told: Unit, plain: str) -> bool:
    """A drug told as started, not as to be."""
    clauses = clauses_of(plain)
    part = clauses.words.lower[clauses.start(told.first) : clauses.stop(told.last)]
    return not told.reach("planned") and not told.reach("conditional") and not _BEGUN.isdisjoint(part)


def _is_participle(told: Unit, plain: str) -> bool:
    """*Transfused* by itself, not *is transfused*."""
    lower = clauses_of(plain).words.lower
    return lower[told.last].endswith("ed") and (not told.first or lower[told.first - 1] in _BEFORE_DEEDS)


def _is_planned_afterwards(told: Unit, known: Sequence[Unit]) -> bool:
    if told.reach("planned") is not Reach.WITHIN or told.reach("done") or not told.is_finding:
        return False
    return all(u.reach("done") is Reach.WITHIN and not u.reach("planned") for u in known)


@lru_cache(maxsize=4096)
def _verbs(pattern: re.Pattern[str], plain: str) -> frozenset[str]:
    return frozenset(stem(m["verb"].lower()) for m in pattern.finditer(plain)) - _HELPING
