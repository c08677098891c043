"""What an optional model of entailment must do."""

from typing import Protocol


class Entailment(Protocol):
    """A model that reads two texts. No check needs one; it is asked last, of texts in words of their own."""

    def probability(self, premise: str, hypothesis: str) -> float:
        """How probably the hypothesis follows from the premise, from 0 to 1."""
        ...
