"""What a check looks at, and how it says no."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from chains.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a statement may not be shown: a stable code, and advice for the writer's second attempt."""

    code: str
    advice: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A text with the evidence it cites."""

    text: str
    cited: tuple[Evidence, ...]

    @property
    def quotes(self) -> str:
        """The cited words, one piece of evidence a line."""
        return "\n".join(e.text for e in self.cited)

    @property
    def charted_dates(self) -> tuple[str, ...]:
        """ISO dates on which the cited notes were charted."""
        return tuple(e.citation.charted_at[:10] for e in self.cited if e.citation.charted_at)

    @property
    def is_verbatim(self) -> bool:
        """Whether the text is the cited words themselves."""
        return len(self.cited) == 1 and self.text == self.cited[0].text


Check: TypeAlias = Callable[[Claim], Refusal | None]
