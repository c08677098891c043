"""One summary, many readers: a chain runs once for all who ask for the same, and what it said can be read again."""

from app.runs.events import Lookup, NumberedEvent
from app.runs.reader import Reader, Wish
from app.runs.registry import Runs
from app.runs.run import Run

__all__ = ["Lookup", "NumberedEvent", "Reader", "Run", "Runs", "Wish"]
