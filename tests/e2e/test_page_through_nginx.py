"""The page behind the recommended proxy, which goes away while a summary is being written."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from playwright.sync_api import Browser, Page, expect
from pydantic import PrivateAttr

from app import taking_up
from app.factory import create_app
from core.settings import Settings, StateSettings
from tests.e2e.page_harness import open_chart, serving, watched_page
from tests.fakes.nginx import Nginx, needs_nginx
from tests.fakes.service import ScriptedModel, shared_store

pytestmark = [pytest.mark.e2e, needs_nginx]


class PatientModel(ScriptedModel):
    """Answers once `go` is true."""

    _go: bool = PrivateAttr(default=False)

    def go(self) -> None:
        """Answer, from another thread."""
        self._go = True

    async def _agenerate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        while not self._go:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        return await super()._agenerate(messages, *args, **kwargs)


@pytest.fixture
def model() -> PatientModel:
    return PatientModel(text="nonsense")


@pytest.fixture
def nginx(tmp_path: Path, model: PatientModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nginx]:
    monkeypatch.setattr(taking_up, "LINGER_S", 60)
    app = create_app(Settings(state=StateSettings(dir=tmp_path / "state")), llm=model, store=shared_store())
    with serving(app) as address, Nginx(tmp_path / "nginx", address) as nginx:
        yield nginx


@pytest.fixture
def page(browser: Browser, nginx: Nginx) -> Iterator[Page]:
    with watched_page(browser, nginx.url, viewport={"width": 1440, "height": 900}) as page:
        yield page


def test_a_summary_outlives_its_proxy(page: Page, nginx: Nginx, model: PatientModel) -> None:
    open_chart(page, "/p/ava")
    page.click(".go")
    expect(page.locator(".summary-progress")).to_contain_text("3 notes read.")
    nginx.end(signal.SIGKILL)
    expect(page.locator(".summary-progress")).to_have_text("The connection was lost. Taking the summary up again…")
    nginx.start()
    model.go()
    expect(page.locator("#summary")).to_have_attribute("data-state", "done", timeout=20_000)
    shown = page.locator(".statement").count()
    whole = page.request.get(f"/summaries/{page.url.partition('#summary=')[2]}").json()
    assert shown == sum(len(section["statements"]) for section in whole["sections"]) > 5
    series = page.request.get(nginx.url.rpartition(":")[0] + ":" + port_of(nginx) + "/metrics").text()
    assert "anamnesis_streams_resumed_total 1.0" in series


def port_of(nginx: Nginx) -> str:
    """The port of the service behind the proxy, which shows its series to nobody else."""
    text = (nginx.folder / "anamnesis.conf").read_text()
    return text.partition("server 127.0.0.1:")[2].partition(";")[0]


def test_a_service_that_does_not_come_back_is_said_and_what_was_shown_is_kept(
    page: Page, nginx: Nginx, model: PatientModel
) -> None:
    open_chart(page, "/p/ava")
    # Eight pauses of up to four seconds are nothing to wait for here.
    page.evaluate("() => { const later = setTimeout; window.setTimeout = (f, ms) => later(f, Math.min(ms, 20)); }")
    page.click(".go")
    expect(page.locator(".statement").first).to_be_visible()
    before = page.locator(".statement").count()
    nginx.end(signal.SIGKILL)
    expect(page.locator("#summary")).to_have_attribute("data-state", "incomplete")
    expect(page.locator(".summary-problems")).to_contain_text("The connection to the service was lost.")
    assert page.locator(".statement").count() == before
