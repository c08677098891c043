"""A section for what the caller asked about."""

from chains.wording import content_words
from prompts import SectionPlan

FOCUS_KEY = "focus"


def focus_section(focus: str) -> tuple[SectionPlan, frozenset[str]]:
    """The plan of a focus section, and the stems a sentence must carry to count as an answer."""
    plan = SectionPlan(
        key=FOCUS_KEY,
        title="What was asked",
        source="passage",
        facts=(),
        queries=(focus,),
        kinds={},
        note_types={},
        headings={},
        prefer=None,
        leave_out=frozenset(),
        only_kinds=False,
        half_life_days=1500,
        limit=5,
    )
    return plan, frozenset(content_words(focus))
