"""What verification may know of the whole chart, gathered once a request."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from chains.evidence import Evidence
from chains.verification.claim import Claim, DateOrder, Gender, Refusal
from chains.verification.verifier import Verifier
from extraction.dates import find_dates
from extraction.timeline import ResolvedFact

_NUMERIC = re.compile(r"(?<![\w./-])(\d{1,2})[/.-](\d{1,2})[/.-](?:\d{4}|\d{2})(?![\w/-])")
_WOMAN = re.compile(r"\b(?:she|her|woman|female|mrs|ms)\b|\b\d+\s?(?:yo?|y/o)?\s?f\b", re.IGNORECASE)
_MAN = re.compile(r"\b(?:he|his|man|male|mr)\b|\b\d+\s?(?:yo?|y/o)?\s?m\b", re.IGNORECASE)
_CLEARLY = 3


_MOST_JUDGED = 2048


@dataclass(slots=True)
class Remembered:
    """What verification has found out of a chart, kept for as long as the chart stays open.

    By note id how it writes dates and of whom it speaks, and what was said of a text with the evidence it cites.
    """

    orders: dict[str, DateOrder | None] = field(default_factory=dict)
    genders: dict[str, Gender] = field(default_factory=dict)
    judged: dict[tuple[Verifier, str, tuple[Evidence, ...]], Refusal | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChartView:
    """The resolved facts of one request's chart, and what its notes tell of their own habits.

    `note_text` reads a note of that chart by its id. `remembered` is only ever to be shared by views of the same chart
    with the same facts.
    """

    resolved: tuple[ResolvedFact, ...] = ()
    note_text: Callable[[str], str] | None = None
    remembered: Remembered = field(default_factory=Remembered)

    def first_refusal(self, verifier: Verifier, text: str, cited: tuple[Evidence, ...]) -> Refusal | None:
        """What a verifier has against a text; it depends on nothing else, so the same question is answered once."""
        judged, key = self.remembered.judged, (verifier, text, cited)
        if key not in judged:
            if len(judged) >= _MOST_JUDGED:
                judged.clear()
            judged[key] = verifier.first_refusal(self.claim(text, cited))
        return judged[key]

    def claim(self, text: str, cited: tuple[Evidence, ...]) -> Claim:
        """A claim that the checks can hold against this chart."""
        notes = dict.fromkeys(e.citation.note_id for e in cited)
        unsure = {e.citation.note_id for e in cited if any(d.ambiguous for d in find_dates(e.context))}
        orders = {n: order for n in unsure if (order := self._order(n))}
        genders = {g for n in notes if (g := self._gender(n))}
        return Claim(text, cited, self.resolved, orders, genders.pop() if len(genders) == 1 else "")

    def _order(self, note_id: str) -> DateOrder | None:
        orders = self.remembered.orders
        if note_id not in orders:
            orders[note_id] = date_order(self.note_text(note_id)) if self.note_text else None
        return orders[note_id]

    def _gender(self, note_id: str) -> Gender:
        genders = self.remembered.genders
        if note_id not in genders:
            genders[note_id] = gender_of(self.note_text(note_id)) if self.note_text else ""
        return genders[note_id]


def date_order(text: str) -> DateOrder | None:
    """How a note writes numeric dates, told by those that can be read in one way only; None where they disagree."""
    orders: set[DateOrder] = set()
    for match in _NUMERIC.finditer(text):
        first, second = int(match[1]), int(match[2])
        if first > 12 >= second:
            orders.add("day_first")
        elif second > 12 >= first:
            orders.add("month_first")
    return orders.pop() if len(orders) == 1 else None


def gender_of(text: str) -> Gender:
    """Whether a note speaks of a woman or a man: one of them clearly oftener, relatives being named too."""
    women, men = len(_WOMAN.findall(text)), len(_MAN.findall(text))
    if women >= max(2, _CLEARLY * men):
        return "woman"
    return "man" if men >= max(2, _CLEARLY * women) else ""
