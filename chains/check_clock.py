"""How long the checks of one summary took, all statements together."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.tracing import Spanning, span


class CheckClock:
    """Adds up `seconds`, and makes each use a span of its own."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def checking(self, section: str) -> Iterator[Spanning]:
        """To be held while a statement of `section` is checked; the span is told how that went."""
        began = time.perf_counter()
        with span("verify", section=section) as verify:
            try:
                yield verify
            finally:
                self.seconds += time.perf_counter() - began
