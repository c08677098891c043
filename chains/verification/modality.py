"""What was done must not become what is to be done."""

import re

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import cited_reading, reading_of
from chains.wording import stem

_SAYS_PLANNED = re.compile(
    r"\b(?:is|are) (?:scheduled |planned |advised |recommended )?to\b(?! the\b)|\b(?:will|shall|should|plans? to)\b",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"\b(?:(?:is|are|was|were|needs?) to|will|shall|should|would|if|plan\w*|f/u|follow[\s-]?up|rtc|schedul\w+|"
    r"recommend\w*|advis\w+|pending)\b",
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


def plan_is_cited(claim: Claim) -> Refusal | None:
    """Refuses a text that tells as planned what none of the cited sentences plans or orders."""
    if not _SAYS_PLANNED.search(claim.text):
        return None
    if any(_PLANNED.search(e.context) or _ORDERED.search(e.context) for e in claim.cited):
        return None
    return Refusal("modality", "it made a plan of what the lines tell as done or found")


_TO_COME = re.compile(
    r"\b(?:will|shall|should|would|going to|plans? to|planned to|scheduled to|is to|are to|needs? to|"
    r"to)\s+(?:also\s+|then\s+)?"
    r"(?:be\s+)?(?P<verb>[a-z]{3,})",
    re.IGNORECASE,
)
_HAPPENED = re.compile(
    r"\b(?:was|were|has been|have been|had been|has|had|is s/p|underwent)\s+(?:also\s+|"
    r"then\s+)?(?P<verb>[a-z]{3,})",
    re.IGNORECASE,
)


def deeds_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a verb told as done that the cited words only have as to come, and the other way round."""
    text, cited = reading_of(claim.text).plain, cited_reading(claim).plain
    to_come, happened = _verbs(_TO_COME, cited), _verbs(_HAPPENED, cited)
    if _verbs(_HAPPENED, text) & (to_come - happened) or _verbs(_TO_COME, text) & (happened - to_come):
        return Refusal("modality", "it told as done what is planned, or as planned what was done")
    return None


def _verbs(pattern: re.Pattern[str], plain: str) -> set[str]:
    return {stem(m["verb"].lower()) for m in pattern.finditer(plain)} - _HELPING
