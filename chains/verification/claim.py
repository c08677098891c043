"""What a check looks at, and how it says no."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from chains.evidence import Evidence
from extraction.timeline import ResolvedFact

DateOrder: TypeAlias = Literal["day_first", "month_first"]
Gender: TypeAlias = Literal["woman", "man", ""]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a statement may not be shown: a stable code, and advice for the writer's second attempt."""

    code: str
    advice: str


@dataclass(frozen=True)
class Claim:
    """A text with the evidence it cites, and what is known of the chart beyond that evidence.

    `resolved` is what the whole chart says of each fact; without it nothing can be called superseded. `date_orders`
    tells by note id how a note writes numeric dates, where it lets that be known. `gender` is the patient's, "" where
    the notes do not say.
    """

    text: str
    cited: tuple[Evidence, ...]
    resolved: tuple[ResolvedFact, ...] = field(default=(), repr=False)
    date_orders: Mapping[str, DateOrder] = field(default_factory=dict)
    gender: Gender = ""

    @cached_property
    def quotes(self) -> str:
        """The cited words, one piece of evidence a line."""
        return "\n".join(e.text for e in self.cited)

    @cached_property
    def contexts(self) -> str:
        """The sentences that the cited words lie in, with their headings, one piece of evidence a line."""
        return "\n".join(f"{e.citation.section}: {e.context}" if e.citation.section else e.context for e in self.cited)

    @cached_property
    def charted_dates(self) -> tuple[str, ...]:
        """ISO dates on which the cited notes were charted."""
        return tuple(e.citation.charted_at[:10] for e in self.cited if e.citation.charted_at)

    @cached_property
    def is_verbatim(self) -> bool:
        """Whether the text is the cited words themselves, but for white space, capitals and a final stop."""
        return len(self.cited) == 1 and _bare(self.text) in (_bare(self.cited[0].text), _bare(self.cited[0].context))


def _bare(text: str) -> str:
    return " ".join(text.split()).rstrip(" .").lower()


Check: TypeAlias = Callable[[Claim], Refusal | None]
