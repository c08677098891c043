from chains.superseded import superseded_sentences
from core.records import Action, Fact, FactKind
from extraction.timeline import ResolvedFact, TimedFact


def mention(day: str, dose: str = "", action: Action = Action.NONE, note: str = "") -> TimedFact:
    fact = Fact(FactKind.DRUG, "warfarin", note or day, 0, 0, 8, action=action, dose=dose)
    return TimedFact(fact, day, "Progress note")


def superseded(state: str, *mentions: TimedFact) -> set[str]:
    drug = ResolvedFact(FactKind.DRUG, "warfarin", state, mentions[-1], None, mentions[0], mentions)  # type: ignore[arg-type]
    return {note_id for note_id, _ in superseded_sentences([drug])}


def test_a_drug_since_stopped_is_no_longer_told_as_taken() -> None:
    assert superseded("stopped", mention("2020-01-01"), mention("2020-02-01", action=Action.STOPPED)) == {"2020-01-01"}


def test_an_older_dose_is_superseded_but_the_change_to_the_present_one_is_not() -> None:
    told = (
        mention("2020-01-01", "5 mg"),
        mention("2020-02-01", "6 mg", Action.CHANGED),
        mention("2020-03-01", "6 mg"),
    )
    assert superseded("changed", *told) == {"2020-01-01"}


def test_a_change_that_a_later_dose_overtook_is_superseded() -> None:
    told = (mention("2020-02-01", "6 mg", Action.CHANGED), mention("2020-03-01", "7 mg", Action.CHANGED))
    assert superseded("changed", *told) == {"2020-02-01"}


def test_another_spelling_of_the_same_dose_stays() -> None:
    assert superseded("current", mention("2020-01-01", "5mg"), mention("2020-03-01", "5 mg")) == set()


def test_what_the_newest_note_says_stays() -> None:
    told = (mention("2020-03-01", "5 mg", note="a"), mention("2020-03-01", "6 mg", note="b"))
    assert superseded("changed", *told) == set()
