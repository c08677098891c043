"""Who may come in."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher

from app.auth.keys import make_key
from app.factory import create_app
from core.errors import SettingsInvalid
from core.settings import ServiceSettings, Settings
from tests.fakes.service import Running, running

pytestmark = pytest.mark.integration
KEY, HASH = make_key("ada")
PLAIN = "a key of one's own"
KEYS = {"ada": HASH, "bob": PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PLAIN)}
SECRET = "s" * 32
HTML = {"accept": "text/html"}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path, host="0.0.0.0", api_keys=KEYS, session_secret=SECRET, secure_cookie=False) as service:
        yield service


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


async def sign_in(service: Running, name: str = "ada", key: str = KEY, target: str = "/p/ava") -> httpx.Response:
    return await service.client.post("/sign-in", data={"name": name, "key": key, "next": target})


async def page_token(service: Running) -> str:
    found = re.search(r'name="csrf-token" content="([0-9a-f]+)"', (await service.client.get("/", headers=HTML)).text)
    assert found
    return found[1]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.8", "charts.example"])
def test_refuses_to_start_beyond_loopback_without_keys(host: str) -> None:
    with pytest.raises(SettingsInvalid, match=r"python -m app\.auth hash-key"):
        create_app(Settings(service=ServiceSettings(host=host)))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_starts_on_loopback_without_keys(host: str) -> None:
    create_app(Settings(service=ServiceSettings(host=host)))


def test_refuses_keys_without_a_session_secret_or_in_the_clear() -> None:
    with pytest.raises(SettingsInvalid, match="SESSION_SECRET"):
        create_app(Settings(service=ServiceSettings(api_keys=KEYS)))
    with pytest.raises(SettingsInvalid, match="'ada' is no argon2 hash") as refusal:
        in_the_clear = ServiceSettings.model_validate({"api_keys": {"ada": KEY}, "session_secret": SECRET})
        create_app(Settings(service=in_the_clear))
    assert KEY not in str(refusal.value)


@pytest.mark.parametrize(
    "path", ["/patients", "/patients/ava", "/notes/ava%2Fn1", "/summaries/" + "0" * 32, "/nowhere", "/p/ava", "/"]
)
async def test_nothing_of_a_chart_is_shown_to_a_stranger(service: Running, path: str) -> None:
    for headers in (
        {},
        bearer("wrong"),
        bearer("ada.wrong"),
        {"authorization": "Basic YTpi"},
        {"cookie": "anamnesis=x.y"},
    ):
        answer = await service.client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        service.app.state.services.access.throttle.succeeded("127.0.0.1")


async def test_probes_and_the_pages_own_files_are_public(service: Running) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/static/icon.svg"):
        assert (await service.client.get(path)).status_code == 200


async def test_a_key_lets_a_program_in_under_its_name(service: Running) -> None:
    made = await service.client.get("/patients/ava", headers=bearer(KEY))
    own = await service.client.post("/summarize", json={"patient_id": "ava"}, headers=bearer(PLAIN))
    assert (made.status_code, own.status_code) == (200, 200)
    assert {c for (c,) in service.rows("SELECT caller FROM audit")} == {"ada", "bob"}


async def test_a_body_is_not_looked_at_before_the_caller_is_known(service: Running) -> None:
    answer = await service.client.post("/summarize", content=b"x" * 10**6)
    assert answer.status_code == 401


async def test_a_browser_is_sent_to_sign_in_and_back(service: Running) -> None:
    turned_away = await service.client.get("/p/ava?focus=x", headers=HTML)
    assert (turned_away.status_code, turned_away.headers["location"]) == (303, "/sign-in?next=%2Fp%2Fava%3Ffocus%3Dx")
    signed_in = await sign_in(service, target="/p/ava?focus=x")
    cookie = signed_in.headers["set-cookie"].lower()
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/p/ava?focus=x")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert (await service.client.get("/p/ava", headers=HTML)).status_code == 200


async def test_the_cookie_is_for_tls_only_unless_told_otherwise(tmp_path: Path) -> None:
    async with running(tmp_path, host="0.0.0.0", api_keys=KEYS, session_secret=SECRET) as service:
        cookie = (await sign_in(service)).headers["set-cookie"]
    assert cookie.startswith("__Host-anamnesis=")
    assert "secure" in cookie.lower()


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/\x09/evil.example"]
)
async def test_signing_in_leads_to_no_other_site(service: Running, target: str) -> None:
    assert (await sign_in(service, target=target)).headers["location"] == "/"


async def test_a_wrong_key_or_name_does_not_sign_in(service: Running) -> None:
    for name, key in (("ada", "wrong"), ("ada", PLAIN), ("nobody", KEY), ("", ""), ("ada", "")):
        answer = await sign_in(service, name, key)
        assert answer.headers["location"].startswith("/sign-in?failed=1")
        assert "set-cookie" not in answer.headers


async def test_a_session_needs_its_token_to_send_anything(service: Running) -> None:
    await sign_in(service)
    body = {"patient_id": "ava"}
    without = await service.client.post("/summarize", json=body)
    wrong = await service.client.post("/summarize", json=body, headers={"x-csrf-token": "0" * 64})
    right = await service.client.post("/summarize", json=body, headers={"x-csrf-token": await page_token(service)})
    assert (without.status_code, without.json()["code"], wrong.status_code) == (403, "forbidden", 403)
    assert right.status_code == 200


async def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(service: Running) -> None:
    await sign_in(service)
    token = await page_token(service)
    copy = {"cookie": "; ".join(f"{c.name}={c.value}" for c in service.client.cookies.jar)}
    assert (await service.client.post("/sign-out", data={"csrf_token": "no"})).status_code == 403
    assert (await service.client.post("/sign-out", data={"csrf_token": token})).headers["location"] == "/sign-in"
    service.client.cookies.clear()
    assert (await service.client.get("/patients", headers=copy)).status_code == 401


async def test_a_session_ends_when_its_key_is_changed_or_its_time_is_up(service: Running, tmp_path: Path) -> None:
    await sign_in(service)
    service.change("UPDATE sessions SET key_digest = 'another'")
    assert (await service.client.get("/patients")).status_code == 401
    await sign_in(service)
    assert (await service.client.get("/patients")).status_code == 200
    service.change("UPDATE sessions SET expires_at = 0")
    assert (await service.client.get("/patients")).status_code == 401


async def test_guessing_is_slowed_down_and_known_keys_still_pass(service: Running) -> None:
    assert (await service.client.get("/patients", headers=bearer(KEY))).status_code == 200
    answers = [await service.client.get("/patients", headers=bearer(f"bob.{n}")) for n in range(11)]
    form = await sign_in(service)
    assert [a.status_code for a in answers] == [401] * 10 + [429]
    assert answers[-1].json()["code"] == "too_many_attempts"
    assert int(answers[-1].headers["retry-after"]) > 0
    assert form.headers["location"].startswith("/sign-in?failed=wait")
    assert (await service.client.get("/patients", headers=bearer(KEY))).status_code == 200


async def test_an_open_service_answers_to_localhost_only(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        for host in ("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "192.168.1.5"):
            answer = await service.client.get("/patients", headers={"host": host})
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        for host in ("localhost:8000", "127.0.0.1", "[::1]:8000"):
            assert (await service.client.get("/patients", headers={"host": host})).status_code == 200


async def test_a_page_of_another_site_cannot_send_anything(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        body = {"patient_id": "ava"}
        for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
            answer = await service.client.post("/summarize", json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        headers = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
        assert (await service.client.post("/summarize", json=body, headers=headers)).status_code == 200


async def test_every_answer_forbids_foreign_scripts_and_keeping(service: Running) -> None:
    for path in ("/healthz", "/patients", "/nowhere", "/sign-in"):
        headers = (await service.client.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["x-request-id"]
