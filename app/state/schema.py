"""Numbered migrations of the state database: `migrations/NNNN_name.sql`, applied in order, each in a transaction."""

import sqlite3
from pathlib import Path

FOLDER = Path(__file__).parent / "migrations"


def available(folder: Path = FOLDER) -> dict[int, Path]:
    """The migrations there are, by number, which count from 1 without a gap."""
    files = {int(p.name[:4]): p for p in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))}
    if list(files) != list(range(1, len(files) + 1)):
        raise ValueError(f"migration numbers have a gap or a double: {sorted(files)}")
    return files


def version_of(connection: sqlite3.Connection) -> int:
    """Number of the last migration applied; 0 for a new file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, folder: Path = FOLDER) -> int:
    """Apply what is missing and return the version reached. A migration that fails leaves nothing of itself."""
    for number, path in available(folder).items():
        if number > version_of(connection):
            script = path.read_text(encoding="utf-8")
            try:
                connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
            except sqlite3.Error:
                if connection.in_transaction:
                    connection.rollback()
                raise
    return version_of(connection)
