"""Which notes were written during a stay in hospital, by evidence beyond the name of their type."""

import re
from collections.abc import Sequence
from datetime import date

from extraction.timeline.records import TimedFact

_DISCHARGE = re.compile(r"discharge|\ADS\Z", re.IGNORECASE)
_ADMITTED = re.compile(r"admission", re.IGNORECASE)
_ADMISSION = re.compile(r"history and physical|h&p|admission", re.IGNORECASE)
_LONGEST_DAYS = 30
_SOON_DAYS = 14


class Stays:
    """The stays that a chart shows.

    A progress note or a consultation is written in clinics too. A note belongs to a stay where its encounter spans days
    or holds another note of admission or of discharge, or, where the source names no encounters, where such a note
    stands at most some weeks from it.
    """

    def __init__(self, mentions: Sequence[TimedFact]) -> None:
        self._days: dict[str, set[date]] = {}
        self._ends: dict[str, set[str]] = {}
        self._admitted: list[tuple[date, str]] = []
        self._discharged: list[date] = []
        # A note tells the same by each of its mentions.
        for mention in {_note(mention): mention for mention in mentions}.values():
            self._add(mention)

    def _add(self, mention: TimedFact) -> None:
        day, note, kind = mention.day, mention.fact.note_id, mention.note_type
        if mention.encounter_id:
            if day:
                self._days.setdefault(mention.encounter_id, set()).add(day)
            if _DISCHARGE.search(kind) or _ADMISSION.search(kind):
                self._ends.setdefault(mention.encounter_id, set()).add(note)
        elif day and _DISCHARGE.search(kind):
            self._discharged.append(day)
        elif day and _ADMITTED.search(kind):
            self._admitted.append((day, note))

    def hold(self, mention: TimedFact) -> bool:
        """Whether the note of a mention was written during a stay."""
        if mention.encounter_id:
            others = self._ends.get(mention.encounter_id, set()) - {mention.fact.note_id}
            return bool(others) or len(self._days.get(mention.encounter_id, ())) > 1
        day = mention.day
        if day is None:
            return False
        if any(0 <= (end - day).days <= _LONGEST_DAYS for end in self._discharged):
            return True
        return any(
            note != mention.fact.note_id
            and 0 <= (day - begin).days <= _SOON_DAYS
            and not any(begin <= end < day for end in self._discharged)
            for begin, note in self._admitted
        )


def _note(mention: TimedFact) -> tuple[str, str | None, str, str | None]:
    return mention.fact.note_id, mention.charted_at, mention.note_type, mention.encounter_id
