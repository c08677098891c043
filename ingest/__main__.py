"""`python -m ingest NOTES...`: bring the index to the state of these notes.

Exit codes: 0 published, or nothing had changed; 1 the run failed and published nothing; 2 wrong usage or settings;
130 interrupted, 143 terminated: as a rule nothing was published then, and the message says so.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast, get_args

from core.errors import AnamnesisError, SettingsInvalid
from core.settings import Settings, load_settings
from core.telemetry import configure_logging
from ingest.deidentify import PatternDetector, Policy
from ingest.embedding import lazy_embedder
from ingest.engines import Engine
from ingest.job import IngestPlan, name_inputs, run_ingest
from ingest.outcome import Outcome
from ingest.progress import LineProgress
from ingest.run_metrics import write_run
from ingest.sources import FORMATS, resolve_input
from ingest.work import WorkerRecipe
from vectorstore.layout import Layout

_GOES_ON = "nothing was published; the next run goes on where this one stopped"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job and print its closing table. Returns the exit code."""
    options = _parser().parse_args(arguments)
    if options.metrics_file and not options.metrics_file.resolve().parent.is_dir():
        print(f"ingest: there is no folder for the metrics file {options.metrics_file}", file=sys.stderr)
        return 2
    outcome = Outcome()
    with _terminable():
        code = _attempt(options, outcome)
    if options.metrics_file:
        try:
            write_run(options.metrics_file, outcome, succeeded=code == 0)
        except OSError as e:
            print(f"ingest: the metrics file cannot be written ({e.strerror}); nothing else is amiss", file=sys.stderr)
    return code


class _Terminated(KeyboardInterrupt):
    """The process was asked to end, as schedulers and containers do."""


@contextmanager
def _terminable() -> Iterator[None]:
    """End on SIGTERM as on Ctrl-C, so that what was finished is kept and the end is told of."""

    def end(*_: object) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, end) if threading.current_thread() is threading.main_thread() else None
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _attempt(options: argparse.Namespace, outcome: Outcome) -> int:
    progress = LineProgress(sys.stderr)
    try:
        settings = load_settings()
        configure_logging(settings.log.level, settings.log.format)
        _run(options, settings, progress, outcome)
    except SettingsInvalid as e:
        print(f"ingest: {e}", file=sys.stderr)
        return 2
    except AnamnesisError as e:
        progress.close()
        if outcome.rows:
            print(outcome.table())
        print(f"ingest: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as e:
        progress.close()
        done = f"generation {outcome.generation} is published" if outcome.published else _GOES_ON
        print(f"ingest: interrupted; {done}", file=sys.stderr)
        return 143 if isinstance(e, _Terminated) else 130
    progress.close()
    print(outcome.table())
    return 0


def _run(options: argparse.Namespace, settings: Settings, progress: LineProgress, outcome: Outcome) -> None:
    inputs = name_inputs([resolve_input(path, options.source_format) for path in options.notes], options.source)
    plan = IngestPlan(
        inputs,
        settings.index.dir,
        settings.ingest.quarantine_dir,
        policy=cast(Policy, options.deidentify or settings.ingest.deidentify),
        max_note_chars=settings.ingest.max_note_chars,
        max_bad_share=settings.ingest.max_bad_share,
        max_shrink=settings.ingest.max_shrink,
        chunk_tokens=settings.ingest.chunk_tokens,
        keep=settings.index.keep,
        rebuild=options.rebuild,
        allow_empty=options.allow_empty,
        allow_shrink=options.allow_shrink,
        skip_unchanged=not options.no_skip,
    )
    embedder = lazy_embedder(settings.embedding)
    engine = _engine(options, settings, plan)
    run_ingest(plan, embedder=embedder, detector=PatternDetector(), engine=engine, progress=progress, outcome=outcome)


def _engine(options: argparse.Namespace, settings: Settings, plan: IngestPlan) -> Engine | None:
    """The engine that was asked for, None for the one in this process."""
    if options.engine == "local":
        return None
    from ingest.engines.ray_data import RayEngine

    cpus = settings.embedding.threads or 1
    recipe = WorkerRecipe(
        settings.embedding.model_copy(update={"threads": cpus}),
        plan.policy,
        plan.chunk_tokens,
        # Workers take vectors over from the index as it is when the run begins.
        live_index=plan.index_dir if not plan.rebuild and Layout(plan.index_dir).pointer.exists() else None,
    )
    return RayEngine(recipe, workers=options.workers, cpus=cpus)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ingest",
        description="Bring the index to the state of these notes. Each input is the whole of its source: notes that "
        "are no longer in it leave the index, those of other sources stay.",
        epilog="Exit codes: 0 published or nothing changed, 1 failed and nothing published, 2 wrong usage or settings, "
        "130 interrupted, 143 terminated.",
    )
    add = parser.add_argument
    add("notes", nargs="+", type=Path, metavar="NOTES", help="csv of MIMIC-IV-Note or -III, FHIR, JSONL, or a folder")
    add("--source-format", choices=FORMATS, help="how the notes are written; told from the input when left out")
    add("--source", metavar="NAME", help="name of the source; the input's own name when left out")
    add("--deidentify", choices=get_args(Policy), help="what to do about identifiers in this source")
    add("--rebuild", action="store_true", help="build the index anew from these inputs alone")
    add("--allow-empty", action="store_true", help="accept a source without notes and remove those it had")
    add("--allow-shrink", action="store_true", help="accept a source that lost more than half of its notes, or all")
    add("--engine", choices=("local", "ray"), default="local", help="where the work is done: here, or on a Ray cluster")
    add("--workers", type=_count, metavar="N", help="processes of the Ray engine; as many as the cluster has room for")
    add("--no-skip", action="store_true", help="read the files even if they are as they were")
    add("--metrics-file", type=Path, metavar="FILE", help="write the run's metrics in Prometheus text form")
    return parser


if __name__ == "__main__":
    sys.exit(main())
