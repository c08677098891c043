"""One summary, many readers: a chain runs once for all who ask for the same, and what it said can be read again."""

from app.runs.events import Lookup, NumberedEvent
from app.runs.finder import Finder, Place
from app.runs.keeper import Keeper
from app.runs.reader import Reader, Wish
from app.runs.registry import Runs
from app.runs.run import Run

__all__ = ["Finder", "Keeper", "Lookup", "NumberedEvent", "Place", "Reader", "Run", "Runs", "Wish"]
