import pytest

from chains.budget import Budget, spending_order
from chains.evidence import Evidence, Group
from core.records import Citation, SectionKind
from prompts import SectionPlan, load_templates

HANDOFF = {s.key: s for s in load_templates()["handoff"].sections}


def groups(count: int, words: int) -> tuple[Group, ...]:
    quote = " ".join(["word"] * words)
    evidence = Evidence("E1", Citation("n", "t", None, "", 0, len(quote), quote), SectionKind.PLAN, quote)
    return tuple(Group("x", i, (evidence,), evidence) for i in range(count))


def budget(max_words: int) -> Budget:
    return Budget(max_words, list(HANDOFF.values()))


RESULTS = HANDOFF["results"]


def test_what_must_be_complete_is_spent_on_before_anything_else() -> None:
    order = sorted(HANDOFF.values(), key=spending_order)
    assert {s.key for s in order[:4]} == {"problems", "medications", "allergies", "safety"}
    assert all(s.source == "passage" for s in order[5:])


@pytest.mark.parametrize("key", ["problems", "medications", "allergies", "safety"])
def test_a_list_that_must_be_complete_is_never_cut(key: str) -> None:
    assert len(budget(50).trim(HANDOFF[key], groups(40, 8))) == 40


def test_a_list_of_results_is_cut_to_its_share() -> None:
    kept = budget(100).trim(RESULTS, groups(40, 5))
    assert 1 < len(kept) < 40


def test_a_list_with_evidence_is_never_cut_to_nothing() -> None:
    spent = budget(50)
    spent.trim(HANDOFF["medications"], groups(40, 8))
    assert len(spent.trim(RESULTS, groups(40, 5))) == 1


def test_a_passage_always_gets_room_for_a_short_sentence() -> None:
    spent = budget(50)
    spent.trim(HANDOFF["medications"], groups(40, 8))
    passage: SectionPlan = HANDOFF["follow_up"]
    assert spent.share(passage) >= 10
