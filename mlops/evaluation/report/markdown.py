"""The report as Markdown."""

import re
from collections.abc import Iterator

from mlops.evaluation.bootstrap import RESAMPLES, SEED
from mlops.evaluation.figures import Figure
from mlops.evaluation.records import Example
from mlops.evaluation.report.content import Asked, Cases, Content, Part, interval, visible
from mlops.evaluation.run import OURS
from mlops.evaluation.text_tables import bar, shown

MARKS = {True: " ✓", False: " **✗ missed**", None: ""}


def markdown(content: Content) -> str:
    """The whole report."""
    return "\n".join([*_head(content), *(line for part in content.parts for line in _part(part)), *_origin(content)])


def _head(content: Content) -> Iterator[str]:
    run = content.run
    yield f"# Evaluation of {run.origin.taken_at}\n"
    yield f"Profile {run.profile}, {f'model {run.model}' if run.model else 'no model'}, verifier {run.verifier}.\n"
    if run.without_checks:
        yield f"**Checks switched off: {', '.join(run.without_checks)}.**\n"
    yield f"Bars reached: {len(content.reached)}. Bars missed: {len(content.missed)}.\n"
    yield "| figure | system | value | bar | best baseline | anchor |"
    yield "|---|---|---|---|---|---|"
    yield from map(_asked, content.asked)
    yield ""
    yield from (f"- **broke off** {crash.task}: {_cell(crash.error)}" for crash in run.crashes)
    yield from (f"- skipped {result.task}: {_cell(result.skipped)}" for result in run.skipped)
    yield ""


def _asked(asked: Asked) -> str:
    figure, rival = asked.figure, asked.rival
    name = _cell(f"{figure.task} / {figure.metric.name}")
    value = f"{shown(figure.estimate.value)} ({interval(figure)}){MARKS[figure.passed]}"
    beside = f"{shown(rival.estimate.value)} *{_cell(rival.system)}*" if rival else ""
    return f"| {name} | {figure.system} | {value} | {bar(figure.metric)} | {beside} | {_cell(figure.metric.anchor)} |"


def _part(part: Part) -> Iterator[str]:
    yield f"## {part.result.task}\n"
    yield from (f"{_cell(note)}\n" for note in part.result.notes)
    names = [system if system in OURS else f"*{system}*" for system in part.systems]
    yield f"| metric | bar | {' | '.join(names)} | anchor |"
    yield f"|---|---|{'---|' * len(names)}---|"
    for row in part.rows:
        cells = " | ".join(_figure(cell) if cell else "" for cell in row.cells)
        yield f"| {_cell(row.metric.name)} | {bar(row.metric)} | {cells} | {_cell(row.metric.anchor)} |"
    yield "\n<details><summary>What is counted</summary>\n"
    yield from (f"- `{row.metric.name}`: {_cell(row.metric.definition)}" for row in part.rows)
    yield "\n</details>\n"
    for cases in part.cases:
        yield from _cases(cases)


def _figure(figure: Figure) -> str:
    return f"{shown(figure.estimate.value)} ({interval(figure)}; n {figure.estimate.units}){MARKS[figure.passed]}"


def _cases(cases: Cases) -> Iterator[str]:
    yield f"<details><summary>{cases.metric}: the worst {len(cases.examples)}</summary>\n"
    for example in cases.examples:
        yield from _example(example)
    yield "</details>\n"


def _example(example: Example) -> Iterator[str]:
    text = visible(example.text)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    yield f"{example.system}, `{_cell(example.unit)}`\n\n{fence}text\n{text}\n{fence}\n"


def _origin(content: Content) -> Iterator[str]:
    run = content.run
    yield "## Where the figures come from\n"
    yield f"- commit `{run.origin.commit}`{', with changes that no commit has' if run.origin.changed else ''}"
    yield f"- machine: {_cell(run.origin.machine)}"
    yield f"- versions: {', '.join(f'{name} {version}' for name, version in run.origin.versions.items())}"
    yield f"- intervals: 95%, percentile bootstrap over units, {RESAMPLES:,} resamples, seed {SEED}"
    for part in content.parts:
        seeds = ", ".join(f"{name} {seed}" for name, seed in part.result.seeds.items()) or "none"
        yield f"- {part.result.task}: {part.seconds:.1f} s; seeds: {seeds}"
        yield from (f"  - {_cell(name)} `{digest}`" for name, digest in part.result.data.items())
    yield ""


def _cell(text: str) -> str:
    """Text on one line that neither ends a table's cell nor starts markup."""
    return re.sub(r"([|<>*_`\[\]\\])", r"\\\1", " ".join(visible(text).split()))
