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


def note_progress(page: Page) -> None:
    """Keep every text of the line of progress in `window.seen`."""
    page.evaluate(
        """() => { window.seen = []; const line = document.querySelector(".summary-progress");
        new MutationObserver(() => window.seen.push(line.textContent)).observe(line, {childList: true}); }"""
    )


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


def test_a_broken_stream_is_taken_up_again_and_nothing_is_shown_twice(page: Page, script: Script) -> None:
    script.cut_after, script.cuts = 3, 3
    open_chart(page)
    note_progress(page)
    page.click(".go")
    expect(page.locator("#summary")).to_have_attribute("data-state", "done")
    expect(page.locator(".statement")).to_have_count(8)
    expect(page.locator(".summary-problems")).to_be_empty()
    assert len(script.requests) == 4
    assert len({last.partition("-")[0] for last in script.taken_up_after}) == 1
    assert script.requests[0] == script.requests[3]
    assert "The connection was lost. Taking the summary up again…" in page.evaluate("window.seen")


def test_a_stream_that_cannot_be_taken_up_is_shown_from_its_new_beginning(page: Page, script: Script) -> None:
    script.cut_after, script.cuts, script.forgetful = 3, 1, True
    open_chart(page)
    page.click(".go")
    expect(page.locator("#summary")).to_have_attribute("data-state", "done")
    expect(page.locator(".statement")).to_have_count(8)
    headings = page.locator(".summary-section h3").all_inner_texts()
    assert len(headings) == len(set(headings)) > 5
    assert page.url.endswith(f"#summary={1:032x}")


def test_a_service_that_is_being_restarted_is_asked_again(page: Page, script: Script) -> None:
    script.cut_after, script.cuts, script.error_event = 3, 1, "draining"
    open_chart(page)
    page.click(".go")
    expect(page.locator("#summary")).to_have_attribute("data-state", "done")
    expect(page.locator(".statement")).to_have_count(8)
    assert len(script.requests) == 2


def test_a_proxy_without_its_service_is_waited_for_and_a_refusal_is_not(page: Page, script: Script) -> None:
    script.cut_after, script.cuts = 3, 1
    open_chart(page)
    script.hold_after = 3
    page.click(".go")
    expect(page.locator(".statement")).to_have_count(3)
    script.problems = [(502, "bad_gateway"), (503, "overloaded")]
    script.hold_after = None
    expect(page.locator("#summary")).to_have_attribute("data-state", "done", timeout=15_000)
    assert len(script.requests) == 4
    script.cuts = 1
    script.hold_after = 3
    page.click(".go")
    expect(page.locator(".statement")).to_have_count(3)
    script.problems = [(401, "unauthenticated")]
    script.hold_after = None
    expect(page.get_by_role("alert")).to_contain_text("Your session has ended.")
    assert len(script.requests) == 6


def test_stopping_while_a_stream_is_being_taken_up_stops(page: Page, script: Script) -> None:
    script.cut_after = 3
    open_chart(page)
    page.click(".go")
    expect(page.locator(".summary-progress")).to_contain_text("Taking the summary up")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".summary-problems")).to_contain_text("Stopped.")
    asked = len(script.requests)
    page.wait_for_timeout(500)
    assert len(script.requests) == asked


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
