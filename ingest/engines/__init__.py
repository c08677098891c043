"""Where the work on rows is done: in this process, or on a cluster."""

from collections.abc import Generator, Iterable
from typing import Protocol

from ingest.work import Row, Worked

__all__ = ["Engine"]


class Engine(Protocol):
    """Does the work of `ingest.work.Worker` on rows, as many at a time as suit it."""

    def run(self, rows: Iterable[Row]) -> Generator[Worked, None, None]:
        """Take rows one by one, as fast as they can be worked on; results come in the rows' order.

        Closing the iterator ends the work; what was under way is lost. `rows` is read in the caller's thread.
        """
        ...
