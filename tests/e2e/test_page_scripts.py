"""The page's modules by themselves, run in the browser that will run them."""

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

AWKWARD = "e\u0301 \U0001f468\u200d\U0001f469 \r\n𝒯" * 700 + "\ud7ff\ue000 end"


def run(page: Page, module: str, function: str, argument: Any = None) -> Any:
    """What `function(module, argument)` gives in the page."""
    if page.url == "about:blank":
        page.goto("/")
    return page.evaluate(
        f"async (argument) => ({function})(await import('/static/js/{module}.js'), argument)", argument
    )


def test_code_point_offsets_become_the_slices_that_python_takes(page: Page) -> None:
    length = len(AWKWARD)
    spans = [
        (0, 0),
        (0, 1),
        (3, 5),
        (511, 513),
        (512, 1024),
        (1000, 4000),
        (length - 5, length),
        (length, length),
        (5, length + 9),
    ]
    body = "(m, [text, spans]) => { const p = new m.CodePoints(text); return spans.map(s => p.slice(...s)); }"
    slices = run(page, "codepoints", body, [AWKWARD, spans])
    assert slices == [AWKWARD[a:b] for a, b in spans]
    assert run(page, "codepoints", "(m, text) => new m.CodePoints(text).length", AWKWARD) == length


def test_event_parser_gives_the_same_events_however_the_text_is_cut(page: Page) -> None:
    stream = (
        '\ufeff: hello\r\nevent: a\r\ndata: {"x": 1}\r\n\r\n'
        "data:one\ndata: two\n\nevent: lost\n\nid: 3\rdata\r\rdata: cut off"
    )
    expected = [
        {"id": "", "event": "a", "data": '{"x": 1}'},
        {"id": "", "event": "message", "data": "one\ntwo"},
        {"id": "3", "event": "message", "data": ""},
    ]
    body = """(m, [stream, size]) => { const p = new m.EventParser(), out = [];
        for (let i = 0; i < stream.length; i += size) out.push(...p.push(stream.slice(i, i + size))); return out; }"""
    for size in (1, 2, 3, 7, 1000):
        assert run(page, "sse", body, [stream, size]) == expected, size


def test_shown_text_is_the_text_itself_with_marks_where_spans_overlap(page: Page) -> None:
    text = "one <b>two</b>\r\nthree\u202e \u200bfour\rfive &amp; \x07"
    spans = [
        {"start": 4, "end": 14, "current": True},
        {"start": 7, "end": 25, "current": False},
        {"start": 0, "end": 5, "current": False},
    ]
    body = """(m, [text, spans]) => { const d = document.createElement('div'); d.append(...m.marked(text, spans));
        return [d.textContent, [...d.querySelectorAll('.is-current')].map(n => n.textContent).join(''),
                [...d.querySelectorAll('[data-label]')].map(n => n.dataset.label), d.querySelectorAll('b').length]; }"""
    shown, current, labels, bold = run(page, "visible_text", body, [text, spans])
    assert shown == text
    assert current == text[4:14]
    assert labels == ["RLO", "ZWSP", "x07"]
    assert bold == 0


def test_joiners_within_emoji_and_arabic_are_not_labelled(page: Page) -> None:
    body = "(m, text) => m.visible(text).filter(node => node.dataset?.label).length"
    assert run(page, "visible_text", body, "\U0001f468\u200d\U0001f469 می\u200cخواهم") == 0
    assert run(page, "visible_text", body, "am\u200clodipine") == 1


@pytest.mark.parametrize(
    ("iso", "shown"),
    [
        ("2181-03-14T08:30:00+02:00", "14 Mar 2181, 08:30"),
        ("2181-03-14", "14 Mar 2181"),
        ("2181-03", "Mar 2181"),
        ("2181", "2181"),
        (None, "undated"),
        ("soon", "soon"),
    ],
)
def test_a_chart_date_keeps_its_precision_and_its_place(page: Page, iso: str | None, shown: str) -> None:
    assert run(page, "dates", "(m, iso) => m.moment(iso)", iso) == shown


def test_a_span_of_dates_says_shared_parts_once(page: Page) -> None:
    body = "(m, [a, b]) => m.span(a, b)"
    assert run(page, "dates", body, ["2181-03-09", "2181-03-14T10:00:00"]) == "9–14 Mar 2181"
    assert run(page, "dates", body, ["2181-02-09", "2181-03-14"]) == "9 Feb – 14 Mar 2181"
    assert run(page, "dates", body, ["2179-02-09", "2181"]) == "9 Feb 2179 – 2181"
    assert run(page, "dates", body, [None, None]) == "undated"


def test_no_two_note_types_share_a_tag(page: Page) -> None:
    types = [
        "Progress note",
        "Pain note",
        "PN",
        "discharge_summary",
        "Dental survey",
        "Discharge summary",
        "\U0001f600",
        "",
    ]
    tags = run(page, "notetypes", "(m, types) => new m.NoteTypes(types).all.map(t => t.tag)", types)
    assert len(set(tags)) == len(types)
