"""One drug that gives way to another: `replaced warfarin with apixaban`, `apixaban in place of warfarin`."""

import re
from collections.abc import Sequence
from typing import Protocol

from core.records import Action
from extraction.dosing import DOSE, FREQUENCY, NUMBER, ROUTE


class Named(Protocol):
    """A drug named at `start:end`."""

    @property
    def name(self) -> str:
        """Its canonical name."""
        ...

    @property
    def start(self) -> int:
        """Where its name begins."""
        ...

    @property
    def end(self) -> int:
        """Where its name ends."""
        ...


_GIVEN_UP = (
    r"(?:replac|exchang|swap|trad(?:e|ing)|switch|chang|convert|transition|cross|mov|rotat|supplant|supersed|"
    r"substitut)\w*"
)
_VERB_AHEAD = re.compile(
    rf"\b{_GIVEN_UP}(?:\s+(?:over|her|him|them|the|patient|pt|from|off|of|his|their|out)){{0,4}}[\s:]*\Z", re.IGNORECASE
)
_SUBSTITUTING = re.compile(r"\bsubstitut\w+(?:\s+(?:her|his|the))?\s*\Z", re.IGNORECASE)
_OFF_AHEAD = re.compile(r"\b(?:off|stop\w*|discontinu\w+)(?:\s+(?:of|her|his|the|their))*\s*\Z", re.IGNORECASE)
_TO = re.compile(r"(?:over\s+)?(?:on)?to|with|for|by|in favou?r of|->|-->|→|=>|>>", re.IGNORECASE)
_GIVES_WAY = re.compile(
    rf"(?:(?:was|were|is|are|has been|had been|being|to be|will be|therefore|then|now|today|recently|so|and|have)\s+)*"
    rf"(?:{_GIVEN_UP}(?:\s+(?:out|over|her|him|them))?\s+(?:by|with|for|(?:on)?to|in favou?r of)|"
    r"(?:gave|gives|giving|give|makes|made) way (?:to|for)|(?:stopped|discontinued|held|dropped|"
    r"withdrawn) in favou?r of|"
    r"in favou?r of|in exchange for)|"
    r"(?:->|-->|→|=>|>>)",
    re.IGNORECASE,
)
_AND_ONTO = re.compile(
    r"(?:and|then|,)*\s*(?:then\s+)?(?:on\s?to|(?:re)?start\w*(?:\s+on)?|"
    r"(?:switch|mov|transition|chang|convert|plac|put)\w*\s+(?:(?:her|him|them)\s+)?(?:over\s+)?(?:(?:on)?to|on))",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r"(?:(?:was|is|to be|will be|now|has|has been|have|and)\s+)*"
    r"(?:(?:used\s+|given\s+|started\s+|begun\s+)?(?:instead of|in (?:the )?place of|in lieu of)|replac(?:es|ing|ed)|"
    r"to replace|"
    r"tak(?:es|en|ing) the place of|took the place of|(?:tak(?:es|ing)|took) over from|substitut\w+ for|"
    r"as (?:an? |the )?(?:replacement|substitute|alternative) (?:for|to))",
    re.IGNORECASE,
)
_FORMS = re.compile(
    r"\b(?:tablets?|tabs?|capsules?|caps?|er|xr|xl|sr|dose|therapy|treatment|the|her|his|their|an?|once|low|high)\b|"
    r"\([^()]{0,40}\)",
    re.IGNORECASE,
)


def exchanges(text: str, mentions: Sequence[Named]) -> dict[int, Action]:
    """Which of the mentions is stopped or started because it gives way to, or takes the place of, the one beside it."""
    found: dict[int, Action] = {}
    for i in range(len(mentions) - 1):
        one, other = mentions[i], mentions[i + 1]
        if one.name == other.name:
            continue
        between = _bare(text[one.end : other.start])
        if _INSTEAD.fullmatch(between) and not between.lower().startswith("replaced"):
            found[i], found[i + 1] = Action.STARTED, Action.STOPPED
        elif _gives_way(text[max(0, one.start - 48) : one.start], between):
            found[i], found[i + 1] = Action.STOPPED, Action.STARTED
        elif _SUBSTITUTING.search(_bare_ahead(text, one.start)) and between.lower() == "for":
            found[i], found[i + 1] = Action.STARTED, Action.STOPPED
    return found


def _gives_way(ahead: str, between: str) -> bool:
    if _GIVES_WAY.fullmatch(between):
        return True
    ahead = ahead.replace("’", "'")
    if _VERB_AHEAD.search(_plain(ahead)) and not _SUBSTITUTING.search(_plain(ahead)):
        return bool(_TO.fullmatch(between) or _AND_ONTO.fullmatch(between))
    return bool(_OFF_AHEAD.search(_plain(ahead)) and _AND_ONTO.fullmatch(between))


def _bare_ahead(text: str, at: int) -> str:
    return _plain(text[max(0, at - 48) : at])


def _plain(ahead: str) -> str:
    """Words in front of a drug without a dose that stands between."""
    return re.sub(NUMBER, "", DOSE.sub("", ahead))


def _bare(between: str) -> str:
    """What stands between two drugs but for doses, routes, frequencies and forms."""
    bare = FREQUENCY.sub(" ", ROUTE.sub(" ", DOSE.sub(" ", between)))
    bare = _FORMS.sub(" ", re.sub(rf"(?<![\w-]){NUMBER}", " ", bare))
    return " ".join(bare.split()).strip(" ,()")
