"""A cause that the cited words do not give must not be made up."""

import re

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import carried_by, cited_reading, content_stems, reading_of
from chains.verification.support import FRAME
from core.records import SectionKind
from extraction.drugs import find_drugs
from extraction.problems import find_problems

_CAUSE = Refusal("cause", "it gave a cause, and the lines give none")
_BEFORE_CAUSE = frozenset({"because", "because of", "due to", "caused by", "secondary to", "owing to", "triggered by"})

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
    plain = reading_of(claim.text).plain
    said = _SAYS_CAUSE.search(plain)
    if said and not _gives_cause(claim):
        return _CAUSE
    if said and said.group().lower() in _BEFORE_CAUSE:
        named = set(content_stems(re.split(r"[,;.]", plain[said.end() :], maxsplit=1)[0])) - FRAME
        if (
            named
            and carried_by(cited_reading(claim).stems).isdisjoint(named)
            and not _is_named(claim, plain[said.end() :])
        ):
            return _CAUSE
    return None


def _is_named(claim: Claim, cause: str) -> bool:
    """Whether a drug, problem or concept of the cause is cited under another name."""
    cited = cited_reading(claim)
    if reading_of(cause).named & cited.named:
        return True
    return any(
        {m.name for m in find(cause)} & {m.name for m in find(cited.plain)} for find in (find_drugs, find_problems)
    )


def _gives_cause(claim: Claim) -> bool:
    allergic = any(e.kind is SectionKind.ALLERGIES for e in claim.cited)
    return allergic or bool(_GIVES_CAUSE.search(cited_reading(claim).plain))
