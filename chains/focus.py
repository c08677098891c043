"""A section for what the caller asked about."""

from dataclasses import dataclass

from chains.wording import content_words
from extraction.drugs import find_drugs
from extraction.problems import find_problems
from prompts import SectionPlan

FOCUS_KEY = "focus"
# Words of the question rather than of its subject: a sentence need not hold them to answer it.
_ASKING = frozenset(
    content_words(
        "about any changes current currently details function give has have history information issues latest level"
        " levels list problem problems question recent regarding result results show status summary tell trend trends"
        " value values"
    )
)


@dataclass(frozen=True, slots=True)
class Focus:
    """What was asked: the stems of its subject, and the canonical names of drugs and problems in it."""

    stems: frozenset[str]
    names: frozenset[str]

    def is_answered_by(self, stems: frozenset[str], names: frozenset[str]) -> bool:
        """Whether a sentence speaks of it: most of the stems, or a fact of one of the names, however it is spelled."""
        return bool(names & self.names) or 2 * len(self.stems & stems) > len(self.stems)


def read_focus(text: str) -> Focus:
    """What a caller's words ask about; of words that only ask, nothing."""
    stems = frozenset(content_words(text))
    names = {m.name for m in find_drugs(text)} | {m.name for m in find_problems(text)}
    return Focus(stems - _ASKING or stems, frozenset(names))


def focus_plan(text: str) -> SectionPlan:
    """The section that answers a focus."""
    return SectionPlan(
        key=FOCUS_KEY, title="What was asked", source="passage", queries=(text,), half_life_days=1500, limit=5
    )
