"""What was declined, only consented to, listed for, broken off or ruled out by a contraindication was not done."""

import re
from functools import lru_cache

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import carried_by, content_stems, reading_of
from chains.verification.support import FRAME
from extraction.drugs import find_drugs

_UNDONE = Refusal("modality", "it told as done what the lines tell as planned, declined, broken off or not allowed")
_TAKEN = Refusal("stopped_as_current", "it told as taken a drug that the lines tell as never filled or long past")
_CUE = re.compile(
    r"\b(?:declin(?:ed|es|ing)|refus(?:ed|es|ing)|listed for|on the (?:\w+ )?list for|candidate for|"
    r"consent\w*(?: (?:was|form))? (?:for|to)(?: (?:\w+ ){1,5}(?:was |were )?(?:obtained|signed|given))?|"
    r"contra-?indicat\w+|aborted|cancell?ed|called off|terminated early|unable to complete|"
    r"offered|awaiting|eligible for|turned down|to carry|carries|as needed|prn)\b",
    re.IGNORECASE,
)
_ORDER = re.compile(r"(?:\A|[:•-]\s)(?P<verb>restart|resume|start|begin|initiate|stop|hold|give)\s", re.IGNORECASE)
_TO_COME = re.compile(
    r"\b(?:\d+ (?:hours?|days?|weeks?|h|d|wks?|months?) (?:after|post|from)|after (?:the )?\w+|in \d+ \w+|tomorrow|"
    r"when|once|next (?:week|month|visit))\b",
    re.IGNORECASE,
)
_DID = re.compile(
    r"\b(?:performed|underwent|received|administered|completed|done|placed|s/p|status post|tolerated|had (?:an?|the)|"
    r"was given|were given|given on|proceeded|went ahead|finally|later agreed|then agreed)\b",
    re.IGNORECASE,
)
_TOLD_DONE = re.compile(
    r"\b(?:underwent|received|status post|s/p|(?:has |have )?had (?:an?|the|her|his)\b|got|"
    r"(?:was|were|has been|have been) (?:\w+ly )?(?:given|performed|done|completed|placed|administered|started|"
    r"restarted|resumed|stopped|held|initiated|begun|enrolled|treated))\b",
    re.IGNORECASE,
)
_TOLD_UNDONE = re.compile(
    r"\b(?:declin\w+|refus\w+|not|no|never|without|list(?:ed)?|candidate|consent\w*|contra-?indicat\w+|abort\w*|cancel\w*|"
    r"offer\w*|await\w*|as needed|prn|carr\w+|eligible|off|recommend\w*|plan\w*|prescri\w+|will|to be|"
    r"incomplet\w*|unable|turned)\b",
    re.IGNORECASE,
)
_LINES = re.compile(r"[;\n]|(?<!\d)\.\s")
_ALWAYS_SAID = frozenset(content_stems("procedure surgery recent poor prep due obtained signed treatment"))
_NOT_FILLED = re.compile(
    r"\b(?:(?:not|never|un) ?-?(?:yet )?(?:been )?(?:filled|picked (?:it )?up|started|taken|begun)|did(?: not|n['’]t) "
    r"(?:fill|pick|start)|never (?:took|began)|could(?: not|n['’]t) (?:afford|fill))\b",
    re.IGNORECASE,
)
_LONG_PAST = re.compile(
    r"\b(?:in (?:the )?(?:early |late |mid-?)?(?:(?:19|20)?\d0['’]?s)|(?:years|decades) ago|previously|formerly|"
    r"used to|in the (?:distant )?past|as a child|from (?:19|20|21)\d\d (?:to|until|-) ?(?:19|20|21)\d\d)\b",
    re.IGNORECASE,
)
_STILL = re.compile(
    r"\b(?:now|current(?:ly)?|continu\w+|still|is on|remains|takes|again|today|resum\w+|restart\w+|since)\b",
    re.IGNORECASE,
)
_TOLD_TAKEN = re.compile(
    r"\b(?:takes?|taking|is on|are on|remains on|stays on|uses|using|current(?:ly)?|receives|(?:is|being) treated|"
    r"is prescribed)\b|\A(?:the patient is )?on\b",
    re.IGNORECASE,
)
_TOLD_PAST = re.compile(
    r"\b(?:was|were|had|previous\w*|former\w*|used to|ago|past|until|no longer|not|never|un\w+|in the)\b", re.IGNORECASE
)


def nothing_undone_is_done(claim: Claim) -> Refusal | None:
    """Refuses as done what the cited sentence has under *declined*, *consent for*, *aborted* or the like.

    A sentence that tells of something done as well proves nothing. An order that begins a line with its time still to
    come (*restart 48 hours after*) was not carried out yet.
    """
    undone = frozenset(s for e in claim.cited for s in _undone(e.context))
    if not undone:
        return None
    rest = frozenset(s for e in claim.cited for s in _not_undone(e.context))
    for part in _LINES.split(reading_of(claim.text).plain):
        told = (
            frozenset(content_stems(part)) if _TOLD_DONE.search(part) and not _TOLD_UNDONE.search(part) else frozenset()
        )
        if told & carried_by(undone - rest) - FRAME - _ALWAYS_SAID:
            return _UNDONE
    return None


def drugs_not_taken_are_not_taken(claim: Claim) -> Refusal | None:
    """Refuses as taken a drug whose every cited sentence calls it never filled, or taken long ago."""
    plain = reading_of(claim.text).plain
    told = {d.name for d in find_drugs(plain)} if _TOLD_TAKEN.search(plain) and not _TOLD_PAST.search(plain) else set()
    for name in told:
        lines = [line for e in claim.cited for line in _naming(e.context, name)]
        if lines and all(_is_not_taken(line) for line in lines):
            return _TAKEN
    return None


def _is_not_taken(line: str) -> bool:
    if _NOT_FILLED.search(line):
        return True
    return bool(_LONG_PAST.search(line)) and not _STILL.search(line)


@lru_cache(maxsize=4096)
def _naming(text: str, name: str) -> tuple[str, ...]:
    lines = (line for line in _LINES.split(reading_of(text).plain) if line.strip())
    return tuple(line for line in lines if any(d.name == name for d in find_drugs(line)))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in _LINES.split(reading_of(text).plain) if line.strip())


def _is_undone(line: str) -> bool:
    if _ORDER.search(line) and _TO_COME.search(line):
        return True
    return bool(_CUE.search(line)) and not _DID.search(_CUE.sub(" ", line))


@lru_cache(maxsize=4096)
def _undone(text: str) -> frozenset[str]:
    return frozenset(s for line in _lines(text) if _is_undone(line) for s in content_stems(line))


@lru_cache(maxsize=4096)
def _not_undone(text: str) -> frozenset[str]:
    return frozenset(s for line in _lines(text) if not _is_undone(line) for s in content_stems(line))
