"""Problems named only in passing, which belong to what they are named with rather than to a list of problems."""

import re
from collections.abc import Sequence

from core.records import Action, Assertion, FactKind, SectionKind
from extraction.timeline.records import TimedFact

_REASON = re.compile(
    r"(?:\(|\b(?:given|for|because of|due to|in view of|in light of|on account of|owing to|in response to|to treat|"
    r"to control|to help with|prompted by|after|causing|caused)\s+)(?:[\w/-]+,?\s+){0,4}(?:and\s+)?\Z",
    re.IGNORECASE,
)
_DONE = (Action.CHANGED, Action.STOPPED, Action.HELD)


def drug_changes(mentions: Sequence[TimedFact]) -> frozenset[tuple[str, int]]:
    """(note_id, sentence) of sentences that change, hold or stop a drug, or tell of one that was taken."""
    return frozenset(
        (m.fact.note_id, m.fact.sentence)
        for m in mentions
        if m.fact.kind is FactKind.DRUG and (m.fact.action in _DONE or m.fact.assertion is Assertion.HISTORICAL)
    )


def is_in_passing(mention: TimedFact, changes: frozenset[tuple[str, int]]) -> bool:
    """Whether a problem is named as an examiner's finding, or as why something was done to a drug."""
    if mention.section is SectionKind.EXAM:
        return True
    told_with_a_drug = (mention.fact.note_id, mention.fact.sentence) in changes
    return told_with_a_drug and _REASON.search(mention.ahead) is not None
