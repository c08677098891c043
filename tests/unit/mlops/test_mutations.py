"""The errors: well formed, each one different from what is true, and counted right."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from chains.evidence import Evidence
from chains.verification import Claim, Refusal
from mlops.evaluation.mutations import BY_NAME, ERROR_TYPES, Trial, aci_bench
from mlops.evaluation.mutations.collected import all_trials
from mlops.evaluation.mutations.judged import Supports, judge
from mlops.evaluation.mutations.trial import DEVELOPMENT, sample
from mlops.evaluation.mutations.written import WrittenMutant, load_mutants
from mlops.evaluation.paraphrases import load_cases
from mlops.evaluation.tasks import verifier_errors

TRIALS = all_trials(aci_bench=None, patients=1, seed=5)
CASES = {case.id: case for case in load_cases()}


def normal(text: str) -> str:
    return " ".join(text.lower().rstrip(".").split())


def refuse_all(_: Claim) -> Refusal | None:
    return Refusal("never", "this verifier refuses everything")


def refuse_none(_: Claim) -> Refusal | None:
    return None


def rate(result: verifier_errors.TaskResult, metric: str) -> float:
    found = [o for o in result.observations if o.metric == metric]
    return sum(o.hits for o in found) / sum(o.total for o in found)


def test_ids_of_trials_are_unique() -> None:
    counts = Counter(trial.trial_id for trial in TRIALS)
    assert [i for i, n in counts.items() if n > 1] == []


def test_every_error_is_of_a_known_type() -> None:
    assert {m.error for m in load_mutants()} <= set(BY_NAME)
    assert len(BY_NAME) == len(ERROR_TYPES)


@pytest.mark.parametrize("mutant", load_mutants(), ids=lambda m: m.id)
def test_a_written_mutant_differs_from_its_sources_and_from_what_is_true(mutant: WrittenMutant) -> None:
    case = CASES[mutant.case]
    told = {normal(t.text) for t in case.restated}
    sources = {normal(s.text) for i, s in enumerate(case.sources) if i in case.cited(mutant.cites)}
    assert normal(mutant.text) not in told | (set() if mutant.error == "currency" else sources)


def test_every_error_type_is_tried() -> None:
    assert {t.label for t in TRIALS if t.false} == set(BY_NAME)


def test_every_trial_cites_something() -> None:
    assert [t.trial_id for t in TRIALS if not t.cited] == []


def test_a_verifier_that_refuses_everything_catches_all_and_blocks_all() -> None:
    result = verifier_errors.run(first_refusal=refuse_all, patients=1)
    assert rate(result, "mutations_caught") == 1.0
    assert rate(result, "paraphrases_blocked") == 1.0
    assert {e.metric for e in result.examples} <= {"paraphrases_blocked", "originals_blocked"}


def test_a_verifier_that_refuses_nothing_catches_none_and_blocks_none() -> None:
    result = verifier_errors.run(first_refusal=refuse_none, patients=1)
    assert rate(result, "mutations_caught") == 0.0
    assert rate(result, "paraphrases_blocked") == 0.0
    assert {e.metric for e in result.examples} == {"mutations_caught"}


def test_units_are_counted_once_a_metric() -> None:
    result = verifier_errors.run(first_refusal=refuse_none, patients=1)
    counts = Counter((o.metric, o.unit) for o in result.observations)
    assert max(counts.values()) == 1


def test_every_metric_observed_is_declared() -> None:
    result = verifier_errors.run(first_refusal=refuse_none, patients=1)
    assert {o.metric for o in result.observations} <= {m.name for m in result.metrics}


def test_examples_are_of_the_development_split() -> None:
    result = verifier_errors.run(first_refusal=refuse_none, patients=1)
    trials = all_trials(aci_bench=None, patients=1, seed=53)
    dev = {t.unit for t in trials if t.split == "dev"}
    assert {e.unit for e in result.examples} <= dev


def test_the_code_of_a_refusal_is_kept() -> None:
    judged = judge(TRIALS[:1], refuse_all)
    assert judged[0].code == "never"
    assert "refused for never" in verifier_errors.shown_text(judged[0])


def test_the_splits_are_fixed_and_about_three_to_seven() -> None:
    drawn = [t for t in TRIALS if not t.unit.startswith(DEVELOPMENT)]
    share = sum(t.split == "dev" for t in drawn) / len(drawn)
    assert 0.2 < share < 0.4
    by_unit: dict[str, set[str]] = {}
    for t in TRIALS:
        by_unit.setdefault(t.unit, set()).add(t.split)
    assert all(len(splits) == 1 for splits in by_unit.values())


def test_cases_written_for_development_stay_there_and_move_no_other() -> None:
    written = [t for t in TRIALS if t.unit.startswith(DEVELOPMENT)]
    assert {(t.origin, t.split) for t in written} == {("written", "dev")}
    for trial in TRIALS:
        digest = hashlib.sha256(trial.unit.encode()).hexdigest()
        drawn = "dev" if int(digest[:12], 16) < 0.3 * 16**12 else "test"
        assert trial.unit.startswith(DEVELOPMENT) or trial.split == drawn


def test_cases_written_for_development_and_the_rest_cite_only_their_own() -> None:
    for trial in TRIALS:
        if trial.origin == "written":
            lent = [e.citation.note_id.startswith(DEVELOPMENT) for e in (*trial.cited, *trial.right)]
            assert set(lent) == {trial.unit.startswith(DEVELOPMENT)}


def test_a_sample_is_the_same_whatever_the_order() -> None:
    def label(trial: Trial) -> str:
        return trial.label

    there, back = sample(TRIALS, each=2, key=label), sample(TRIALS[::-1], each=2, key=label)
    assert [t.trial_id for t in there] == [t.trial_id for t in back]
    assert max(Counter(map(label, there)).values()) <= 2


def test_a_mutant_made_by_program_never_says_what_it_was_made_of() -> None:
    made = [t for t in TRIALS if t.false and t.origin != "written"]
    assert made
    assert [t.trial_id for t in made if normal(t.text) == normal(t.original)] == []


def test_both_phrasing_halves_are_used() -> None:
    assert {t.origin for t in TRIALS} == {"written", "ledger_a", "ledger_b"}


def test_a_wrong_citation_shares_no_number_with_the_statement() -> None:
    elsewhere = [t for t in TRIALS if t.label == "attribution" and t.trial_id.endswith("/elsewhere")]
    assert len(elsewhere) > 100
    for trial in elsewhere:
        cited = " ".join(e.text for e in trial.cited)
        assert not set(re.findall(r"\d+(?:\.\d+)?", trial.text)) & set(re.findall(r"\d+(?:\.\d+)?", cited))


def test_a_wrong_citation_beside_is_never_what_the_restatement_cites() -> None:
    beside = [t for t in TRIALS if t.label == "attribution" and t.trial_id.endswith("/beside")]
    assert beside
    for trial in beside:
        case = CASES[trial.unit]
        told = next(t for t in case.restated if trial.trial_id == f"{t.id}/beside")
        right = {case.sources[i].text for i in case.cited(told.cites)}
        assert not right & {e.citation.quote for e in trial.cited}


def test_what_a_chart_has_overtaken_is_cited_from_the_time_before() -> None:
    overtaken = [t for t in TRIALS if t.label == "currency" and t.origin != "written"]
    assert overtaken
    assert all(t.resolved for t in overtaken)


def test_sentences_of_public_notes_are_mutated_where_they_are_at_hand(shared_data: Path) -> None:
    found = list(aci_bench.trials(shared_data / "aci-bench"))
    false = [t for t in found if t.false]
    assert len({t.label for t in false}) > 10
    assert {t.unit for t in false} == {t.unit for t in found if not t.false}
    for trial in false:
        assert normal(trial.text) != normal(trial.original)


def found_first(_: str, pool: Sequence[Evidence], supports: Supports) -> tuple[Evidence, ...] | None:
    return next(((e,) for e in pool if supports((e,))), None)


def refuse_what_is_not_quoted(claim: Claim) -> Refusal | None:
    """A verifier that lets pass what stands in its source word for word."""
    quoted = any(normal(claim.text) in normal(e.text) for e in claim.cited)
    return None if quoted else Refusal("not_quoted", "say it in the words of the chart")


def test_wrong_citations_are_mended_where_the_search_finds_the_right_ones() -> None:
    result = verifier_errors.run(first_refusal=refuse_what_is_not_quoted, find_support=found_first, patients=1)
    assert 0 < rate(result, "attribution_mended") < 1
    assert rate(result, "attribution_misled") == 0.0


def test_wrong_citations_mislead_a_verifier_that_refuses_nothing() -> None:
    result = verifier_errors.run(first_refusal=refuse_none, find_support=found_first, patients=1)
    assert rate(result, "attribution_mended") == 0.0
    assert rate(result, "attribution_misled") == 1.0
