"""The report shows every figure, marks what is missed, and lets no example out of its box."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mlops.evaluation.figures import figures_of, write_results
from mlops.evaluation.records import Example, Metric, TaskResult
from mlops.evaluation.report import write_report
from mlops.evaluation.report.content import visible, whole_of
from mlops.evaluation.run import Crash, Run
from mlops.evaluation.text_tables import shown
from tests.fakes.evaluation import ERRORS, PRECISION, RECALL, VALIDITY, WORDS, run, task

HOSTILE = (
    "</pre><script>alert(1)</script>\n```\n# Heading\n<img src=http://x.example/y onerror=z>\u202e\u200b\U000e0041"
)
PART = Metric("fact_recall.drug", "the same, of drugs", "higher")
OTHER_PART = Metric("fact_recall.problem", "the same, of problems", "higher")


@pytest.fixture
def made() -> Run:
    facts = task(
        {
            VALIDITY: {"extractive": [(4, 4)] * 9, "lead": [(4, 4)] * 9},
            PRECISION: {"extractive": [(3, 4)] * 9, "lead": [(1, 4)] * 9},
            RECALL: {"extractive": [(19, 20)] * 9, "lead": [(5, 20)] * 9},
            WORDS: {"extractive": [(300 + i, 1) for i in range(9)]},
            PART: {"extractive": [(9, 10)] * 9},
            OTHER_PART: {"extractive": [(8, 10)] * 9},
        },
        examples=[Example("fact_recall", "extractive", f"p{i:03}", i, f"case {i}") for i in range(15)]
        + [Example("citation_precision", "extractive", "<u>", 1.0, HOSTILE)],
    )
    return run(
        facts,
        task({ERRORS: {"model": [(1, 20)] * 9}}, name="other"),
        TaskResult("absent", (), skipped="no folder of public data"),
        crashes=(Crash("broken", "ValueError: <b>x</b>"),),
        seconds={"facts": 1.5},
    )


@pytest.fixture
def pages(made: Run, tmp_path: Path) -> dict[str, str]:
    write_report(tmp_path, made, figures_of(made))
    return {path.suffix: path.read_text() for path in tmp_path.iterdir()}


class Page(HTMLParser):
    """The tags of a page with their attributes, and ids in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_needs_nothing_from_elsewhere(pages: dict[str, str]) -> None:
    page = Page(pages[".html"])
    assert {"script", "img", "link", "iframe", "base"} & {tag for tag, _ in page.tags} == set()
    links = [v for _, attrs in page.tags for k, v in attrs.items() if k in {"src", "href", "xlink:href"} and v]
    assert links and [link for link in links if not link.startswith("#")] == []
    assert "@import" not in pages[".html"] and not re.search(r"url\((?!#)", pages[".html"])
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)


def test_no_id_stands_twice_and_every_link_leads_somewhere(pages: dict[str, str]) -> None:
    page = Page(pages[".html"])
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert sorted(ids) == sorted(set(ids))
    targets = {v[1:] for _, a in page.tags for k, v in a.items() if k in {"href", "xlink:href"} and v}
    assert targets <= set(ids)


@pytest.mark.parametrize("form", [".html", ".md"])
def test_every_figure_stands_beside_the_baselines(pages: dict[str, str], form: str) -> None:
    text = pages[form]
    for expected in ("0.75", "0.25", "≥ 0.9", "0.95", "304", "lead", "extractive", "absent", "broken", "c0ffee0123"):
        assert expected in text, expected


def test_missed_bars_are_marked_for_our_systems_alone(pages: dict[str, str]) -> None:
    assert pages[".md"].count("✗ missed") == 2  # in the table of all bars and in that of its task
    assert re.search(r"citation\\_precision \| ≥ 0.9 \| 0.75 [^|]*✗ missed\*\* \| 0.25 [^|✗]*\|", pages[".md"])
    assert pages[".html"].count('<span class="mark">missed</span>') == 2


@pytest.mark.parametrize("form", [".html", ".md"])
def test_figures_that_have_a_bar_stand_first_the_missed_before_the_reached(pages: dict[str, str], form: str) -> None:
    bars = pages[form].partition("facts</h2>" if form == ".html" else "## facts")[0]
    marks = re.findall(r"missed</span>|reached</span>|✗ missed|✓", bars)
    assert len(marks) == 4
    assert "missed" in marks[0]
    assert not any("missed" in mark for mark in marks[1:])
    assert "0.25" in bars and "lead" in bars  # the best baseline beside it


def test_the_worst_ten_come_first(pages: dict[str, str]) -> None:
    shown_cases = re.findall(r"<pre>case (\d+)</pre>", pages[".html"])
    assert shown_cases == [str(i) for i in range(14, 4, -1)]


def test_examples_stay_text(pages: dict[str, str]) -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages[".html"]
    assert "⟨U+202E⟩⟨U+200B⟩⟨U+E0041⟩" in pages[".html"]
    fences = re.findall(r"^(`{3,})(?:text)?$", pages[".md"], re.MULTILINE)
    hostile = pages[".md"].split("<script>")[0].rsplit("\n````text\n", 1)
    assert len(hostile) == 2
    assert fences.count("````") == 2
    assert "ValueError: <b>" not in pages[".md"]


def test_plots_take_the_colour_of_the_page(pages: dict[str, str]) -> None:
    assert pages[".html"].count("<svg") == 3
    assert "currentColor" in pages[".html"] and "#010203" not in pages[".html"]


def test_a_name_of_a_metric_with_many_parts_is_written_once(pages: dict[str, str]) -> None:
    rows = re.findall(r'<tr class="part">\s*<th scope="row"[^>]*>(.*?)</th>', pages[".html"])
    assert rows == ["drug", "problem"]


def test_a_metric_is_a_part_of_another_by_its_name() -> None:
    names = ["recall", "recall_drug", "recall.allergy", "recall_drug_dose", "recallable", "outcome.ok"]
    assert [whole_of(n, names) for n in names] == ["recall", "recall", "recall", "recall", "recallable", "outcome.ok"]


def test_what_cannot_be_seen_is_spelled_out() -> None:
    assert visible("a\u200bb\nc\td") == "a⟨U+200B⟩b\nc d"
    assert visible("x" * 5000).endswith("x …")


def test_a_value_is_not_rounded_to_certainty() -> None:
    assert [shown(v) for v in (1.0, 0.99999, 0.5, float("nan"), 303.98)] == ["1", "0.99999", "0.5", "–", "304"]


def test_the_figures_of_a_run_tell_bar_baseline_interval_and_origin(made: Run, tmp_path: Path) -> None:
    path = tmp_path / "eval.json"
    write_results(path, made, figures_of(made))
    content = json.loads(path.read_text())
    assert (content["commit"], content["profile"], content["crashed"]) == ("c0ffee0123", "default", ["broken"])
    rows = {row["figure"]: row for row in content["figures"]}
    assert {row["system"] for row in content["figures"]} == {"extractive", "model"}
    row = rows["facts/citation_precision"]
    assert (row["value"], row["bar"], row["passed"], row["baseline"], row["n"]) == (0.75, 0.9, False, {"lead": 0.25}, 9)
    assert row["interval"] == [0.75, 0.75]
    assert [t["data"] for t in content["tasks"] if t["task"] == "facts"] == [{"notes": "d1"}]
