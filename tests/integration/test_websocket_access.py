"""Who may open a WebSocket, and what is written down about it."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.exceptions import InvalidStatus

from app.auth.keys import make_key
from core.telemetry import JsonFormatter
from tests.fakes.loopback import ask, open_socket, served
from tests.fakes.service import Running

pytestmark = pytest.mark.integration
KEY, HASH = make_key("ada")
SECRET = "s" * 32
AVA = {"patient_id": "ava"}
OURS = ("app.", "chains.", "core.", "vectorstore.", "uvicorn")


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Running]:
    async with served(tmp_path, api_keys={"ada": HASH}, session_secret=SECRET) as service:
        yield service


async def refused(service: Running, **options: Any) -> tuple[int, dict[str, Any], Any]:
    """How the opening of a WebSocket is refused: status, problem, headers."""
    with pytest.raises(InvalidStatus) as refusal:
        async with open_socket(service, **options):
            pass
    answer = refusal.value.response
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, orjson.loads(answer.body or b""), answer.headers


async def cookie_of(service: Running) -> str:
    await service.client.post("/sign-in", data={"name": "ada", "key": KEY, "next": "/"})
    return "; ".join(f"{c.name}={c.value}" for c in service.client.cookies.jar)


async def test_a_key_lets_a_program_in(service: Running) -> None:
    _, code = await ask(service, AVA, headers={"authorization": f"Bearer {KEY}"})
    assert code == 1000
    assert service.rows("SELECT DISTINCT caller FROM audit") == [("ada",)]


async def test_a_stranger_is_turned_away_with_a_problem_and_audited(service: Running) -> None:
    for headers in ({}, {"authorization": "Bearer ada.wrong"}, {"cookie": "anamnesis=x.y"}):
        status, problem, answered = await refused(service, headers=headers)
        assert (status, problem["code"]) == (401, "unauthenticated")
        assert answered["www-authenticate"].startswith("Bearer")
        assert answered["x-content-type-options"] == "nosniff"
        assert answered["x-request-id"] == problem["request_id"]
    assert service.rows("SELECT DISTINCT caller, action, outcome, target FROM audit") == [
        ("anonymous", "access", "denied: unauthenticated", "WEBSOCKET /ws/summarize")
    ]
    assert await service.metric('anamnesis_rejected_total{reason="unauthenticated"}') == 3


async def test_no_path_is_public_to_a_websocket(service: Running) -> None:
    for path in ("/healthz", "/metrics", "/static/icon.svg", "/sign-in", "/nowhere"):
        assert (await refused(service, path=path))[0] == 401


async def test_guessing_is_slowed_down(service: Running) -> None:
    answers = [await refused(service, headers={"authorization": f"Bearer ada.{n}"}) for n in range(11)]
    assert [status for status, _, _ in answers] == [401] * 10 + [429]
    assert int(answers[-1][2]["retry-after"]) > 0


async def test_the_sessions_cookie_counts_from_the_services_own_pages_only(service: Running) -> None:
    cookie = await cookie_of(service)
    here = str(service.client.base_url).rstrip("/")
    for origin in ({}, {"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "none"}):
        status, problem, _ = await refused(service, headers={"cookie": cookie, **origin})
        assert (status, problem["code"]) == (403, "forbidden"), origin
    for origin in ({"origin": here}, {"sec-fetch-site": "same-origin", "origin": "https://behind-a-proxy.example"}):
        assert (await ask(service, AVA, headers={"cookie": cookie, **origin}))[1] == 1000


async def test_an_open_service_answers_to_this_machine_and_its_own_pages_only(tmp_path: Path) -> None:
    async with served(tmp_path) as service:
        for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            assert (await refused(service, headers=headers))[0] == 403
        status, _, _ = await refused(service, name="evil.example")
        assert status == 403
        assert (await ask(service, AVA, headers={"origin": str(service.client.base_url).rstrip("/")}))[1] == 1000


async def test_what_is_no_websocket_or_cannot_be_audited_is_refused_as_a_problem(tmp_path: Path) -> None:
    async with served(tmp_path) as service:
        assert (await refused(service, path="/ws/nothing"))[:1] == (404,)
        status, problem, _ = await refused(service, headers={"x-purpose": "x" * 121})
        assert (status, problem["code"]) == (422, "invalid_request")
        assert (await refused(service, path="/static/icon.svg"))[0] == 404
        service.change("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        events, code = await ask(service, AVA)
        assert (events[0].fields["code"], code) == ("audit_unavailable", 4503)


async def test_a_connection_is_one_line_of_the_log_without_ids_or_text(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with served(tmp_path) as service:
        await ask(service, {**AVA, "focus": "zyqwortel"}, path="/ws/summarize?patient=ava&zyqwortel")
        await ask(service, {"patient_id": "zyqwortel"})
        await ask(service, '{"zyqwortel')
    ours = [r for r in caplog.records if r.name.startswith(OURS)]
    lines = [vars(r) for r in ours if r.name == "app.access_log" and vars(r)["route"] == "/ws/summarize"]
    assert [(r["method"], r["status"], r["closed"]) for r in lines] == [
        ("WEBSOCKET", 101, 1000), ("WEBSOCKET", 101, 4404), ("WEBSOCKET", 101, 4422),
    ]  # fmt: skip
    written = "\n".join(JsonFormatter().format(r) for r in ours)
    assert "zyqwortel" not in written and "ava" not in written.replace("available", "")
