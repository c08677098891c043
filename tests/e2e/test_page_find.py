"""Finding a patient."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.page_api import Script

pytestmark = pytest.mark.e2e


def test_typing_narrows_the_list_and_a_reload_keeps_the_query(page: Page) -> None:
    page.goto("/")
    expect(page.locator(".patient")).to_have_count(25)
    page.fill("#q", "0001217")
    expect(page.locator(".patient")).to_have_count(1)
    expect(page.locator(".patient")).to_contain_text("27 notes")
    expect(page.locator(".patient")).to_contain_text("1 Jan 2178 – 21 Mar 2181")
    page.reload()
    expect(page.locator("#q")).to_have_value("0001217")
    expect(page.locator(".patient")).to_have_count(1)


def test_more_patients_are_added_page_by_page_until_there_are_none(page: Page) -> None:
    page.goto("/")
    expect(page.locator("#patients-status")).to_have_text("First 25 patients; more below.")
    page.click("#more")
    expect(page.locator(".patient")).to_have_count(50)
    page.click("#more")
    expect(page.locator(".patient")).to_have_count(63)
    expect(page.locator("#more")).to_be_hidden()
    ids = page.locator(".patient-id").all_inner_texts()
    assert len(set(ids)) == 63


def test_a_chart_is_opened_without_touching_the_mouse(page: Page) -> None:
    page.goto("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("200000")
    # The address tells that the list is that of all that was typed; an earlier one would be replaced below the focus.
    expect(page).to_have_url(re.compile("q=200000$"))
    expect(page.locator("#patients-status")).to_have_text("First 25 patients; more below.")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".patient").nth(1)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#q")).to_be_focused()
    page.fill("#q", "10001217")
    expect(page.locator(".patient")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/p/10001217$"))


def test_an_identifier_with_slashes_and_emoji_opens_its_own_chart(page: Page) -> None:
    page.goto("/")
    page.fill("#q", "c?d#e%2F\U0001f642")
    page.locator(".patient", has_text="a/b c?d#e").click()
    expect(page.locator("h1 bdi")).to_have_text("a/b c?d#e%2F\U0001f642")
    expect(page.locator(".note-row")).to_have_count(1)


def test_no_match_and_no_index_are_said_in_plain_words(page: Page, script: Script) -> None:
    page.goto("/")
    page.fill("#q", "zzz")
    expect(page.locator("#patients-status")).to_have_text("No patient identifier contains these characters.")
    script.problem = (503, "index_unavailable")
    page.fill("#q", "z")
    expect(page.locator("#problems")).to_contain_text("No charts have been published yet. Try again in 2 s.")
    script.problem = None
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#problems")).to_be_empty()


def test_a_chart_that_does_not_exist_says_so(page: Page) -> None:
    page.goto("/p/nobody")
    expect(page.get_by_role("alert")).to_contain_text("The index holds no patient with this identifier.")
    expect(page.locator("#ask")).to_be_hidden()
