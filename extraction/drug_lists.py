"""What the heading of a list of drugs says of all of them."""

import re
from functools import lru_cache

from core.records import Action

_HOME_LIST = re.compile(
    r"home|discharge|outpatient|admission|current|prior to|pta|active|\Amedications?\Z|\Ameds\Z|reconcil|list",
    re.IGNORECASE,
)
_GIVEN_LIST = re.compile(r"given|administered|in (?:the )?ed|\bed\b|anesthesia|drip|infusion|inpatient", re.IGNORECASE)


@lru_cache(maxsize=4096)
def list_of(heading: str) -> tuple[bool, bool]:
    """Whether a heading is one of drugs taken at home, and one of drugs given in hospital."""
    return bool(_HOME_LIST.search(heading)), bool(_GIVEN_LIST.search(heading))


@lru_cache(maxsize=4096)
def list_action(heading: str) -> Action:
    """What the heading of a list says of all its drugs."""
    lowered = heading.lower()
    if re.search(r"stop|discontinu", lowered):
        return Action.STOPPED
    if re.search(r"\bnew\b|started", lowered):
        return Action.STARTED
    if re.search(r"\bheld\b|\bhold", lowered):
        return Action.HELD
    if re.search(r"changed", lowered):
        return Action.CHANGED
    return Action.CONTINUED if "continue" in lowered else Action.NONE
