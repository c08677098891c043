import pytest

from extraction.lexicon import allergen_phrases, drug_phrases, load
from extraction.topics import find_topics
from extraction.words import Words


def asked(text: str) -> list[str]:
    return [m.topic.name for m in find_topics(text)]


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("How is the kidney function?", ["kidney function"]),
        ("any Blood Thinners, or antibiotics", ["anticoagulation", "antibiotics"]),
        ("code status", ["code status"]),
        ("creatinine", []),
        ("", []),
    ],
)
def test_hears_what_is_asked_in_general_words(text: str, topics: list[str]) -> None:
    assert asked(text) == topics


def test_tells_where_the_words_stand() -> None:
    (mention,) = find_topics("trend of renal function?")
    assert "trend of renal function?"[mention.start : mention.end] == "renal function"


def known_names() -> set[str]:
    problems = {name for group in load("problems").values() if isinstance(group, dict) for name in group}
    status = load("status")
    return {*problems, *load("results")["analytes"], *status["code_status"], *status["devices"]}


@pytest.mark.parametrize("topic", load("topics"))
def test_every_name_of_a_topic_is_one_that_facts_bear(topic: str) -> None:
    names = [n.strip() for n in load("topics")[topic]["names"].split(",")]
    for name in names:
        words = Words.of(name)
        as_drug = {m.value for phrases in (drug_phrases(), allergen_phrases()) for m in phrases.find(words)}
        assert name in known_names() | as_drug
