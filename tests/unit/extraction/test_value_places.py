"""Where a value stands among the words of its fact."""

import random
import re

from extraction.timeline.measures import _behind


def test_words_behind_a_value_are_those_behind_its_last_place_of_its_own() -> None:
    assert _behind("Na 140, was 14 and 140 (3/5)", "140") == " (3/5)"
    assert _behind("Cr 1.1 (1.12 before)", "1.1") == " (1.12 before)"
    assert _behind("INR 2.10", "2.1") == ""


def test_a_value_is_found_where_a_pattern_of_it_matches() -> None:
    chance = random.Random(7)
    for _ in range(4000):
        words = "".join(chance.choices("1155.-/ a", k=chance.randrange(12)))
        value = "".join(chance.choices("15.-", k=chance.randrange(4)))
        found = list(re.finditer(rf"(?<![\d.]){re.escape(value)}(?![\d.]*\d)", words))
        assert _behind(words, value) == (words[found[-1].end() :] if found else "")
