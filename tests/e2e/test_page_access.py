"""The page by keyboard, at phone width, and under axe."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.page_harness import grave_findings, highlighted, open_chart, summarize, watched_page

pytestmark = pytest.mark.e2e

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}
OVERFLOWING = """[...document.querySelectorAll('main *')].filter(e => {
    const style = getComputedStyle(e);
    return e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1
        && style.overflowX === 'visible' && style.display !== 'inline';
}).map(e => e.className)"""
FITS = "document.querySelector('.chart-main').scrollHeight <= document.querySelector('.chart-main').clientHeight + 1"


def tab_to(page: Page, selector: str, limit: int = 60) -> None:
    for _ in range(limit):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab never reaches {selector}")


def test_from_the_chart_to_the_cited_words_and_back_by_keyboard_alone(page: Page) -> None:
    open_chart(page)
    tab_to(page, "[name=template]")
    page.keyboard.press("ArrowRight")
    tab_to(page, ".go")
    page.keyboard.press("Enter")
    page.wait_for_selector("#summary[data-state=done]")
    tab_to(page, ".cite")
    page.keyboard.press("Enter")
    assert highlighted(page)
    expect(page.locator(".note-body")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Next citation")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".note-place")).to_contain_text("Citation 2")
    page.keyboard.press("Escape")
    expect(page.locator("#note")).to_be_hidden()
    expect(page.locator(".cite").nth(1)).to_be_focused()


def test_the_skip_link_leads_to_the_main_part(page: Page) -> None:
    open_chart(page)
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_on_a_phone_the_note_fills_the_screen_and_back_closes_it(phone: Page) -> None:
    summarize(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    cite = phone.locator(".cite").nth(2)
    cite.click()
    assert highlighted(phone)
    box = phone.locator("#note").bounding_box()
    assert box == {"x": 0, "y": 0, **PHONE}
    expect(phone.locator("mark.is-current").first).to_be_in_viewport()
    phone.get_by_role("button", name="Next citation").click()
    expect(phone.locator(".note-place")).to_contain_text("Citation 4")
    phone.go_back()
    expect(phone.locator("#note")).to_be_hidden()
    expect(phone.locator(".cite").nth(3)).to_be_focused()
    phone.locator(".cite").first.click()
    highlighted(phone)
    phone.get_by_role("button", name="Close the note").click()
    expect(phone.locator("#note")).to_be_hidden()
    expect(phone.locator(".statement")).to_have_count(8)


def test_turning_the_device_keeps_the_note_open(phone: Page) -> None:
    summarize(phone)
    phone.locator(".cite").first.click()
    quote = highlighted(phone)
    phone.set_viewport_size(DESKTOP)
    expect(phone.locator("#note")).to_be_visible()
    assert highlighted(phone) == quote
    phone.keyboard.press("Escape")
    expect(phone.locator("#note")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_serious(browser: Browser, address: str, scheme: Any, size: Any) -> None:
    with watched_page(browser, address, viewport=size, color_scheme=scheme, reduced_motion="reduce") as page:
        page.goto("/")
        page.wait_for_selector(".patient")
        assert grave_findings(page) == []
        open_chart(page)
        assert grave_findings(page) == []
        summarize(page)
        page.get_by_text("How it was made").click()
        page.get_by_text("Limits").click()
        assert grave_findings(page) == []
        page.locator(".cite").nth(2).click()
        highlighted(page)
        assert grave_findings(page) == []


@pytest.mark.parametrize("width", [360, 768, 1024, 1280, 1440, 1920])
def test_nothing_is_cut_off_sideways(browser: Browser, address: str, width: int) -> None:
    with watched_page(browser, address, viewport={"width": width, "height": 800}) as page:
        summarize(page, "/p/long-220")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OVERFLOWING) == []


def test_print_shows_the_summary_and_its_use_and_no_controls(page: Page) -> None:
    summarize(page)
    page.locator(".cite").first.click()
    highlighted(page)
    page.emulate_media(media="print")
    for hidden in ("#ask", ".timeline", "#note", ".summary-actions", ".rating"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator(".statement").last).to_be_visible()
    expect(page.locator("#intended-use")).to_be_visible()
    assert page.evaluate(FITS)
