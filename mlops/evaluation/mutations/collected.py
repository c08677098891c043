"""All trials of the evaluation, of every origin."""

from pathlib import Path

from mlops.evaluation.mutations import aci_bench as aci
from mlops.evaluation.mutations import ledger
from mlops.evaluation.mutations.trial import Trial
from mlops.evaluation.mutations.written import misattributions, mutants, restatements


def all_trials(*, aci_bench: Path | None, patients: int, seed: int) -> tuple[Trial, ...]:
    """Hand-written trials, then those made from synthetic charts and, where its folder is given, from ACI-Bench."""
    return (
        *restatements(),
        *mutants(),
        *misattributions(),
        *ledger.trials(patients=patients, seed=seed),
        *(aci.trials(aci_bench) if aci_bench else ()),
    )
