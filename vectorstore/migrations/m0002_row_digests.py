"""From schema 1 to 2: notes can say what their source row was known by, and manifests what they followed.

Notes of schema 1 do not know their row, so the next ingest looks at every row once; vectors are taken over. They have
no checksum of their own either, and get one when they are next copied into another segment.
"""

import sqlite3
from typing import Any


class RowDigests:
    """Adds `notes.row_digest` and `notes.checksum`, `live_patients` of each segment, `follows` and `compacts`."""

    version = 2

    def change_catalog(self, catalog: sqlite3.Connection) -> None:
        """Add the columns, empty."""
        catalog.execute("ALTER TABLE notes ADD COLUMN row_digest TEXT")
        catalog.execute("ALTER TABLE notes ADD COLUMN checksum INTEGER")

    def change_directory(self, directory: sqlite3.Connection) -> None:
        """Nothing changed there."""

    def change_manifest(self, document: dict[str, Any], directory: sqlite3.Connection) -> None:
        """Count the patients that each segment still serves; what came before is not known."""
        live = dict(directory.execute("SELECT segment, count(*) FROM patients GROUP BY segment").fetchall())
        for segment in document["segments"]:
            segment["live_patients"] = live.get(segment["name"], 0)
        document["follows"] = document["compacts"] = None
