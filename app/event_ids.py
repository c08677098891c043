"""Ids of streamed events: which summary, and which of its events."""

from dataclasses import dataclass
from typing import Self

PATTERN = r"[0-9a-f]{32}-[1-9][0-9]{0,8}"


@dataclass(frozen=True, slots=True)
class EventId:
    """The event `number`, counted from 1, of a summary. On the wire it is `<summary_id>-<number>`."""

    summary_id: str
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what PATTERN describes."""
        summary_id, _, number = text.partition("-")
        return cls(summary_id, int(number))

    def __str__(self) -> str:
        return f"{self.summary_id}-{self.number}"
