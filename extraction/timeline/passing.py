"""Problems named only in passing, which belong to what they are named with rather than to a list of problems."""

import re
from collections.abc import Sequence

from core.records import Action, FactKind, SectionKind
from extraction.timeline.records import TimedFact

_REASON = re.compile(
    r"(?:\(|\b(?:given|for|because of|due to|in view of|in light of|on account of|owing to|in response to|to treat|"
    r"to control|to help with|prompted by|after|causing|caused)\s+)(?:[\w/-]+,?\s+){0,4}(?:and\s+)?\Z",
    re.IGNORECASE,
)
FINDINGS = frozenset({SectionKind.EXAM, SectionKind.VITALS, SectionKind.REVIEW_OF_SYSTEMS})
"""Sections that tell what was found or felt; what it amounts to is told elsewhere."""


def drug_sentences(mentions: Sequence[TimedFact]) -> frozenset[tuple[str, int]]:
    """(note_id, sentence) of sentences that tell of a drug or of an allergy, but of no drug that is started."""
    started = {_place(m) for m in mentions if m.fact.kind is FactKind.DRUG and m.fact.action is Action.STARTED}
    told = {_place(m) for m in mentions if m.fact.kind in (FactKind.DRUG, FactKind.ALLERGY)}
    return frozenset(told - started)


def _place(mention: TimedFact) -> tuple[str, int]:
    return mention.fact.note_id, mention.fact.sentence


def is_in_passing(mention: TimedFact, with_drugs: frozenset[tuple[str, int]]) -> bool:
    """Whether a problem is named as an examiner's finding, or as why a drug was given, changed or stopped."""
    if mention.section in FINDINGS:
        return True
    return _place(mention) in with_drugs and _REASON.search(mention.ahead) is not None
