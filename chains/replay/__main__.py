"""`python -m chains.replay SUMMARY_ID`: verify stored summaries again, from what the model said then.

Nothing is written and no model is asked. Exit codes: 0 identical; 1 something differs; 2 it cannot be told.
"""

import argparse
import asyncio
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from langchain_core.embeddings import Embeddings

from chains.replay.charts import ChartFinder
from chains.replay.replaying import Outcome, Replayer
from chains.replay.report import as_json, as_text
from chains.replay.stored import StoredSummaries
from chains.verification import CHECKS, without
from core.errors import AnamnesisError
from core.settings import Settings, load_settings
from core.telemetry import configure_logging


def main(arguments: Sequence[str] | None = None, *, embeddings: Embeddings | None = None) -> int:
    """Replay and report. `embeddings` are built from the settings where none are given. Returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if bool(options.ids) == options.all:
        parser.error("name summaries, or say --all")
    try:
        settings = load_settings()
        configure_logging("WARNING", "text")
        summaries = StoredSummaries(options.state or settings.state.dir)
        replayer = Replayer(
            summaries, _charts(options.index or settings.index.dir, settings, embeddings), without(*options.without)
        )
        outcomes = asyncio.run(_run(replayer, summaries.ids() if options.all else options.ids, options))
    except AnamnesisError as e:
        print(f"replay: {e}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader, `head` for instance, has seen enough; nothing may be flushed to it on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    if options.all:
        print(", ".join(f"{outcomes[kind]} {kind}" for kind in ("identical", "differs", "cannot")), file=sys.stderr)
    return 1 if outcomes["differs"] else 2 if outcomes["cannot"] else 0


async def _run(replayer: Replayer, ids: Iterable[str], options: argparse.Namespace) -> Counter[Outcome]:
    show = as_json if options.json else as_text
    outcomes: Counter[Outcome] = Counter()
    for summary_id in ids:
        replay = await replayer.replay(summary_id)
        outcomes[replay.outcome] += 1
        print(show(replay, with_text=options.text), flush=True)
    return outcomes


def _charts(root: Path, settings: Settings, embeddings: Embeddings | None) -> Callable[[], ChartFinder]:
    @cache
    def built() -> Embeddings:
        # Brings in the embedding back ends, which take seconds to load.
        from vectorstore.embeddings import build_embeddings

        return build_embeddings(settings.embedding)

    @cache
    def open_charts() -> ChartFinder:
        return ChartFinder(root, embeddings or built())

    return open_charts


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chains.replay",
        description="Verify stored summaries again with the checks of this release, from what the model said then.",
        epilog="Exit codes: 0 all identical, 1 something differs, 2 something cannot be replayed and nothing differs.",
    )
    add = parser.add_argument
    add("ids", nargs="*", metavar="SUMMARY_ID", help="a stored summary")
    add("--all", action="store_true", help="every stored summary, oldest first")
    add("--json", action="store_true", help="one JSON object a line")
    add("--text", action="store_true", help="show the statements that differ; they hold a patient's text")
    add("--state", type=Path, metavar="DIR", help="folder of the state database (default: ANAMNESIS_STATE__DIR)")
    add("--index", type=Path, metavar="DIR", help="folder of the index (default: ANAMNESIS_INDEX__DIR)")
    add("--without", action="append", default=[], choices=sorted(CHECKS), metavar="CHECK", help="leave a check out")
    return parser


if __name__ == "__main__":
    sys.exit(main())
