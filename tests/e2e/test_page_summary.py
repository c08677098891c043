"""A summary arrives, says what it is, and leads to the words it rests on."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.page_harness import highlighted, open_chart, summarize, watched_page
from tests.fakes.page_api import Script
from tests.fakes.page_chart import cardiac_chart, cardiac_sections, summary_of

pytestmark = pytest.mark.e2e

WHOLE: dict[str, Any] = summary_of(cardiac_chart(), cardiac_sections(cardiac_chart()))


def section(page: Page, title: str) -> Any:
    return page.locator(".summary-section").filter(has=page.get_by_role("heading", name=title, exact=True))


def test_statements_arrive_one_by_one_before_the_summary_is_whole(page: Page, script: Script) -> None:
    script.hold_after = 1
    open_chart(page)
    page.click(".go")
    expect(page.locator(".statement")).to_have_count(1)
    expect(page.locator("#summary")).to_have_attribute("data-state", "running")
    expect(page.locator(".summary-progress")).to_contain_text(
        "26 notes read. 1 of 7 sections done, 1 statement so far."
    )
    expect(page.locator(".summary-section > h3")).to_have_count(7)
    script.hold_after = None
    expect(page.locator("#announcer")).to_have_text("Summary complete: 8 statements.")
    expect(page.locator(".statement")).to_have_count(8)


def test_every_citation_opens_its_note_at_exactly_its_quote(page: Page) -> None:
    summarize(page)
    citations = [
        c for s in [x for p in WHOLE["sections"] for x in p["statements"]] + WHOLE["conflicts"] for c in s["citations"]
    ]
    buttons = page.locator("#summary .statements .cite, #conflicts .cite")
    assert buttons.count() == len(citations)
    for n, citation in enumerate(citations):
        buttons.nth(n).click()
        expect(page.locator(".note-place")).to_have_text(f"Citation {n + 1} of {len(citations)}")
        expect(page.locator(".note-kind")).to_contain_text(citation["note_type"])
        assert highlighted(page) == citation["quote"]
        expect(page.locator("mark.is-current").first).to_be_in_viewport()
        expect(page.locator(".note-where")).to_have_text(citation["section"])


def test_stepping_goes_through_the_citations_in_reading_order(page: Page) -> None:
    summarize(page)
    page.locator(".cite").first.click()
    highlighted(page)
    expect(page.get_by_role("button", name="Previous citation")).to_be_disabled()
    page.get_by_role("button", name="Next citation").click()
    expect(page.locator(".note-place")).to_contain_text("Citation 2 of")
    assert highlighted(page) == "Acute on chronic systolic heart failure"
    expect(page.locator(".cite.is-open")).to_have_count(1)
    page.get_by_role("button", name="Previous citation").click()
    assert highlighted(page).startswith("71 year old man")


def test_clicking_a_statement_opens_its_first_source(page: Page) -> None:
    summarize(page)
    page.get_by_text("Diuresed by 6.2 L").click()
    assert highlighted(page) == "Diuresed with IV furosemide 80 mg\ntwice daily, net negative 6.2 L."
    expect(page.locator(".note-said")).to_have_text("Diuresed by 6.2 L with IV furosemide 80 mg twice daily.")


def test_quoted_and_reworded_statements_differ_in_more_than_colour(page: Page) -> None:
    summarize(page)
    quoted = page.locator(".statement.is-quoted").first
    expect(quoted.locator("blockquote")).to_contain_text("Warfarin was stopped")
    expect(quoted.locator(".where")).to_have_text("Brief Hospital Course")
    expect(quoted.locator(".cite")).to_contain_text("Discharge summary 14 Mar 2181")
    assert quoted.locator(".words").evaluate("e => getComputedStyle(e, '::before').content") == '"“"'
    assert page.locator(".statement.is-supported .words").first.evaluate("e => e.tagName") == "P"


def test_sections_say_what_was_not_found_withheld_or_failed(page: Page) -> None:
    summarize(page)
    expect(section(page, "Procedures")).to_contain_text("Searched and not found in 26 of 27 notes.")
    expect(section(page, "Current medications")).to_contain_text("1 withheld: the chart mentions something here")
    expect(section(page, "Pending and follow-up")).to_contain_text("This section failed")


def test_both_sides_of_a_conflict_are_shown_and_reached_from_the_top(page: Page) -> None:
    summarize(page)
    page.get_by_role("link", name="1 conflict").click()
    box = page.get_by_role("region", name="The chart contradicts itself")
    expect(box).to_be_in_viewport()
    expect(box.locator(".side")).to_have_text(["Penicillins (hives) / lisinopril (cough)", "He reports no allergies."])
    box.locator(".cite").nth(1).click()
    assert highlighted(page) == "He reports no allergies."


def test_coverage_tells_which_notes_were_not_used_and_why(page: Page) -> None:
    summarize(page)
    coverage = page.locator(".coverage")
    expect(coverage).to_contain_text("26 of 27 notes considered, 2 cited.")
    expect(coverage).to_contain_text("2 rows of this patient were set aside at ingest")
    expect(coverage.locator(".skipped li")).to_contain_text(["Undated: SDScanned document"])
    expect(page.locator(".note-row.is-unused")).to_have_count(1)
    coverage.locator(".cite").click()
    expect(page.locator(".note-words")).to_have_text("An undated scan.\n", use_inner_text=False)
    page.get_by_text("How it was made").click()
    expect(coverage).to_contain_text("compress 1 (abababababab)")


def test_the_mode_and_its_reason_are_said(page: Page) -> None:
    summarize(page)
    expect(page.locator(".summary-mode")).to_contain_text("Abstractive A model reworded the chart")
    expect(page.locator(".summary-mode")).to_contain_text("3 of 8 statements are the chart’s own words.")


def test_the_model_sign_turns_when_the_model_becomes_ready(page: Page, script: Script) -> None:
    script.model_ready = False
    page.goto("/")
    expect(page.locator("#model")).to_have_text("Quoting only")
    script.model_ready = True
    expect(page.locator("#model")).to_have_text("Model ready")


def test_the_copy_numbers_its_citations_and_ends_with_the_intended_use(browser: Browser, address: str) -> None:
    with watched_page(browser, address, permissions=["clipboard-read", "clipboard-write"]) as page:
        summarize(page)
        page.get_by_role("button", name="Copy as text").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("Handoff for patient 10001217\n")
    assert text.endswith("De-identified charts for research, teaching and quality review; not for care decisions.")
    assert "- Torsemide 40 mg daily replaced furosemide in March 2181. [3][4]" in text
    assert "[3] Discharge summary, 14 Mar 2181, 11:20, Discharge Medications (note 10001217/N-901, " in text
    assert '- "Full code, confirmed with the patient." [' in text
    assert "(not found in 26 of 27 notes)" in text
    used = {int(n) for n in re.findall(r"\[(\d+)\]", text.split("CITATIONS")[0])}
    listed = [int(n) for n in re.findall(r"^\[(\d+)\] ", text.split("CITATIONS")[1], re.M)]
    assert listed == sorted(used)


def test_feedback_names_the_summary_and_the_statement(page: Page, script: Script) -> None:
    summarize(page)
    page.locator(".statement").nth(1).get_by_role("button", name="This statement is wrong").click()
    expect(page.locator(".rate[aria-pressed=true]")).to_have_count(1)
    assert script.feedback == [{"summary_id": "sum-handoff", "statement_id": "st-2", "verdict": "incorrect"}]


def test_the_form_sends_what_was_chosen_and_nothing_else(page: Page, script: Script) -> None:
    open_chart(page)
    page.get_by_label("Medications").check(force=True)
    page.fill("[name=focus]", "  bleeding risk ")
    page.get_by_text("Limits").click()
    page.fill("[name=since]", "2180-01-01")
    page.fill("[name=max_words]", "200")
    page.locator(".type-choices").get_by_label("Discharge summary").check()
    expect(page.locator(".options-count")).to_have_text("3 limits set")
    page.click(".go")
    expect(page.locator(".summary-title")).to_have_text("Medications")
    assert script.requests == [
        {
            "patient_id": "10001217",
            "template": "medications",
            "focus": "bleeding risk",
            "since": "2180-01-01",
            "note_types": ["Discharge summary"],
            "max_words": 200,
        }
    ]


def test_a_reload_shows_the_stored_summary_without_making_it_again(page: Page, script: Script) -> None:
    summarize(page)
    page.reload()
    expect(page.locator(".statement")).to_have_count(8)
    expect(page.locator("#summary")).to_have_attribute("data-state", "done")
    assert len(script.requests) == 1


def test_the_time_line_groups_filters_and_marks_what_is_cited(page: Page) -> None:
    summarize(page, "/p/long-220")
    rows = page.locator(".note-row")
    expect(rows).to_have_count(221)
    expect(page.locator(".year").first).to_have_text("2181")
    expect(page.locator(".year").last).to_have_text("Undated")
    expect(page.locator(".note-row").nth(1).locator(".note-cited")).to_contain_text("11")
    page.get_by_role("button", name="Progress note, 37").click()
    expect(rows).to_have_count(221 - 37)
    expect(page.locator(".timeline-status")).to_have_text("184 of 221 notes shown")
    page.get_by_role("button", name="Cited only").click()
    expect(rows).to_have_count(2)
    rows.first.click()
    expect(page.locator(".note-kind")).to_contain_text("Clinic letter")
    expect(rows.first).to_have_attribute("aria-current", "true")
    expect(page.locator("mark.cited")).to_have_count(3)
    assert page.evaluate("getComputedStyle(document.querySelector('.timeline')).overflowY") == "auto"
