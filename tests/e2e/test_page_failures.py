"""What the reader is told when something goes wrong, and what is kept."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page_harness import open_chart, summarize
from tests.fakes.page_api import Script

pytestmark = pytest.mark.e2e


def eventually(page: Page, holds: Callable[[], bool], seconds: float = 5) -> None:
    for _ in range(int(seconds * 20)):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it never came to hold")


def test_a_lost_connection_keeps_the_statements_and_calls_them_incomplete(page: Page, script: Script) -> None:
    script.cut_after = 3
    open_chart(page)
    page.click(".go")
    expect(page.locator("#summary")).to_have_attribute("data-state", "incomplete")
    expect(page.locator(".statement")).to_have_count(3)
    expect(page.locator(".summary-problems")).to_contain_text(
        "it is not the whole summary. The connection to the service was lost."
    )
    expect(page.get_by_text("Not finished.")).to_have_count(6)
    expect(page.get_by_role("button", name="Copy as text")).to_be_hidden()
    script.cut_after = None
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#summary")).to_have_attribute("data-state", "done")
    expect(page.locator(".summary-problems")).to_be_empty()


def test_an_error_within_the_stream_is_said_as_what_it_is(page: Page, script: Script) -> None:
    script.cut_after, script.error_event = 2, "deadline_exceeded"
    open_chart(page)
    page.click(".go")
    expect(page.locator(".summary-problems")).to_contain_text("This took longer than the service allows.")
    expect(page.locator(".statement")).to_have_count(2)


def test_a_busy_service_is_said_with_when_to_come_back(page: Page, script: Script) -> None:
    open_chart(page)
    script.problem = (429, "overloaded")
    page.click(".go")
    expect(page.get_by_role("alert")).to_have_text(
        "The service is busy with other summaries. Try again in 2 s.Try again"
    )


def test_stopping_ends_the_request_at_the_server(page: Page, script: Script) -> None:
    script.hold_after = 1
    open_chart(page)
    page.click(".go")
    expect(page.locator(".statement")).to_have_count(1)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#summary")).to_have_attribute("data-state", "incomplete")
    expect(page.locator(".summary-problems")).to_contain_text("Stopped.")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    eventually(page, lambda: script.abandoned == 1)


def test_leaving_the_page_ends_the_request_at_the_server(page: Page, script: Script) -> None:
    script.hold_after = 1
    open_chart(page)
    page.click(".go")
    expect(page.locator(".statement")).to_have_count(1)
    page.goto("/")
    eventually(page, lambda: script.abandoned == 1)


def test_a_second_request_takes_the_place_of_the_first(page: Page, script: Script) -> None:
    script.hold_after = 2
    open_chart(page)
    page.click(".go")
    expect(page.locator(".statement")).to_have_count(2)
    script.hold_after = None
    page.click(".go")
    expect(page.locator("#summary")).to_have_attribute("data-state", "done")
    expect(page.locator(".statement")).to_have_count(8)


def test_a_note_that_cannot_be_read_can_be_tried_again(page: Page) -> None:
    summarize(page)
    page.route("**/notes/**", lambda route: route.abort())
    page.locator(".cite").first.click()
    expect(page.locator("#note")).to_contain_text("The connection to the service was lost.")
    page.unroute("**/notes/**")
    page.locator("#note").get_by_role("button", name="Try again").click()
    expect(page.locator("mark.is-current")).to_have_count(1)


def test_an_ended_session_offers_to_sign_in_and_come_back(page: Page, script: Script) -> None:
    open_chart(page)
    script.problem = (401, "unauthenticated")
    page.click(".go")
    expect(page.get_by_role("alert")).to_contain_text("Your session has ended.")
    assert page.get_by_role("link", name="Sign in").get_attribute("href") == "/sign-in?next=%2Fp%2F10001217"
