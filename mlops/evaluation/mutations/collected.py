"""All trials of the evaluation, of every origin."""

from pathlib import Path

from mlops.evaluation.mutations.trial import Trial
from mlops.evaluation.mutations.written import mutants, restatements


def all_trials(*, aci_bench: Path | None, patients: int, seed: int) -> tuple[Trial, ...]:
    """Hand-written trials, then those made from synthetic charts and from ACI-Bench."""
    return (*restatements(), *mutants())
