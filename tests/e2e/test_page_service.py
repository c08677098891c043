"""The page over the real service: real store, real chain without a model, real sign-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from app.auth.keys import make_key
from app.factory import create_app
from core.records import Note
from core.settings import ServiceSettings, Settings, StateSettings
from tests.e2e.page_harness import grave_findings, highlighted, open_chart, serving, summarize, watched_page
from tests.fakes.charts import AVA, BEN, build_store
from tests.fakes.page_chart import HOSTILE
from tests.fakes.service import SPACE

pytestmark = pytest.mark.e2e

KEY, KEY_HASH = make_key("reader")
HOSTILE_NOTE = Note(
    "h/1",
    "hostile",
    None,
    "<b>Note</b>",
    "2180-01-02",
    f"{HOSTILE}\r\nMEDICATIONS:\r\n- 𝒯orsemide <b>40 mg</b> PO daily 🙂\r\n- Apixaban 5 mg PO BID</textarea>\r\n",
)


@contextmanager
def service(folder: Path, **options: object) -> Iterator[str]:
    settings = Settings(state=StateSettings(dir=folder / "state"), service=ServiceSettings.model_validate(options))
    store = build_store(folder / "index", [*AVA, *BEN, SPACE, HOSTILE_NOTE])
    with serving(create_app(settings, store=store)) as address:
        yield address


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with service(tmp_path_factory.mktemp("service")) as address:
        yield address


@pytest.mark.parametrize(
    ("patient_id", "template"),
    [("ava", "handoff"), ("ava", "medications"), ("hostile", "medications"), (SPACE.patient_id, "handoff")],
)
def test_every_highlight_is_the_quote_of_the_answer(page: Page, patient_id: str, template: str) -> None:
    open_chart(page, f"/p/{quote(patient_id, safe='')}")
    page.check(f"[name=template][value={template}]", force=True)
    page.click(".go")
    page.wait_for_selector("#summary[data-state=done]")
    whole = page.request.get(f"/summaries/{page.url.partition('#summary=')[2]}").json()
    parts = [s for section in whole["sections"] for s in section["statements"]] + whole["conflicts"]
    quotes = [c["quote"] for part in parts for c in part["citations"]]
    buttons = page.locator("#summary .statements .cite, #conflicts .cite")
    assert buttons.count() == len(quotes) > 0
    for n, words in enumerate(quotes):
        buttons.nth(n).click()
        expect(page.locator(".note-place")).to_have_text(f"Citation {n + 1} of {len(quotes)}")
        assert highlighted(page) == words


def test_a_chart_is_found_summarized_kept_and_judged(page: Page) -> None:
    page.goto("/")
    page.fill("#q", "av")
    page.locator(".patient", has_text="ava").click()
    expect(page.locator("#chart-facts")).to_have_text("3 notes · 3–8 Feb 2021")
    expect(page.locator("#model")).to_have_text("Quoting only")
    page.click(".go")
    expect(page.locator(".summary-mode")).to_contain_text("Extractive No model was ready.")
    page.get_by_role("button", name="This statement is right").first.click()
    expect(page.locator(".rate[aria-pressed=true]")).to_have_count(1)
    shown = page.locator(".statement .words").all_inner_texts()
    page.reload()
    expect(page.locator("#summary")).to_have_attribute("data-state", "done")
    assert page.locator(".statement .words").all_inner_texts() == shown


def test_asking_for_the_same_again_shows_the_same_summary(page: Page) -> None:
    summarize(page, "/p/ben")
    first = page.url
    with page.expect_response("**/summarize") as answer:
        page.click(".go")
    expect(page.locator("#summary")).to_have_attribute("data-state", "done")
    assert answer.value.headers["server-timing"] == 'cache;desc="hit"'
    assert page.url == first


def test_a_window_without_notes_is_an_honest_empty_summary(page: Page) -> None:
    open_chart(page, "/p/ava")
    page.get_by_text("Limits").click()
    page.fill("[name=until]", "1999-01-01")
    page.click(".go")
    expect(page.locator("#summary")).to_have_attribute("data-state", "done")
    expect(page.locator(".statement")).to_have_count(0)
    expect(page.locator(".coverage")).to_contain_text("0 of 3 notes considered, 0 cited.")
    expect(page.locator(".coverage")).to_contain_text("3 notes not used")


def test_a_request_the_service_refuses_is_explained(page: Page) -> None:
    open_chart(page, "/p/ava")
    page.evaluate("document.querySelector('[name=max_words]').type = 'text'")
    page.get_by_text("Limits").click()
    page.fill("[name=max_words]", "7")
    page.click(".go")
    expect(page.get_by_role("alert")).to_contain_text("The service could not use this request. Body.max_words")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


SOCKET = """address => new Promise(done => {
    const names = [], socket = new WebSocket(address.replace("http", "ws") + "/ws/summarize");
    socket.onopen = () => socket.send(JSON.stringify({patient_id: "ava"}));
    socket.onmessage = message => names.push(JSON.parse(message.data).event);
    socket.onclose = closed => done([closed.code, names[0], names.at(-1)]);
})"""


def test_a_signed_in_page_may_open_a_websocket_and_a_page_of_another_site_may_not(
    browser: Browser, tmp_path: Path
) -> None:
    options = {"api_keys": {"reader": KEY_HASH}, "session_secret": "s" * 40}
    with service(tmp_path / "a", **options) as address, service(tmp_path / "b") as elsewhere:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{address}/p/ava")
        assert page.evaluate(SOCKET, address) == [1006, None, None]
        page.goto(f"{address}/sign-in?next=/p/ava")
        page.fill("#name", "reader")
        page.fill("#key", KEY)
        page.keyboard.press("Enter")
        expect(page.locator("h1 bdi")).to_have_text("ava")
        assert page.evaluate(SOCKET, address) == [1000, "evidence", "summary"]
        # Another port is the same site to a cookie, but not the same page.
        context.route(f"{elsewhere}/", lambda route: route.fulfill(body="<p>", content_type="text/html"))
        page.goto(f"{elsewhere}/")
        assert page.evaluate(SOCKET, address) == [1006, None, None]
        context.close()


def test_a_reader_signs_in_comes_back_to_the_chart_and_signs_out(browser: Browser, tmp_path: Path) -> None:
    options = {"api_keys": {"reader": KEY_HASH}, "session_secret": "s" * 40}
    with service(tmp_path, **options) as address, watched_page(browser, address) as page:
        page.goto(f"/p/{quote(SPACE.patient_id, safe='')}")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.fill("#name", "reader")
        page.fill("#key", "not the key")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("do not belong together")
        assert grave_findings(page) == []
        page.fill("#name", "reader")
        page.fill("#key", KEY)
        page.keyboard.press("Enter")
        expect(page.locator("h1 bdi")).to_have_text(SPACE.patient_id)
        assert page.evaluate("document.cookie") == ""
        page.click(".go")
        expect(page.locator("#summary")).to_have_attribute("data-state", "done")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.goto("/p/ava")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_open_service_has_no_sign_in(page: Page) -> None:
    page.goto("/sign-in")
    expect(page.get_by_role("heading", name="Find a patient")).to_be_visible()
    summarize(page, "/p/ben")
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
