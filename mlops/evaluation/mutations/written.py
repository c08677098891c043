"""Mutants written by hand over the cases, and the cases' own restatements as trials that must pass."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from mlops.evaluation.mutations.attribution import misattributed
from mlops.evaluation.mutations.trial import DEVELOPMENT, Trial
from mlops.evaluation.paraphrases import CaseChart, chart_of, load_cases

DATA = Path(__file__).parent / "data"


class WrittenMutant(BaseModel):
    """A statement that is wrong. `cites` counts the case's sources from 1; empty means all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    case: str
    error: str
    text: str
    cites: tuple[int, ...] = ()


_MUTANTS = TypeAdapter(tuple[WrittenMutant, ...])


@lru_cache(maxsize=1)
def load_mutants() -> tuple[WrittenMutant, ...]:
    """All hand-written mutants. Raises ValidationError where a file is malformed."""
    files = sorted(DATA.glob("*.yaml"))
    loaded = (yaml.load(p.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) for p in files)
    return tuple(mutant for content in loaded for mutant in _MUTANTS.validate_python(content))


@lru_cache(maxsize=1)
def _charts() -> dict[str, CaseChart]:
    return {case.id: chart_of(case) for case in load_cases()}


def restatements() -> Iterator[Trial]:
    """Every restatement of every case, to be let pass."""
    for case in load_cases():
        chart = _charts()[case.id]
        for told in case.restated:
            cited = tuple(chart.evidence[i] for i in case.cited(told.cites))
            yield Trial(told.id, case.id, "written", told.degree, False, told.text, cited, chart.resolved)


def mutants() -> Iterator[Trial]:
    """Every hand-written mutant, to be refused."""
    cases = {case.id: case for case in load_cases()}
    for mutant in load_mutants():
        case, chart = cases[mutant.case], _charts()[mutant.case]
        cited = tuple(chart.evidence[i] for i in case.cited(mutant.cites))
        original = case.restated[0].text
        yield Trial(mutant.id, case.id, "written", mutant.error, True, mutant.text, cited, chart.resolved, original)


def misattributions() -> Iterator[Trial]:
    """Restatements under citations that do not support them, to be refused.

    Cases written for the development split lend their sentences to none but each other, so that adding one changes no
    trial of the rest.
    """
    for chosen in (False, True):
        yield from misattributed([c for c in load_cases() if c.id.startswith(DEVELOPMENT) is chosen], _charts())
