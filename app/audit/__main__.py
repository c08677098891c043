"""Lists the audit log: `python -m app.audit [--patient ID] [--since DATE]`, one JSON object a line."""

import argparse
import os
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from app.audit.log import list_entries
from app.state.database import FILE_NAME
from core.errors import AnamnesisError
from core.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the entries and return the exit code: 0, or 2 where there is no log to read."""
    parser = argparse.ArgumentParser(prog="python -m app.audit", description="List who read which chart.")
    parser.add_argument("--patient", metavar="ID", help="only this patient")
    parser.add_argument("--since", metavar="DATE", help="only from this UTC date or time on, for instance 2026-01-31")
    options = parser.parse_args(arguments)
    try:
        path = (load_settings().state.dir / FILE_NAME).resolve()
        connection = open_for_reading(path)
    except AnamnesisError as e:
        print(e, file=sys.stderr)
        return 2
    except sqlite3.Error:
        print(f"there is no audit log at {path}; ANAMNESIS_STATE__DIR names its folder", file=sys.stderr)
        return 2
    try:
        for row in list_entries(connection, patient_id=options.patient, since=options.since):
            print(orjson.dumps(row).decode())
    except BrokenPipeError:
        # The reader, `head` for instance, has seen enough; nothing may be flushed to it on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        connection.close()
    return 0


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. Raises sqlite3.Error where there is no such file."""
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)


if __name__ == "__main__":
    sys.exit(main())
