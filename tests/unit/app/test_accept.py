"""Which form a client prefers."""

import pytest

from app.accept import prefers_events


@pytest.mark.parametrize(
    "accept",
    [
        "text/event-stream",
        "Text/Event-Stream",
        "text/event-stream, */*",
        "text/event-stream;q=0.9, application/json;q=0.8",
        "application/json;q=0, text/event-stream;q=0.001",
        "text/html, text/event-stream;charset=utf-8",
    ],
)
def test_events_when_they_are_preferred(accept: str) -> None:
    assert prefers_events(accept)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/*",
        "application/json",
        "application/json, text/event-stream",
        "text/event-stream;q=0.5, */*",
        "text/event-stream;q=0",
        "text/event-stream;q=nonsense",
        "text/event-streams",
        ";;,,;q=",
    ],
)
def test_json_in_all_other_cases(accept: str) -> None:
    assert not prefers_events(accept)
