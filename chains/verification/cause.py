"""A cause that the cited words do not give must not be made up."""

import re

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import cited_reading, reading_of
from core.records import SectionKind

_SAYS_CAUSE = re.compile(
    r"\b(?:because(?: of)?|due to|caused by|causing|as a (?:result|consequence) of|result(?:ed|ing|s) (?:in|from)|"
    r"led to|"
    r"leading to|attribut(?:ed|able) to|secondary to|owing to|on account of|brought on by|precipitated by|"
    r"triggered by|induced by|thanks to|therefore|consequently|stemming from)\b",
    re.IGNORECASE,
)
_GIVES_CAUSE = re.compile(
    r"\b(?:because|due|caus\w+|result\w*|led|leading|attribut\w+|secondary|owing|precipitat\w+|trigger\w*|induced|from|"
    r"given|since|for|related|therefore|etiolog\w+|likely|reason\w*|complicat\w+|consequen\w+|allerg\w+|reaction|"
    r"in (?:the )?setting|exacerbat\w+|provok\w+|brings? on|thought to be|felt to be|after|suspect\w*)\b|-induced|"
    r"-related|→|->",
    re.IGNORECASE,
)


def causes_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a text that says why, where nothing in the cited words links one thing to another."""
    if _SAYS_CAUSE.search(reading_of(claim.text).plain) and not _gives_cause(claim):
        return Refusal("cause", "it gave a cause, and the lines give none")
    return None


def _gives_cause(claim: Claim) -> bool:
    allergic = any(e.kind is SectionKind.ALLERGIES for e in claim.cited)
    return allergic or bool(_GIVES_CAUSE.search(cited_reading(claim).plain))
