"""What was taken out, taken off or stopped is not in place, not in use and not taken."""

import re
from functools import lru_cache

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import content_stems, reading_of

_GONE = Refusal("stopped_as_current", "it told as present what the lines tell as removed, stopped or left off")
_ENDED = (
    r"(?:out|off|removed|pulled|discontinued|discharged|stopped|held|rescinded|taken out|taken off|weaned off|"
    r"turned off|not taking|ran out|not taken|on hold)"
)
_WAS_ENDED = re.compile(
    r"\b(?P<what>[a-z][\w-]*)(?:\s*\([^)]*\))?,?\s*(?:[-–]\s*)?(?:(?:was|were|is|are|has|have|had|been|came|now|then|also)\s+)*"
    rf"{_ENDED}\b(?! (?:to|for a|if)\b)",
    re.IGNORECASE,
)
_OFF_IT = re.compile(
    r"\b(?:off|no longer (?:on|taking|takes|using|uses|needs|requires)|ran out of|out of|stopped taking|not on|"
    r"not taking)\s+(?:of\s+)?(?:her |his |the |all |home )?(?P<what>[a-z][\w-]*)",
    re.IGNORECASE,
)
_PRESENT = re.compile(
    r"\b(?:in place|in situ|remains?|current(?:ly)?|still|takes?|taking|continues?|uses|using|has an?|has the|via|"
    r"is on|on an?|stays on|now)\b|\A(?:the patient is )?on\b",
    re.IGNORECASE,
)
_SAYS_ENDED = re.compile(
    r"\b(?:out|off|remov\w+|pulled|discontinu\w+|stopp?\w*|held|hold|rescind\w+|no|not|never|without|longer|was|were|had|"
    r"until|former\w*|previous\w*|quit|ran|ceased|d/c\w*|ended|finished|completed)\b",
    re.IGNORECASE,
)
_AGAIN = re.compile(
    r"\b(?:resum\w+|restart\w*|reinsert\w+|replac\w+|back on|reinitiat\w+|again|new|another|re-?start\w*|chang\w+|"
    r"switch\w*)\b",
    re.IGNORECASE,
)
_NOTHING = frozenset(content_stems("patient he she day night diet oxygen it tip time sign way walk"))
_CLAUSES = re.compile(r";|(?<!\d)\.\s|,\s|\b(?:and|but|while)\b")


def nothing_gone_is_present(claim: Claim) -> Refusal | None:
    """Refuses a device, drug or measure told as in place or in use that the cited words only tell as ended.

    *Chest tube removed* is not *chest tube in place*, *off lithium* not *takes lithium*.
    """
    if _AGAIN.search(claim.contexts):
        return None
    gone = _gone(claim.contexts)
    for clause in _CLAUSES.split(reading_of(claim.text).plain) if gone else ():
        if _PRESENT.search(clause) and not _SAYS_ENDED.search(clause) and gone & frozenset(content_stems(clause)):
            return _GONE
    return None


@lru_cache(maxsize=4096)
def _gone(text: str) -> frozenset[str]:
    """Stems of what a text tells as ended, and of nothing else."""
    plain = reading_of(text).plain
    ended, spans = set(), []
    for pattern in (_WAS_ENDED, _OFF_IT):
        for match in pattern.finditer(plain):
            stems = set(content_stems(match["what"])) - _NOTHING
            ended |= stems
            spans.append(match.span())
    rest = list(plain)
    for start, end in spans:
        rest[start:end] = " " * (end - start)
    return frozenset(ended - set(content_stems("".join(rest))))
