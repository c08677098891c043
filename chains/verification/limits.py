"""*Only at night*, *at most 3 g a day*, *as needed for flights only*: a limit belongs to the order."""

import re
from functools import lru_cache

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import carried_by, content_stems, reading_of
from extraction.dosing import DOSE, FREQUENCY, NUMBER
from extraction.drugs import find_drugs

_OMITTED = Refusal("omitted_condition", "it left out the limit that the lines set")
_ONLY = re.compile(
    r"(?P<limit>\b(?:at|for|with|when|while|during|on|as needed|prn|before|after)\s(?:[\w-]+\s){1,3}?only)\b"
    r"(?=\W*(?:\Z|[;,).]))|"
    r"(?P<led>\bonly\s(?:at|for|with|when|while|during|on|as needed|prn|before|after)\s(?:[\w-]+\s?){1,3})",
    re.IGNORECASE,
)
_CAP = re.compile(
    rf"\b(?:(?:do )?not (?:to )?exceed(?:ing)?|no more than|max(?:imum|\.)?(?: dose)?(?: of)?|up to|"
    rf"at most)\s*:?\s*{NUMBER}"
    r"[^;,.)]*(?:day|daily|24 ?h\w*|d\b|doses)",
    re.IGNORECASE,
)
_HOLDS = re.compile(
    r"\b(?:only|max\w*|exceed\w*|most|limit\w*|no more|up to|as needed|prn|restrict\w*|if|unless|when|solely|just|"
    r"not|no)\b|[<≤]",
    re.IGNORECASE,
)
_OF_ORDERS = re.compile(
    r"\b(?:takes?|taking|uses?|using|on|wears?|is to|bearing|oxygen|give|continue\w*)\b", re.IGNORECASE
)
_LINES = re.compile(r"[;\n]|(?<!\d)\.\s")


def limits_are_kept(claim: Claim) -> Refusal | None:
    """Refuses an order told without the limit that the cited words set to it.

    Its *only*, its greatest dose in a day, or the words of the limit themselves must stand in the text, where the text
    tells of the order: the same drug, or the words before the limit, with a dose or as taken.
    """
    text = reading_of(claim.text).plain
    if _HOLDS.search(text):
        return None
    told, drugs = frozenset(content_stems(text)), {d.name for d in find_drugs(text)}
    orders = bool(_OF_ORDERS.search(text) or DOSE.search(text) or FREQUENCY.search(text))
    for governed, named, limit, is_cap in (found for e in claim.cited for found in _limits(e.context)):
        if told & carried_by(limit - governed) and not is_cap:
            continue
        if is_cap and not (DOSE.search(text) or FREQUENCY.search(text)):
            continue
        if (named & drugs if named else governed & told) and (orders or (governed and governed <= told)):
            return _OMITTED
    return None


@lru_cache(maxsize=4096)
def _limits(text: str) -> tuple[tuple[frozenset[str], frozenset[str], frozenset[str], bool], ...]:
    """For each limit the stems and the drugs before it in its line, its own stems, and whether it caps a dose."""
    found = []
    for line in _LINES.split(reading_of(text).plain):
        for pattern in (_ONLY, _CAP):
            for match in pattern.finditer(line):
                before = line[: match.start()]
                named = [d.name for d in find_drugs(before)]
                last = before.rfind(",") + 1
                part = before[last:] if content_stems(before[last:]) else before
                found.append(
                    (
                        frozenset(content_stems(part)),
                        frozenset(named[-1:]),
                        frozenset(content_stems(match.group())),
                        pattern is _CAP,
                    )
                )
    return tuple(found)
