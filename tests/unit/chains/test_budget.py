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


def test_drugs_and_allergies_are_spent_on_before_anything_else() -> None:
    order = sorted(HANDOFF.values(), key=spending_order)
    assert {s.key for s in order[:3]} == {"medications", "allergies", "safety"}
    assert all(s.source == "passage" for s in order[5:])


def test_a_list_of_drugs_is_never_cut() -> None:
    assert len(budget(50).trim(HANDOFF["medications"], groups(40, 8))) == 40


def test_a_list_of_problems_is_cut_to_its_share() -> None:
    kept = budget(100).trim(HANDOFF["problems"], groups(40, 5))
    assert 0 < len(kept) < 40


def test_what_drugs_take_is_not_left_for_problems() -> None:
    spent = budget(100)
    spent.trim(HANDOFF["medications"], groups(20, 5))
    assert len(spent.trim(HANDOFF["problems"], groups(40, 5))) == 0


def test_a_passage_always_gets_room_for_a_short_sentence() -> None:
    spent = budget(50)
    spent.trim(HANDOFF["medications"], groups(40, 8))
    passage: SectionPlan = HANDOFF["follow_up"]
    assert spent.share(passage) >= 10
