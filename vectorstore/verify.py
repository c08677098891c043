"""`python -m vectorstore.verify [DIR] [--live]`: look at every file of an index, byte by byte.

Every generation that is kept, the key of the rows and the staging; with `--live` the live generation alone. Each
damage is named with the command that mends it. Exit codes: 0 whole, 1 damaged, 2 there is no live index.
"""

import argparse
import fcntl
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import AnamnesisError, IndexMismatch
from core.settings import load_settings
from vectorstore.examination import Damage, Examined, Files, examine
from vectorstore.layout import MANIFEST, Layout
from vectorstore.lost_pointer import why_nothing_is_live
from vectorstore.manifest import MIGRATE, REBUILD, SCHEMA_VERSION, VERIFY, Manifest
from vectorstore.pointer import Pointer, Vouched, read_pointer
from vectorstore.row_key import is_row_key
from vectorstore.staging_check import StagingInUse, staging_is_whole
from vectorstore.store import read_manifest

# A publication may move the pointer while its generation is being looked for.
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """A damage, and the command that mends it."""

    damage: Damage
    remedy: str

    def __str__(self) -> str:
        return f"{self.damage.path} {self.damage.problem}: {self.remedy}"


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, what is damaged, and what is worth knowing and no damage."""

    live: int | None
    generations: tuple[Examined, ...]
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]


def live_manifest(root: Path) -> Manifest | None:
    """The manifest of the live generation, or None where nothing was published.

    Raises:
        IndexMismatch: the pointer or the manifest itself is damaged or gone.
    """
    layout = Layout(root)
    pointer = read_pointer(layout.pointer)
    if pointer is None:
        return None
    try:
        return read_manifest(layout, pointer)
    except FileNotFoundError as e:
        raise IndexMismatch(f"{e.filename} is missing: {VERIFY}") from e


def find_damage(root: Path, manifest: Manifest) -> list[Damage]:
    """Every file of a generation that is missing, truncated or changed."""
    return Files(root).damage(manifest)


def verify(root: Path, *, live_only: bool = False) -> Report:
    """Look at an index. Writes nothing, and holds each generation while it looks at it.

    Raises:
        IndexMismatch: the index is no folder.
    """
    layout = Layout(root)
    for _ in range(_ATTEMPTS):
        pointer, damaged = _pointer(layout)
        files = Files(root)
        live = _live(layout, pointer, files) if pointer else None
        if _pointer(layout) == (pointer, damaged):
            break
    # Where the live one is damaged, the others tell the way back.
    others = _others(layout, pointer, files) if not live_only or live is None or not live.whole else []
    generations = tuple(sorted([*others, *([live] if live else [])], key=lambda one: one.number))
    back = _rollback(way_back(generations, pointer.number if pointer else None), root)
    findings, remarks = list[Finding](), list[str]()
    if damaged:
        findings.append(Finding(Damage(layout.pointer, "is damaged"), back))
    elif pointer is None and generations:
        remarks.append(f"{layout.pointer} is missing, and generations are there: {back}")
    if pointer is not None and live is not None:
        findings += [Finding(damage, back) for damage in live.damage]
        findings += [Finding(Damage(layout.generation(live.number), w), _of_schema(live, root)) for w in _schema(live)]
        wrong = _wrong_names(pointer, generations)
        findings += [Finding(Damage(layout.pointer, w), _rollback(live.number, root)) for w in wrong]
    named = {finding.damage.path for finding in findings}
    for one in others:
        findings += [Finding(d, _drop(one.number, root)) for d in one.damage if d.path not in named]
        remarks += [f"generation {one.number} {words}, so it was not looked at" for words in _schema(one)]
    if not live_only:
        found, remark = _beside(layout)
        findings += found
        remarks += remark
    return Report(pointer.number if pointer else None, generations, tuple(findings), tuple(remarks))


def way_back(generations: Sequence[Examined], live: int | None) -> int | None:
    """The whole generation to go to where the live one is damaged: the newest before it, else the next after it."""
    whole = [one.number for one in generations if one.whole and one.number != live]
    older = [number for number in whole if live is None or number < live]
    return max(older) if older else min(whole, default=None)


def main(arguments: list[str] | None = None) -> int:
    """Verify and report. Returns 0 where all is well, 1 where something is damaged, 2 where there is no live index."""
    parser = argparse.ArgumentParser(
        prog="python -m vectorstore.verify",
        description="Compare every file of an index with its checksum, and name the command that mends what is not "
        "as it was published.",
        epilog="Exit codes: 0 whole, 1 damaged, 2 there is no live index.",
    )
    parser.add_argument("dir", nargs="?", type=Path, help="folder of the index (default: ANAMNESIS_INDEX__DIR)")
    parser.add_argument("--live", action="store_true", help="look at the live generation alone")
    options = parser.parse_args(arguments)
    try:
        root = options.dir if options.dir is not None else load_settings().index.dir
        report = verify(root, live_only=options.live)
    except AnamnesisError as e:
        sys.stdout.write(f"{e}\n")
        return 1
    for finding in report.findings:
        sys.stdout.write(f"{finding}\n")
    for one in report.generations:
        if one.whole and one.manifest is not None:
            name = "live generation" if one.number == report.live else "generation"
            sys.stdout.write(f"{name} {one.number}: {len(one.manifest.files())} files as published\n")
    for remark in report.remarks:
        sys.stdout.write(f"{remark}\n")
    if report.findings:
        return 1
    if report.live is None:
        if not report.generations:
            sys.stdout.write(f"{why_nothing_is_live(Layout(root))}\n")
        return 2
    return 0


def _pointer(layout: Layout) -> tuple[Pointer | None, bool]:
    try:
        return read_pointer(layout.pointer), False
    except IndexMismatch:
        if layout.root.exists() and not layout.root.is_dir():
            raise
        return None, True


def _live(layout: Layout, pointer: Pointer, files: Files) -> Examined:
    try:
        return examine(layout, pointer.number, files)
    except FileNotFoundError:
        missing = Damage(layout.generation(pointer.number) / MANIFEST, "is missing")
        return Examined(pointer.number, pointer.manifest_sha256, None, None, (missing,))


def _others(layout: Layout, pointer: Pointer | None, files: Files) -> list[Examined]:
    found = []
    for number in layout.generation_numbers():
        if pointer is not None and (number == pointer.number or number > pointer.last):
            # Past the last one nothing was published: a run is at work on it, or died.
            continue
        try:
            found.append(examine(layout, number, files))
        except FileNotFoundError:
            # Collected, or on the way to it: what lost its manifest is no generation any more.
            continue
    return found


def _wrong_names(pointer: Pointer, generations: Sequence[Examined]) -> list[str]:
    """What the pointer says of generations that are otherwise as published."""
    names = [Vouched(pointer.number, pointer.manifest_sha256), *([pointer.newest] if pointer.newest else [])]
    by_number = {one.number: one for one in generations}
    wrong = []
    for name in names:
        one = by_number.get(name.number)
        if one is None and len(generations) > 1:
            wrong.append(f"names generation {name.number}, which is not there")
        elif one is not None and not one.damage and one.manifest_sha256 != name.manifest_sha256:
            wrong.append(f"has another checksum for generation {name.number} than its manifest")
    return wrong


def _beside(layout: Layout) -> tuple[list[Finding], list[str]]:
    found = []
    if layout.row_key.exists() and not is_row_key(layout.row_key.read_bytes()):
        remedy = "run `make ingest NOTES=…`, which makes a new one and looks at every row anew"
        found.append(Finding(Damage(layout.row_key, "is damaged"), remedy))
    try:
        whole = _writer_at_work(layout) or staging_is_whole(layout.staging) or _writer_at_work(layout)
    except StagingInUse:
        return found, [f"{layout.staging} is in use, or was left in the midst of a write: the next run looks at it"]
    if not whole:
        remedy = f"run `rm -r {layout.staging}`; what an interrupted run had done is then done again"
        found.append(Finding(Damage(layout.staging, "is damaged"), remedy))
    return found, []


def _writer_at_work(layout: Layout) -> bool:
    try:
        with layout.lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def _rollback(number: int | None, root: Path) -> str:
    return REBUILD if number is None else f"run `make rollback TO={number} DIR={root}`"


def _drop(number: int, root: Path) -> str:
    return f"run `python -m vectorstore.rollback --dir {root} --drop {number}` to be rid of that generation"


def _schema(one: Examined) -> list[str]:
    if one.schema in (None, SCHEMA_VERSION) or one.damage:
        return []
    return [f"has schema {one.schema} and this program reads {SCHEMA_VERSION}"]


def _of_schema(one: Examined, root: Path) -> str:
    return f"{MIGRATE} {root}" if (one.schema or 0) < SCHEMA_VERSION else "update the program"


if __name__ == "__main__":
    sys.exit(main())
