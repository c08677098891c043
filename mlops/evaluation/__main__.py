"""`python -m mlops.evaluation run|gate|accept|report`: measure, compare, accept. docs/evaluation.md explains it."""

import argparse
import logging
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from core.errors import AnamnesisError
from mlops.evaluation.accepted import FOLDER, accept, read_accepted
from mlops.evaluation.figures import figures_of, write_results
from mlops.evaluation.gate import judge
from mlops.evaluation.origin import origin
from mlops.evaluation.report import write_report
from mlops.evaluation.roster import ASIDE, NEED_DATA, TASKS, Roster
from mlops.evaluation.run import MODELS, Run
from mlops.evaluation.stored import NotARun, read_run, write_run
from mlops.evaluation.suite import Plan, run_tasks
from mlops.evaluation.text_tables import figures_table, judgement_table

OUT = Path("var/evaluation")
RESULTS = Path("bench/results")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where all went well, 1 where a task broke off or the gate is shut, 2 for a wrong argument."""
    options = _parse(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # Every task has an event loop of its own; the model's idle sockets end with it, which asyncio would report.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        code: int = options.command(options)
    except AnamnesisError as e:
        print(f"evaluation: {e}", file=sys.stderr)
        return 1
    return code


def run(options: argparse.Namespace) -> int:
    """Run the tasks, write the results and the report."""
    now = datetime.now(UTC)
    folder = options.out / f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03}Z"
    plan = _plan(options, folder)
    with ExitStack() as stack:
        roster = Roster(plan, stack, _say)
        crashes = roster.prepare(options.only)
        done = run_tasks(roster.tasks(options.only), _say)
        made = Run(
            run_id=folder.name,
            profile=plan.profile,
            origin=origin(now),
            verifier=roster.verifier_name,
            model=roster.model_name,
            without_checks=plan.without_checks,
            results=done.results,
            crashes=(*crashes, *done.crashes),
            seconds=done.seconds,
        )
    write_run(folder / "run.json", made)
    figures = figures_of(made)
    print(figures_table(figure for figure in figures if not figure.baseline))
    write_report(folder, made, figures)
    print(f"report, baselines and examples included: {folder}/report.html and report.md")
    if results := _results(options, made):
        write_results(options.results / results, made, figures)
        print(f"figures: {options.results / results}")
    missed = [f"{f.task}/{f.metric.name} ({f.system})" for f in figures if f.passed is False]
    print(f"bars missed: {', '.join(missed) if missed else 'none'}")
    for crash in made.crashes:
        print(f"broke off: {crash.task}: {crash.error}", file=sys.stderr)
    if not results:
        print("a run of a part, or with a check switched off, does not touch the figures in bench/results")
    return 1 if made.crashes else 0


def _results(options: argparse.Namespace, made: Run) -> str:
    """The file for the figures of a run: a whole one's, or that of a task that runs by itself; "" for any other."""
    if made.without_checks or made.profile == "quick":
        return ""
    if not options.only:
        return "eval.json" if made.profile == "default" else "eval-full.json"
    if len(options.only) == 1 and options.only[0] in ASIDE:
        return f"{options.only[0].replace('_', '-')}-{Path(made.model).name}.json" if made.measured else ""
    return ""


def gate(options: argparse.Namespace) -> int:
    """Compare the newest run with the accepted one of its profile."""
    made = read_run(_run_file(options))
    accepted = read_accepted(made.profile, options.accepted)
    ignored = MODELS if options.no_model else frozenset()
    print(f"run {made.run_id} ({made.profile}) against accepted run {accepted.run_id}")
    if made.without_checks:
        print(f"switched off in this run: {', '.join(made.without_checks)}")
    if ignored:
        print(f"left out: {', '.join(sorted(ignored))}")
    without = NEED_DATA if options.no_data else frozenset()
    if without:
        print(f"left out for want of data: {', '.join(sorted(without))}")
    judgement = judge(accepted, made, ignored=ignored, without=without)
    print(judgement_table(judgement))
    return 0 if judgement.opens else 1


def take(options: argparse.Namespace) -> int:
    """Make the newest run the accepted one of its profile."""
    path = accept(read_run(_run_file(options)), options.accepted)
    print(f"accepted: {path}; commit it with the reason")
    return 0


def report(options: argparse.Namespace) -> int:
    """Write the report of the newest run anew."""
    path = _run_file(options)
    made = read_run(path)
    write_report(path.parent, made, figures_of(made))
    print(f"report: {path.parent}/report.html and report.md")
    return 0


def _plan(options: argparse.Namespace, folder: Path) -> Plan:
    return Plan(
        profile="full" if options.full else "quick" if options.quick else "default",
        work=folder,
        data=options.data,
        patients=options.patients,
        model_url=options.model_url,
        model_name=options.model,
        embedded=not (options.no_model or options.quick or options.full),
        without_checks=tuple(options.without_check),
        mimic=options.mimic,
        longhealth=options.longhealth,
        archehr=options.archehr,
    )


def _run_file(options: argparse.Namespace) -> Path:
    """The run that was named, else the newest one. Raises NotARun."""
    if options.run:
        named: Path = options.run
        return named / "run.json" if named.is_dir() else named
    runs = sorted(options.out.glob("*/run.json"))
    if not runs:
        raise NotARun(f"there is no run in {options.out}; `make eval` makes one")
    newest: Path = runs[-1]
    return newest


def _say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mlops.evaluation", description="Measure, compare and accept.")
    commands = parser.add_subparsers(required=True, metavar="run|gate|accept|report")
    one = commands.add_parser("run", help="run the tasks and write the report")
    one.set_defaults(command=run)
    add = one.add_argument
    size = one.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="few charts and no model: for a look")
    size.add_argument("--full", action="store_true", help="more charts, and the model at --model-url")
    add("--model-url", default="", metavar="URL", help="a vLLM server to ask, ending in /v1")
    add("--model", default="", metavar="NAME", help="the model to ask it for; its first one when left out")
    add("--no-model", action="store_true", help="do not start the embedded model")
    add("--data", type=Path, metavar="DIR", help="folder of public data (aci-bench, mts-dialog); skipped without")
    add("--mimic", type=Path, metavar="FILE", help="MIMIC-IV-Note csv or csv.gz that you have")
    add("--longhealth", type=Path, metavar="FILE", help="LongHealth benchmark JSON that you have")
    add("--archehr", type=Path, metavar="DIR", help="ArchEHR-QA folder that you have")
    add("--patients", type=int, default=0, metavar="N", help="synthetic charts, instead of the profile's number")
    add("--only", type=_names, default=(), metavar="TASK,…", help=f"some of: {', '.join(TASKS)}")
    add("--without-check", action="append", default=[], metavar="CHECK", help="switch one verification check off")
    add("--results", type=Path, default=RESULTS, metavar="DIR", help=f"where the figures go ({RESULTS})")
    for name, command, text in (
        ("gate", gate, "compare the newest run with the accepted one"),
        ("accept", take, "make the newest run the accepted one"),
        ("report", report, "write the report of the newest run anew"),
    ):
        other = commands.add_parser(name, help=text)
        other.set_defaults(command=command)
        other.add_argument("--run", type=Path, metavar="DIR", help="another run than the newest")
        other.add_argument("--accepted", type=Path, default=FOLDER, metavar="DIR", help="folder of accepted results")
        other.add_argument("--no-model", action="store_true", help="leave out systems that ask a language model")
        other.add_argument("--no-data", action="store_true", help="leave out tasks that need the public data sets")
    for command_parser in commands.choices.values():
        command_parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help=f"folder of runs ({OUT})")
    options = parser.parse_args(arguments)
    if getattr(options, "full", False) and not options.model_url:
        parser.error("--full needs --model-url: which server shall be asked?")
    return options


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name for name in text.split(",") if name)
    if unknown := sorted(set(names) - set(TASKS)):
        raise argparse.ArgumentTypeError(f"no such task: {', '.join(unknown)}; there are {', '.join(TASKS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
