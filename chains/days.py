"""Spans of time between notes."""

from datetime import date


def days_between(earlier: str | None, later: str | None) -> float | None:
    """Days from one ISO time to another, None where either is missing."""
    if earlier is None or later is None:
        return None
    return float((date.fromisoformat(later[:10]) - date.fromisoformat(earlier[:10])).days)
