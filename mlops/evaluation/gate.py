"""The gate: does a run lose anything that was accepted? docs/evaluation.md says the rules in words."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mlops.evaluation.bootstrap import Difference, difference, estimate
from mlops.evaluation.records import Metric, Observation, TaskResult
from mlops.evaluation.run import OURS, Run, misses, observed, systems
from mlops.evaluation.saying_less import Change, saying_less

Rule: TypeAlias = Literal["hard", "lost", "missing", "changed", "bar", "less", "crashed"]

# A loss within the tolerance is no reason to stop: half a point of a share, half a percent of anything larger.
TOLERANCE = 0.005
# These judge fixed cases by code alone. Nothing is drawn at random, so a case that is lost is lost: no interval.
EXACT = frozenset({"verifier", "verifier_close", "support"})
EXACT_TOLERANCE = 0.001


@dataclass(frozen=True, slots=True)
class Finding:
    """Why the gate does not open: the rule, where, and one sentence."""

    rule: Rule
    task: str
    metric: str
    system: str
    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of one system, before and after. `change` is None where it could not be compared."""

    task: str
    metric: Metric
    system: str
    old: float
    new: float
    change: Difference | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gate found. It opens where there is no finding."""

    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]

    @property
    def opens(self) -> bool:
        """Whether the run may be released."""
        return not self.findings


def judge(
    accepted: Run, run: Run, *, ignored: frozenset[str] = frozenset(), without: frozenset[str] = frozenset()
) -> Judgement:
    """Compare a run with the accepted one.

    `ignored` systems are neither compared nor missed, nor are tasks that measured none but these, nor tasks `without`.
    """
    gated = OURS - ignored
    lines: list[Line] = []
    findings = list(_runs(accepted, run))
    for before in (result for result in accepted.measured if result.task not in without):
        after = run.result(before.task)
        if after is None and {o.system for o in before.observations} <= ignored:
            continue
        if after is None:
            findings.append(_absent(before.task, run))
            continue
        if changed := _not_comparable(before, after):
            findings.append(changed)
            continue
        found = tuple(_compare(before, after, gated))
        lines += [line for line, _ in found]
        findings += [finding for _, several in found for finding in several]
        findings += _less(before.task, (line for line, _ in found), before, after)
    findings += [f for result in run.measured for f in _hard(result, gated)]
    return Judgement(tuple(lines), tuple(findings))


def _runs(accepted: Run, run: Run) -> Iterator[Finding]:
    for crash in run.crashes:
        yield Finding("crashed", crash.task, "", "", f"the task broke off: {crash.error}")
    if accepted.profile != run.profile:
        yield Finding("changed", "", "", "", f"profile {run.profile} cannot be held against {accepted.profile}")
    if accepted.model != run.model and accepted.model and run.model:
        why = f"model {run.model} cannot be held against {accepted.model}; accept the new one, or run the old one"
        yield Finding("changed", "", "", "model", why)


def _absent(task: str, run: Run) -> Finding:
    skipped = next((r.skipped for r in run.skipped if r.task == task), "")
    return Finding("missing", task, "", "", f"it was accepted and did not run{f' ({skipped})' if skipped else ''}")


def _not_comparable(before: TaskResult, after: TaskResult) -> Finding | None:
    data = sorted(name for name in {*before.data, *after.data} if before.data.get(name) != after.data.get(name))
    seeds = sorted(name for name in {*before.seeds, *after.seeds} if before.seeds.get(name) != after.seeds.get(name))
    if not data and not seeds:
        return None
    what = f"data {', '.join(data)}" if data else f"seeds {', '.join(seeds)}"
    why = f"{what} changed, so results cannot be compared: look at the report, then `make accept` if it is right"
    return Finding("changed", before.task, "", "", why)


def _compare(
    before: TaskResult, after: TaskResult, gated: frozenset[str]
) -> Iterator[tuple[Line, tuple[Finding, ...]]]:
    metrics = {metric.name: metric for metric in after.metrics}
    for metric in before.metrics:
        for system in systems(before, metric):
            if system in gated:
                old, new = observed(before, metric, system), observed(after, metric, system)
                line = _line(before.task, metric, system, old, new)
                yield line, tuple(_judge_line(line, metrics.get(metric.name)))


def _line(task: str, metric: Metric, system: str, old: tuple[Observation, ...], new: tuple[Observation, ...]) -> Line:
    change = difference(metric, old, new) if new else None
    # One resample: the value is wanted, not its interval.
    first, second = (estimate(metric, each, resamples=1).value for each in (old, new))
    return Line(task, metric, system, first, second, change)


def _judge_line(line: Line, now: Metric | None) -> Iterator[Finding]:
    def finding(rule: Rule, why: str) -> Finding:
        return Finding(rule, line.task, line.metric.name, line.system, why)

    if now is None or line.change is None:
        yield finding("missing", "it was accepted and is not measured any more")
        return
    if _asked(now) != _asked(line.metric):
        yield finding("changed", "its definition, direction, bar or hardness changed: `make accept` if it is right")
        return
    if gone := line.change.only_old:
        named = ", ".join(gone[:3]) + (" …" if len(gone) > 3 else "")
        yield finding("missing", f"{len(gone)} of {len(gone) + line.change.units} accepted units are gone: {named}")
    if why := _loss(line, line.change):
        yield finding("lost", why)
    elif not misses(line.metric, line.old) and misses(line.metric, line.new) and not line.metric.hard:
        yield finding("bar", f"{line.old:.4g} reached the bar of {line.metric.bar:g}, {line.new:.4g} does not")


def _asked(metric: Metric) -> tuple[object, ...]:
    return metric.definition, metric.better, metric.bar, metric.hard, metric.statistic


def _loss(line: Line, change: Difference) -> str:
    """Why it is a loss, "" where it is none. A value that was one and is none any more is lost."""
    if line.metric.better == "neither" or not math.isfinite(line.old):
        return ""
    if not math.isfinite(line.new) or not math.isfinite(change.value):
        return "it had a value and has none any more"
    worse, least = -gain(line.metric, change).value, -gain(line.metric, change).high
    scale = max(1.0, abs(line.old))
    if line.system in EXACT:
        allowed = EXACT_TOLERANCE * scale
        return f"worse by {worse:.4g}, and {allowed:.4g} is allowed (fixed cases)" if worse > allowed else ""
    allowed = TOLERANCE * scale
    return f"worse by {worse:.4g}, surely by {least:.4g}, and {allowed:.4g} is allowed" if least > allowed else ""


def gain(metric: Metric, change: Difference) -> Difference:
    """The change turned so that more is better."""
    if metric.better != "lower":
        return change
    return Difference(-change.value, -change.high, -change.low, change.units, change.only_old, change.only_new)


def _less(task: str, lines: Iterable[Line], before: TaskResult, after: TaskResult) -> Iterator[Finding]:
    grouped: dict[str, list[Change]] = {}
    for line in lines:
        if line.change is not None:
            old, new = (observed(each, line.metric, line.system) for each in (before, after))
            grouped.setdefault(line.system, []).append(Change(line.metric, old, new, gain(line.metric, line.change)))
    for system, changes in grouped.items():
        for metric, why in saying_less(changes):
            yield Finding("less", task, metric, system, why)


def _hard(result: TaskResult, gated: frozenset[str]) -> Iterator[Finding]:
    for metric in result.metrics:
        if not metric.hard or metric.bar is None:
            continue
        for system in systems(result, metric):
            value = estimate(metric, observed(result, metric, system), resamples=1).value
            if system in gated and misses(metric, value):
                why = f"{value:.6g} misses the bar of {metric.bar:g}, which nothing may miss"
                yield Finding("hard", result.task, metric.name, system, why)
