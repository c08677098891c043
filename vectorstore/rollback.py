"""`python -m vectorstore.rollback [--to N] [--dir DIR]`: make an older generation the live one, or go forward again.

`--list` says what is kept, `--drop N` removes a generation. Without `--to` it goes to the newest whole generation
before the live one that holds other charts. Exit codes: 0 done, 1 refused and nothing changed, 2 there is no index.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from core.errors import AnamnesisError, IndexMismatch, IndexUnavailable
from core.settings import load_settings
from vectorstore.collection import remove
from vectorstore.examination import Examined, Files, examine
from vectorstore.layout import Layout
from vectorstore.lock import WriterLock
from vectorstore.manifest import SCHEMA_VERSION
from vectorstore.pointer import Pointer, Vouched, read_pointer, write_pointer


def kept(layout: Layout) -> list[Examined]:
    """Every generation that can be gone to, ascending, by its manifest alone."""
    pointer = _pointer(layout)
    found = []
    for number in layout.generation_numbers():
        if pointer is not None and number > pointer.last:
            # A run that died before it published left it.
            continue
        try:
            found.append(examine(layout, number, None))
        except FileNotFoundError:
            continue
    return found


def roll_back(root: Path, number: int | None = None) -> Examined:
    """Make a kept generation the live one, after every file of it was looked at. Returns that generation.

    The generations it goes back from stay until the next publication, so that one can go forward again.

    Raises:
        IndexUnavailable: there is no such generation, or none to go back to.
        IndexMismatch: it is damaged, or another release wrote it.
        IngestFailed: a writer is at work.
    """
    layout = _existing(root)
    with WriterLock(layout.lock):
        pointer = _pointer(layout)
        candidates = kept(layout)
        if number is None:
            number = _before(candidates, pointer, Files(root), layout)
        if number not in {one.number for one in candidates}:
            raise IndexUnavailable(f"generation {number} is not kept in {root}: {_choice(candidates)}")
        target = examine(layout, number, Files(root))
        if target.damage:
            damage = target.damage[0]
            raise IndexMismatch(f"{damage.path} {damage.problem}, so the live generation stays: {_choice(candidates)}")
        if target.manifest is None:
            raise IndexMismatch(
                f"generation {number} has schema {target.schema} and this program reads {SCHEMA_VERSION}, so the live "
                "generation stays: run the release that wrote it, or take another generation"
            )
        write_pointer(layout.pointer, Pointer(number, target.manifest_sha256, _forward(candidates, number)))
        return target


def drop(root: Path, number: int) -> None:
    """Remove a kept generation. Segments that only it used go with the next publication.

    Raises:
        IndexUnavailable: there is no such generation.
        IndexMismatch: it is the live one, or a reader holds it.
        IngestFailed: a writer is at work.
    """
    layout = _existing(root)
    with WriterLock(layout.lock):
        pointer = _pointer(layout)
        if pointer is not None and pointer.number == number:
            raise IndexMismatch(f"generation {number} is live: run `make rollback` first, then drop it")
        if not layout.generation(number).is_dir():
            raise IndexUnavailable(f"generation {number} is not kept in {root}: {_choice(kept(layout))}")
        if not remove(layout, number):
            raise IndexMismatch(f"a reader holds generation {number}: run this again when it has ended")
        if pointer is not None and pointer.newest is not None:
            write_pointer(layout.pointer, replace(pointer, newest=_forward(kept(layout), pointer.number)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says. Returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        root: Path = options.dir if options.dir is not None else load_settings().index.dir
        if options.list:
            sys.stdout.write(listing(_existing(root)))
        elif options.drop is not None:
            drop(root, options.drop)
            sys.stdout.write(f"generation {options.drop} is gone\n")
        else:
            target = roll_back(root, options.to)
            sys.stdout.write(f"live now: {_line(target)}\nthe service follows within ANAMNESIS_INDEX__POLL_S\n")
    except IndexUnavailable as e:
        sys.stdout.write(f"{e}\n")
        return 2
    except AnamnesisError as e:
        sys.stdout.write(f"{e}\n")
        return 1
    return 0


def listing(layout: Layout) -> str:
    """A line for each generation that is kept, the newest first."""
    pointer = _pointer(layout)
    lines = []
    for one in reversed(kept(layout)):
        mark = "live" if pointer and one.number == pointer.number else ""
        if pointer and one.number > pointer.number:
            mark = "gone back from; stays until the next publication"
        lines.append(f"{_line(one)}{'  ' if mark else ''}{mark}\n")
    return "".join(lines) or f"no generation is kept in {layout.root}\n"


def _before(candidates: Sequence[Examined], pointer: Pointer | None, files: Files, layout: Layout) -> int:
    same = {one.manifest.compacts for one in candidates if one.manifest and pointer and one.number == pointer.number}
    for one in reversed(candidates):
        older = pointer is None or one.number < pointer.number
        if older and one.number not in same and examine(layout, one.number, files).whole:
            return one.number
    raise IndexUnavailable(f"no whole generation before the live one is kept in {layout.root}: {_choice(candidates)}")


def _choice(candidates: Sequence[Examined]) -> str:
    numbers = ", ".join(str(one.number) for one in candidates) or "none"
    return f"kept are {numbers} (`python -m vectorstore.rollback --list`)"


def _existing(root: Path) -> Layout:
    layout = Layout(root)
    # The lock would make the folder.
    if _pointer(layout) is None and not layout.generation_numbers():
        raise IndexUnavailable(f"there is no index in {root}: run `make ingest NOTES=…`")
    return layout


def _pointer(layout: Layout) -> Pointer | None:
    try:
        return read_pointer(layout.pointer)
    except IndexMismatch:
        if layout.generations.is_dir():
            # This is what mends it.
            return None
        raise


def _forward(candidates: Sequence[Examined], live: int) -> Vouched | None:
    newest = candidates[-1] if candidates else None
    return Vouched(newest.number, newest.manifest_sha256) if newest and newest.number > live else None


def _line(one: Examined) -> str:
    if one.manifest is None:
        return f"{one.number:>8}  " + ("damaged" if one.damage else f"schema {one.schema}")
    manifest, counts = one.manifest, one.manifest.counts
    compacts = "" if manifest.compacts is None else f"  same charts as {manifest.compacts}"
    return (
        f"{one.number:>8}  {_time(manifest.published_at)}  {counts.patients} patients  {counts.notes} notes{compacts}"
    )


def _time(published_at: float) -> str:
    try:
        return datetime.fromtimestamp(published_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"Unix time {published_at}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m vectorstore.rollback",
        description="Make an older generation of the index the live one, or go forward again. Every file of it is "
        "looked at before. The service follows by itself; the next ingest starts from it.",
        epilog="Exit codes: 0 done, 1 refused and nothing changed, 2 there is no such generation.",
    )
    parser.add_argument("--dir", type=Path, help="folder of the index (default: ANAMNESIS_INDEX__DIR)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--to", type=int, metavar="N", help="the generation (default: the newest before the live one)")
    what.add_argument("--list", action="store_true", help="say what is kept")
    what.add_argument("--drop", type=int, metavar="N", help="remove a kept generation, for instance a damaged one")
    return parser


if __name__ == "__main__":
    sys.exit(main())
