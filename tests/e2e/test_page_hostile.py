"""Notes are hostile input: nothing in one becomes markup, and what a reader cannot see is made visible."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page_harness import highlighted, summarize
from tests.fakes.page_chart import HOSTILE, hostile_chart, hostile_sections

pytestmark = pytest.mark.e2e

MARKUP = "main script, main img, main b b, dialog script, dialog img, dialog i"
PATH = f"/p/{quote(hostile_chart().patient_id, safe='')}"


def test_markup_in_notes_types_headings_and_quotes_stays_text(page: Page) -> None:
    summarize(page, PATH)
    page.locator(".cite").first.click()
    highlighted(page)
    assert page.evaluate("document.querySelector('.note-words').textContent") == HOSTILE
    expect(page.locator(MARKUP)).to_have_count(0)
    assert page.evaluate("window.pwned") is None
    expect(page.locator(".note-name")).to_have_text("<b>Note</b>")
    expect(page.locator(".where").first).to_have_text("<i>ASSESSMENT</i>")


def test_highlights_are_the_quotes_across_astral_characters_and_odd_line_ends(page: Page) -> None:
    summarize(page, PATH)
    statements = hostile_sections(hostile_chart())[0]["statements"]
    for n, statement in enumerate(statements):
        page.locator(".statements .cite").nth(n).click()
        expect(page.locator(".note-place")).to_have_text(f"Citation {n + 1} of {len(statements)}")
        assert highlighted(page) == statement["citations"][0]["quote"]


def test_invisible_and_direction_characters_are_labelled_and_kept(page: Page) -> None:
    summarize(page, PATH)
    page.locator(".statements .cite").nth(2).click()
    assert "\u202e" in highlighted(page)
    labels = page.locator("mark.is-current .hidden-char").evaluate_all("all => all.map(e => e.dataset.label)")
    assert labels == ["RLO", "PDF", "ZWSP"]
    assert page.locator(".hidden-char").first.evaluate("e => getComputedStyle(e).unicodeBidi") == "isolate"


def test_statements_say_in_words_what_to_look_at_twice(page: Page) -> None:
    summarize(page, PATH)
    unusual = page.locator(".statements .flag")
    expect(unusual.first).to_contain_text("unusual source text: The cited words hold what charts do not")
    expect(unusual).to_have_count(len(hostile_sections(hostile_chart())[0]["statements"]))
    summarize(page)
    expect(page.locator(".flag")).to_have_text([re.compile("^found under another line"), re.compile("^paraphrased")])


def test_a_note_that_has_changed_since_is_not_highlighted_in_the_wrong_place(page: Page) -> None:
    summarize(page)
    rewritten = {"note_id": "x", "patient_id": "10001217", "encounter_id": None, "note_type": "", "charted_at": None}
    page.route("**/notes/**", lambda route: route.fulfill(json={**rewritten, "text": "Rewritten. " * 200}))
    page.locator(".cite").first.click()
    expect(page.locator("#note .notice")).to_contain_text("This note has changed since the summary was made.")
    expect(page.locator("#note .notice")).to_contain_text("71 year old man with ischemic cardiomyopathy (EF 30%)")
    expect(page.locator("mark.is-current")).to_have_count(0)
