"""Faithful restatements under the wrong citation: the words are right, the cited sentence says nothing of the kind."""

import re
from collections.abc import Iterator, Sequence

from chains.evidence import Evidence
from mlops.evaluation.mutations.trial import Trial
from mlops.evaluation.paraphrases import Case, CaseChart, Restatement

_WORD = re.compile(r"[a-z]{4,}|\d+(?:\.\d+)?")
_MOST_SHARED = 0.2
_ERROR = "attribution"


def misattributed(cases: Sequence[Case], charts: dict[str, CaseChart]) -> Iterator[Trial]:
    """Each case's first restatement under a later case's evidence, and those of a part of a case under the other part.

    The other case is the next that shares no fact, no number and hardly a word: its sentences cannot support it.
    """
    for position, case in enumerate(cases):
        told = case.restated[0]
        if other := _unrelated(told, case, [*cases[position + 1 :], *cases[:position]], charts):
            yield _trial(case, told, "elsewhere", charts[other].evidence, charts[case.id])
        for told in case.restated:
            rest = [e for i, e in enumerate(charts[case.id].evidence) if i not in case.cited(told.cites)]
            if rest:
                yield _trial(case, told, "beside", tuple(rest), charts[case.id])


def _trial(case: Case, told: Restatement, where: str, cited: tuple[Evidence, ...], chart: CaseChart) -> Trial:
    right = tuple(chart.evidence[i] for i in case.cited(told.cites))
    return Trial(
        f"{told.id}/{where}", case.id, "written", _ERROR, True, told.text, cited, chart.resolved, told.text, right
    )


def _unrelated(told: Restatement, case: Case, others: Sequence[Case], charts: dict[str, CaseChart]) -> str:
    said = set(_WORD.findall(told.text.lower()))
    named = {fact.name for fact in charts[case.id].resolved}
    for other in others:
        words = {w for source in other.sources for w in _WORD.findall(source.text.lower())}
        shared = said & words
        if (
            len(shared) <= _MOST_SHARED * len(said)
            and not any(w[0].isdigit() for w in shared)
            and not named & {fact.name for fact in charts[other.id].resolved}
        ):
            return other.id
    return ""
