"""Events, messages and the JSON answer are the same summary, whatever was asked for."""

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounds
from hypothesis import strategies as some
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from app.factory import create_app
from core.settings import Settings, StateSettings
from tests.e2e.page_harness import serving
from tests.fakes.loopback import HEADERS, Event, read_message
from tests.fakes.service import SPACE, shared_store

pytestmark = pytest.mark.integration

REQUESTS = some.fixed_dictionaries(
    {"patient_id": some.sampled_from(["ava", "ben", SPACE.patient_id, "nobody"])},
    optional={
        "template": some.sampled_from(["handoff", "problem_list", "medications", "discharge", "unknown"]),
        "focus": some.sampled_from(["heart failure", "gout 🫀", "", "nothing\u2028at all"]),
        "since": some.sampled_from(["2021-02-04", "2030-01-01"]),
        "until": some.sampled_from(["2021-02-05T12:00:00"]),
        "note_types": some.lists(some.sampled_from(["Radiology", "letter", "none"]), max_size=2),
        "max_words": some.sampled_from([50, 350, 7]),
    },
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    app = create_app(Settings(state=StateSettings(dir=tmp_path_factory.mktemp("state"))), store=shared_store())
    with serving(app) as address:
        yield address


def streamed(client: httpx.Client, request: dict[str, Any]) -> list[Event]:
    """The events; of a request that is refused, its problem as the one event."""
    answer = client.post("/summarize", json=request, headers=HEADERS)
    if answer.status_code != 200:
        return [Event("", "error", answer.content)]
    blocks = [dict(line.split(": ", 1) for line in b.split("\n")) for b in answer.text.split("\n\n") if "event: " in b]
    return [Event(b.get("id", ""), b["event"], b["data"].encode()) for b in blocks]


def messages(address: str, request: dict[str, Any]) -> list[Event]:
    got = []
    with connect(address.replace("http", "ws") + "/ws/summarize", proxy=None, additional_headers=SAME) as connection:
        connection.send(orjson.dumps(request).decode())
        try:
            while True:
                got.append(read_message(connection.recv()))
        except ConnectionClosed:
            return got


SAME = {"x-request-id": "one-and-the-same"}


def test_events_messages_and_the_answer_are_one_summary(address: str) -> None:
    seen: set[str] = set()

    @given(request=REQUESTS)
    @bounds(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def agree(request: dict[str, Any]) -> None:
        with httpx.Client(base_url=address, headers=SAME, timeout=60) as client:
            events = streamed(client, request)
            assert messages(address, request) == events
            answer = client.post("/summarize", json=request)
            assert answer.content == events[-1].data
            assert client.post("/summarize", json=request).content == answer.content
        seen.add(events[-1].name)
        if events[-1].name == "error":
            return
        whole = events[-1].fields
        shown = {s["key"]: s["statements"] for s in whole["sections"]}
        told: dict[str, list[Any]] = {key: [] for key in shown}
        for statement in (e.fields for e in events if e.name == "statement"):
            told[statement.pop("section")].append(statement)
        outcomes = {e.fields["key"]: e.fields["outcome"] for e in events if e.name == "section"}
        assert told == shown
        assert outcomes == {s["key"]: s["outcome"] for s in whole["sections"]}
        assert [s["key"] for s in events[0].fields["sections"]] == list(shown)
        assert [e.event_id for e in events] == [f"{whole['summary_id']}-{n}" for n in range(1, len(events) + 1)]

    agree()
    assert seen == {"summary", "error"}
