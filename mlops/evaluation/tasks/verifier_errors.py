"""The judge judged: clinical errors that the checks refuse, and faithful restatements that they do not.

The errors come from a list of what goes wrong in clinical summaries, not from the rules of the verifier. Some are
written by hand; some are made by program from the facts of synthetic charts, whose ledger says what is true, and from
the sentences of ACI-Bench where its files are at hand.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from mlops.evaluation.mutations import ERROR_TYPES, Trial
from mlops.evaluation.mutations.collected import all_trials
from mlops.evaluation.mutations.judged import FindSupport, FirstRefusal, Judged, Mended, judge, mend
from mlops.evaluation.mutations.written import DATA as MUTANTS
from mlops.evaluation.paraphrases import DEGREES, data_digests
from mlops.evaluation.records import Example, Metric, Observation, TaskResult

TASK = "verifier_errors"
CAUGHT_BAR, BLOCKED_BAR = 0.99, 0.03
_MANY = 10


def metrics() -> tuple[Metric, ...]:
    """What the task measures; those of single error types and degrees carry no bar of their own."""
    return (
        Metric("mutations_caught", "false statements refused / false statements, of all origins", "higher", CAUGHT_BAR),
        Metric("mutations_caught.written", "the same, of those written by hand", "higher", CAUGHT_BAR),
        Metric(
            "mutations_caught.made",
            "the same, of those made by program, wrong citations among them",
            "higher",
            CAUGHT_BAR,
        ),
        *(
            Metric(f"mutations_caught.{error.name}", f"the same, where {error.meaning}", "higher")
            for error in ERROR_TYPES
        ),
        Metric("paraphrases_blocked", "faithful restatements refused / faithful restatements", "lower", BLOCKED_BAR),
        *(Metric(f"paraphrases_blocked.{d}", f"the same, of degree {d}", "lower") for d in DEGREES),
        Metric(
            "originals_blocked",
            "true statements refused / true statements, of those that mutants were made of by program",
            "lower",
            BLOCKED_BAR,
        ),
        Metric(
            "attribution_mended",
            "faithful restatements under a wrong citation that were given their own evidence, from a closed set that "
            "has it / all such",
            "higher",
        ),
        Metric(
            "attribution_misled", "the same given none but evidence that does not carry them / all such", "lower", 0.01
        ),
    )


def run(
    *,
    first_refusal: FirstRefusal,
    find_support: FindSupport | None = None,
    aci_bench: Path | None = None,
    patients: int = 3,
    seed: int = 53,
    system: str = "verifier",
) -> TaskResult:
    """Put every trial to `first_refusal`, and where `find_support` is given, wrong citations to it.

    `aci_bench` is the folder of its CSV files, None to do without; `patients` synthetic charts of each phrasing half
    are written from `seed`. A unit of the result is the case or sentence that trials were made from. Observations are
    of the test split alone, whose texts nobody reads who builds the checks; examples of the development split alone.
    """
    trials = all_trials(aci_bench=aci_bench, patients=patients, seed=seed)
    judged = judge(trials, first_refusal)
    mended = tuple(mend(trials, first_refusal, find_support)) if find_support else ()
    return TaskResult(
        TASK,
        metrics(),
        (
            *observations((j for j in judged if j.trial.split == "test"), system),
            *mended_observations((m for m in mended if m.trial.split == "test"), system),
        ),
        examples(judged, system),
        dict([*data_digests(), *data_digests(MUTANTS), *_digests_of(aci_bench)]),
        {"ledger": seed},
        ("Figures are of the test split, whose texts nobody reads who builds the checks; examples of the other.",),
    )


def observations(judged: Iterable[Judged], system: str) -> tuple[Observation, ...]:
    """One observation a metric and unit: refused of all."""
    counted: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for j in judged:
        for metric in metrics_of(j.trial):
            counts = counted[metric, j.trial.unit]
            counts[0] += j.refused
            counts[1] += 1
    return tuple(
        Observation(metric, system, unit, hits, total) for (metric, unit), (hits, total) in sorted(counted.items())
    )


def mended_observations(mended: Iterable[Mended], system: str) -> Iterable[Observation]:
    """Two observations a unit: statements given the right evidence, and given the wrong."""
    by_unit: dict[str, list[Mended]] = defaultdict(list)
    for m in mended:
        by_unit[m.trial.unit].append(m)
    for unit, found in sorted(by_unit.items()):
        yield Observation("attribution_mended", system, unit, sum(m.rightly for m in found), len(found))
        yield Observation("attribution_misled", system, unit, sum(m.wrongly for m in found), len(found))


def metrics_of(trial: Trial) -> tuple[str, ...]:
    """The metrics a trial counts for."""
    if trial.false:
        made = "written" if trial.origin == "written" and trial.label != "attribution" else "made"
        return "mutations_caught", f"mutations_caught.{made}", f"mutations_caught.{trial.label}"
    if trial.origin == "written":
        return "paraphrases_blocked", f"paraphrases_blocked.{trial.label}"
    return ("originals_blocked",)


def examples(judged: Sequence[Judged], system: str) -> tuple[Example, ...]:
    """Misjudged trials of the development split, ten a metric, hand-written ones first."""
    found: list[Example] = []
    shown: dict[str, int] = defaultdict(int)
    wrong = [j for j in judged if not j.right and j.trial.split == "dev"]
    for j in sorted(wrong, key=lambda j: (j.trial.origin != "written", j.trial.trial_id)):
        metric = metrics_of(j.trial)[0]
        if shown[metric] < _MANY:
            found.append(Example(metric, system, j.trial.unit, badness(j), shown_text(j)))
            shown[metric] += 1
    return tuple(found)


def badness(judged: Judged) -> float:
    """Three for a critical error, two for a major one, one for a minor one and for what was blocked."""
    weights = {"critical": 3.0, "major": 2.0, "minor": 1.0}
    severity = {error.name: weights[error.severity] for error in ERROR_TYPES}
    return severity[judged.trial.label] if judged.trial.false else 1.0


def shown_text(judged: Judged) -> str:
    """Both sides of a trial and what was made of it."""
    cited = " / ".join(evidence.text for evidence in judged.trial.cited)
    ruling = f"refused for {judged.code}" if judged.refused else "let pass"
    return f"{judged.trial.label}, {ruling}\nstatement: {judged.trial.text}\ncited: {cited}"


def _digests_of(folder: Path | None) -> Iterable[tuple[str, str]]:
    for path in sorted(folder.glob("*.csv")) if folder else ():
        if "metadata" not in path.name:
            yield f"aci-bench/{path.name}", hashlib.sha256(path.read_bytes()).hexdigest()
