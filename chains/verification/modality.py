"""What was done must not become what is to be done."""

import re

from chains.verification.claim import Claim, Refusal

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


def plan_is_cited(claim: Claim) -> Refusal | None:
    """Refuses a text that tells as planned what none of the cited sentences plans or orders."""
    if not _SAYS_PLANNED.search(claim.text):
        return None
    if any(_PLANNED.search(e.context) or _ORDERED.search(e.context) for e in claim.cited):
        return None
    return Refusal("modality", "it made a plan of what the lines tell as done or found")
