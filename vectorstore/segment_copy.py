"""Copying whole patients from a finished segment into one that is being written, within SQLite: no row is looked at."""

# ruff: noqa: S608 -- only constants of this module are put into SQL

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

from vectorstore.layout import CATALOG
from vectorstore.schema import finished_uri
from vectorstore.stored_note import Label

_RANGE = "WHERE note_key BETWEEN :first AND :last"
_NOTE = "encounter_id, note_type, charted_at, characters, source, digest, row_digest, metadata, checksum"
_FACT = "ordinal, kind, name, sentence, start, end, assertion, action, dose, route, frequency, reaction, value, unit"
_COPIES = (
    f"INSERT INTO main.notes SELECT note_key + :shift, note_id, :patient, {_NOTE} FROM source.notes {_RANGE}",
    f"INSERT INTO main.texts SELECT note_key + :shift, text FROM source.texts {_RANGE}",
    *(
        f"INSERT INTO main.{table} SELECT note_key + :shift, ordinal, start, end, new_key{more} FROM source.{table} "
        f"CROSS JOIN temp.new_labels USING (label_key) {_RANGE}"
        for table, more in (("sections", ""), ("sentences", ""), ("chunks", ", first_sentence, last_sentence"))
    ),
    f"INSERT INTO main.facts SELECT note_key + :shift, {_FACT} FROM source.facts {_RANGE}",
    "INSERT INTO main.patients SELECT :patient, patient_id, :first + :shift, :last + :shift, :vector, vectors, digest, "
    "quarantined, skipped FROM source.patients WHERE patient_key = :old_patient",
)
_LABELS = " UNION ".join(
    f"SELECT label_key FROM source.{table} {_RANGE}" for table in ("sections", "sentences", "chunks")
)
_UNKNOWN = (
    "SELECT label_key, heading, kind FROM source.labels "
    f"WHERE label_key IN ({_LABELS} EXCEPT SELECT label_key FROM temp.new_labels)"
)


class CatalogCopy:
    """Copies from one catalog after another into that of `db`, which has a transaction open.

    `keys_of` gives each heading its key in the new catalog; only headings of what is copied come along.
    """

    def __init__(self, db: sqlite3.Connection, keys_of: Callable[[Iterable[Label]], dict[Label, int]]) -> None:
        self._db = db
        self._keys_of = keys_of
        self._source: Path | None = None
        db.execute("PRAGMA temp_store = MEMORY")

    def from_segment(self, folder: Path) -> None:
        """Go on with the segment in this folder."""
        if self._source == folder:
            return
        # Databases come and go between transactions only. Nobody reads this one before it is finished.
        self._db.execute("COMMIT")
        if self._source is None:
            self._db.execute("CREATE TEMP TABLE new_labels (label_key INTEGER PRIMARY KEY, new_key INTEGER NOT NULL)")
        else:
            self._db.execute("DETACH source")
            self._db.execute("DELETE FROM temp.new_labels")
        self._db.execute("ATTACH ? AS source", (finished_uri(folder / CATALOG),))
        self._db.execute("BEGIN")
        self._source = folder

    def patient(self, patient_key: int, *, to: int, first_note: int, first_vector: int) -> tuple[int, int, int]:
        """Copy a patient under new keys. Returns their notes, their vectors, and the first of these in the source."""
        ((first, last, vector, vectors),) = self._db.execute(
            "SELECT first_note, last_note, first_vector, vectors FROM source.patients WHERE patient_key = ?",
            (patient_key,),
        ).fetchall()
        span = {"first": first, "last": last}
        unknown = self._db.execute(_UNKNOWN, span).fetchall()
        known = self._keys_of((heading, kind) for _, heading, kind in unknown)
        self._db.executemany(
            "INSERT INTO temp.new_labels VALUES (?, ?)", [(key, known[heading, kind]) for key, heading, kind in unknown]
        )
        values = span | {"shift": first_note - first, "patient": to, "vector": first_vector, "old_patient": patient_key}
        for sql in _COPIES:
            self._db.execute(sql, values)
        return last - first + 1, vectors, vector
