"""A browser and a server for the page's tests. A page that breaks its content policy or throws fails its test."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright

from app.serving import SocketProtocol

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
EXPECTED = "Failed to load resource"


def launch(playwright: Playwright, chromium: Path) -> Browser:
    return playwright.chromium.launch(executable_path=chromium, args=FLAGS)


@contextlib.contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an ASGI application on a free port; the value is its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1, ws=SocketProtocol)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the test server did not start")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@contextlib.contextmanager
def watched_page(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """A page whose console errors, exceptions and policy violations fail the test that used it."""
    context = browser.new_context(base_url=address, **options)
    context.set_default_timeout(10_000)
    context.add_init_script(
        """addEventListener("securitypolicyviolation",
            e => console.error(`POLICY ${e.violatedDirective} ${e.blockedURI}`))"""
    )
    page = context.new_page()
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and EXPECTED not in message.text:
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(f"exception: {error}"))
    try:
        yield page
        assert complaints == []
    finally:
        context.close()


def open_chart(page: Page, path: str = "/p/10001217") -> None:
    page.goto(path)
    page.wait_for_selector(".note-row", state="attached")


def summarize(page: Page, path: str = "/p/10001217") -> None:
    open_chart(page, path)
    page.click(".go")
    page.wait_for_selector("#summary[data-state=done]")


def highlighted(page: Page) -> str:
    """The text of the current citation's marks, as the document holds it."""
    page.wait_for_selector("mark.is-current")
    return page.evaluate("[...document.querySelectorAll('mark.is-current')].map(m => m.textContent).join('')")


def grave_findings(page: Page) -> list[str]:
    """What axe holds to be serious or critical."""
    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {node['html'][:160]}"
        for v in found
        if v["impact"] in {"serious", "critical"}
        for node in v["nodes"]
    ]
