"""How many words each section may take."""

from collections.abc import Sequence

from chains.evidence import Group
from core.records import FactKind
from prompts import SectionPlan

NEVER_CUT = frozenset({FactKind.DRUG, FactKind.ALLERGY, FactKind.PROBLEM, FactKind.CODE_STATUS, FactKind.DEVICE})
PASSAGE_SHARE = 0.45
SHORTEST_SHARE = 14


def spending_order(section: SectionPlan) -> int:
    """Lists that are never cut come first, then other lists, then passages."""
    if section.source == "passage":
        return 2
    return 0 if NEVER_CUT.issuperset(section.facts) else 1


class Budget:
    """Spends `max_words`.

    Lists that must be complete are never cut, even above it, and no section that has evidence is cut to nothing:
    "not found" is said only where nothing was found.
    """

    def __init__(self, max_words: int, sections: Sequence[SectionPlan]) -> None:
        self._left = max_words
        self._passages = [s.key for s in sections if s.source == "passage"]
        self._reserved = int(max_words * PASSAGE_SHARE) if self._passages else 0
        self._lists = sum(spending_order(s) == 1 for s in sections)

    def trim(self, section: SectionPlan, groups: tuple[Group, ...]) -> tuple[Group, ...]:
        """Cut a list to its share, but for its first entry, unless it must be complete."""
        if spending_order(section) == 0:
            return self.take(groups)
        share = max(0, self._left - self._reserved) // max(1, self._lists)
        self._lists -= 1
        kept: list[Group] = []
        for group in groups:
            if kept and group.planned_words > share:
                break
            share -= group.planned_words
            kept.append(group)
        return self.take(tuple(kept))

    def share(self, section: SectionPlan) -> int:
        """Words for the next passage section: an even part of what is left, never less than a short sentence."""
        place = self._passages.index(section.key)
        return max(SHORTEST_SHARE, self._left // (len(self._passages) - place))

    def take(self, groups: tuple[Group, ...]) -> tuple[Group, ...]:
        """Count the words of groups that will be shown; foreign words take nothing away from the others."""
        self._left = max(0, self._left - sum(group.planned_words for group in groups if not group.unusual))
        return groups
