"""An event with its number, by which a broken stream is taken up again."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from core.records import ChainEvent

Lookup: TypeAlias = Literal["hit", "coalesced", "miss", "bypassed", "resumed"]
"""Where an answer comes from: kept from before, a run that others read too, a run begun for it since there was neither
or since the reader wanted a fresh one, or a stream taken up again."""


@dataclass(frozen=True, slots=True)
class NumberedEvent:
    """An event of a summary, numbered from 1 in the order in which it was made.

    `body` holds the bytes of the whole summary where `event` is the SummaryEvent, b"" before.
    """

    number: int
    event: ChainEvent
    lookup: Lookup = "miss"
    body: bytes = field(default=b"", repr=False)
