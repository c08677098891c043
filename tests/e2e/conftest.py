"""Fixtures of the tests in a browser.

Playwright's synchronous API keeps an event loop in its thread, so it lives no longer than one module.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.model_server import pytest_collection_modifyitems, vllm_server
from tests.e2e.page_harness import launch, serving, watched_page
from tests.ensure_browser import find_or_install
from tests.fakes.page_api import Script, make_page_app

__all__ = ["pytest_collection_modifyitems", "vllm_server"]


@pytest.fixture(scope="session")
def chromium() -> Path:
    return find_or_install()


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium)
        yield browser
        browser.close()


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def address(script: Script) -> Iterator[str]:
    with serving(make_page_app(script)) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with watched_page(browser, address, viewport={"width": 1440, "height": 900}) as page:
        yield page


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Page]:
    with watched_page(browser, address, viewport={"width": 360, "height": 740}, has_touch=True) as page:
        yield page
