"""A gated pattern finds what the pattern finds, and is left out where nothing can be found."""

import random
import re
from importlib import import_module
from pkgutil import iter_modules

import pytest

import extraction
from extraction.gated import Gated, needs
from extraction.lexicon import load
from ingest.synthetic.catalog_files import load_catalog
from ingest.synthetic.chart import write_chart
from ingest.synthetic.phrasing import load_bank

ODD = ["İ", "ı", "ſ", "K", "µ", "é", "–", "→", "->", "'", '"', "2140", "1/2", "٣", "_", "\n", "\t", ".", ":", "(", ")"]


def rules() -> list[Gated]:
    modules = [import_module(f"extraction.{m.name}") for m in iter_modules(extraction.__path__)]
    return [value for m in modules for value in vars(m).values() if isinstance(value, Gated)]


@pytest.mark.parametrize(
    ("pattern", "groups"),
    [
        (r"\b(?:vaccin|immuni[sz]ed|(?:flu|tetanus) shot)", {"vaccin", "immuni", "shot"}),
        (r"anti(?:biotic|septic)s?", {"antibiotic", "antiseptic"}),
        (r"(?:19|20)\d\d", {"0000"}),
        (r"[Ss]top\w*\s+it", {"stop"}),
        (r"prior to(?=\s+surgery)", {"surgery"}),
        (r"(?<=since )\d", {"since"}),
        (r"\d+(?:->|→)\d+", {">", "→"}),
        (r"as_needed", {"needed"}),
        (r"(?:very )+(?!no\b)ill", {"very"}),
    ],
)
def test_a_pattern_needs_the_rarest_groups_that_all_its_matches_hold(pattern: str, groups: set[str]) -> None:
    assert needs(pattern) == groups


@pytest.mark.parametrize(
    "pattern", [r"(?:stop)?\s", r"stop|\s", r"q\.?d", r"(?!stop)\s", r"[^s]", r"é+", r"(?:a|stop)"]
)
def test_a_pattern_that_may_do_without_any_group_needs_none(pattern: str) -> None:
    assert needs(pattern) == frozenset()


def test_what_is_not_tried_matches_nowhere_in_charts() -> None:
    patterns = rules()
    assert len(patterns) > 40
    catalog = load_catalog()
    notes, _ = write_chart(catalog, load_bank("a"), seed=3, index=1)
    texts = [line for note in notes[:30] for line in note.text.splitlines() if line.strip()]
    words = sorted({word for line in texts for word in line.split()} | set(load("context")["near"])) + ODD * 20
    chance = random.Random(4)
    texts += [" ".join(chance.choices(words, k=12)) for _ in range(600)]
    for pattern in patterns:
        for text in texts:
            found, plain = pattern.search(text), pattern.compiled.search(text)
            assert (found and found.span()) == (plain and plain.span())


@pytest.mark.parametrize("text", ["ſtopped", "STOPPED", "the K and İ of stopped", "unſtoppable"])
def test_letters_that_match_a_plain_one_hide_nothing(text: str) -> None:
    pattern = Gated(r"stop", re.IGNORECASE)
    assert pattern.search(text) is not None


def test_a_pattern_made_after_a_text_was_read_is_tried_on_it() -> None:
    text = "she was zorbalinized at noon"
    assert Gated("neverseen").search(text) is None
    assert Gated("zorbalin").search(text) is not None


@pytest.mark.parametrize("text", ["", " ", "q.d.", "nothing of note"])
def test_a_pattern_that_needs_nothing_is_always_tried(text: str) -> None:
    assert Gated(r"\Z|q\.?d").search(text) is not None


def test_every_way_of_matching_is_the_compiled_patterns_own() -> None:
    pattern, text = Gated(r"stop(?:ped)?"), "stop, then stopped"
    assert [m.span() for m in pattern.finditer(text)] == [(0, 4), (11, 18)]
    assert pattern.match(text, 11) is not None
    assert pattern.match(text, 5) is None
    assert pattern.fullmatch(text, 11) is not None
    assert pattern.search(text, 5, 15).group() == "stop"
    assert list(pattern.finditer("held")) == []
    assert pattern.may_match("unstoppable")
    assert not pattern.may_match("held")
