"""Numbered migrations: each changes copies of an index's files from one schema version to the next.

A migration is released once and never changed afterwards; the next change of schema brings the next one.
"""

import sqlite3
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from vectorstore.migrations.m0002_row_digests import RowDigests

# A manifest as its own schema version has it.
Document: TypeAlias = dict[str, Any]


class Migration(Protocol):
    """One step. `version` is the schema version it leads to, from the one before."""

    version: int

    def change_catalog(self, catalog: sqlite3.Connection) -> None:
        """Change a copy of a segment's catalog, within a transaction."""

    def change_directory(self, directory: sqlite3.Connection) -> None:
        """Change the copy of the directory, within a transaction."""

    def change_manifest(self, document: Document, directory: sqlite3.Connection) -> None:
        """Change what the manifest says; numbers, files and the schema version itself are not its business."""


@dataclass(frozen=True, slots=True)
class NoWay(Exception):
    """There is no migration from this schema version."""

    version: int


_ALL: tuple[Migration, ...] = (RowDigests(),)


def steps(version: int, target: int) -> tuple[Migration, ...]:
    """The migrations from one schema version to another, in order.

    Raises:
        NoWay: one is missing.
    """
    by_version = {migration.version: migration for migration in _ALL}
    wanted = range(version + 1, target + 1)
    if any(number not in by_version for number in wanted):
        raise NoWay(version)
    return tuple(by_version[number] for number in wanted)
