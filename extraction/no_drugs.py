"""The statement that a patient takes no drugs."""

import re

from core.records import Action, Assertion, SectionKind
from extraction.drugs import DrugFact
from extraction.gated import Gated

NONE = "none"
_STATED = Gated(
    r"\b(?:(?:not (?:currently )?(?:taking|on)|takes|on|denies(?: taking)?) (?:any|no) |no )"
    r"(?:(?:active|current|home|outpatient|regular|daily|known|prescription|chronic) )*"
    r"(?:medications|medicines|meds|drugs)\b(?! (?:allerg|changes|were|was|given|intoler|adjust|side|use|abuse))",
    re.IGNORECASE,
)
_LISTED = re.compile(r"\A\W*(?:none|nil|n/a|no)\W*\Z", re.IGNORECASE)


def no_drugs_fact(text: str, section: SectionKind) -> DrugFact | None:
    """The denial, named "none": in so many words anywhere but among allergies, or "none" under a list of drugs."""
    if section in (SectionKind.ALLERGIES, SectionKind.FAMILY_HISTORY, SectionKind.SOCIAL_HISTORY):
        return None
    found = _STATED.search(text) or (_LISTED.search(text) if section is SectionKind.MEDICATIONS else None)
    if found is None:
        return None
    return DrugFact(NONE, found.start(), found.end(), Assertion.NEGATED, Action.NONE, "", "", "")
