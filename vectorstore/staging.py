"""Finished notes of a run that was not published yet: what an interrupted run need not do again.

One mutable database and one flat file of vectors. Vectors reach the disk before the transaction that names them, so
that after any crash every note here is whole; what lies past the last commit is cut off on opening.
"""

import json
import os
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from core.errors import IngestFailed
from core.records import Note, NoteHeader
from vectorstore.digests import note_digest
from vectorstore.durable import open_private, sync_folder
from vectorstore.manifest import SCHEMA_VERSION
from vectorstore.schema import STAGING_SCHEMA, open_journaled
from vectorstore.specs import ChunkingSpec, EmbeddingSpec
from vectorstore.stored_note import StoredNote

DATABASE = "notes.sqlite"
STAGED_VECTORS = "vectors.f32"
_PAGE = 1000
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_NO_FAULT_OF_THE_FILE = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
)


class Staging:
    """Notes by their digest, durable up to the last `commit`. A context manager, for who holds the writer lock.

    What was staged by another model, chunking or schema is thrown away on entering. Leaving commits.
    """

    def __init__(self, folder: Path, *, embedding: EmbeddingSpec, chunking: ChunkingSpec) -> None:
        self._folder = folder
        self._dimension = embedding.dimension
        specs = {"schema": SCHEMA_VERSION, "embedding": asdict(embedding), "chunking": asdict(chunking)}
        self._specs = json.dumps(specs, sort_keys=True)
        self._notes = 0
        self._vectors = 0
        self._broken = False
        self._spoilt = False

    def __enter__(self) -> Self:
        """Open the folder, making it where it is missing.

        Raises:
            IngestFailed: the disk is full or fails, or somebody else is writing there; what is staged stays.
        """
        try:
            self._open_or_start_over()
        except (OSError, sqlite3.OperationalError) as e:
            raise self._failed(e) from e
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit what was added and close; where damage was met, throw all away, so that the next run starts whole."""
        try:
            if self._file >= 0 and not self._broken:
                self.commit()
        finally:
            self._close()
            if self._spoilt:
                self._throw_away()

    @property
    def notes(self) -> int:
        """How many notes there are."""
        return self._notes

    def digest_of(self, row_digest: str) -> str | None:
        """The digest of the note that a source row became, or None."""
        rows = self._rows("SELECT digest FROM notes WHERE row_digest = ?", row_digest)
        return str(rows[0][0]) if rows else None

    def has(self, digest: str) -> bool:
        """Whether there is a note of this digest."""
        return bool(self._rows("SELECT 1 FROM notes WHERE digest = ?", digest))

    def row_digests(self) -> Iterator[str]:
        """What the rows of all notes were known by; reads a page at a time."""
        after = 0
        while rows := self._rows(
            "SELECT note_key, row_digest FROM notes WHERE note_key > ? ORDER BY note_key LIMIT ?", after, _PAGE
        ):
            yield from (row_digest for _, row_digest in rows if row_digest is not None)
            after = rows[-1][0]

    def add(self, note: StoredNote) -> None:
        """Add a note; one that is here already takes the row digest of the new one.

        Raises:
            ValueError: its vectors do not fit its chunks.
            IngestFailed: the disk is full or fails.
        """
        if note.vectors.shape != (len(note.chunks), self._dimension):
            needed = (len(note.chunks), self._dimension)
            raise ValueError(f"vectors have shape {note.vectors.shape} and the chunks need {needed}")
        self._refuse_if_broken()
        if self.has(note.digest):
            self._rows("UPDATE notes SET row_digest = ? WHERE digest = ?", note.row_digest, note.digest)
            return
        vectors = np.ascontiguousarray(note.vectors, dtype="<f4").tobytes()
        rows = json.dumps((note.sections, note.sentences, note.chunks, note.facts), ensure_ascii=False)
        self._write(vectors, self._vectors)
        self._rows(
            "INSERT INTO notes (digest, row_digest, note_id, patient_id, encounter_id, note_type, charted_at, source, "
            "metadata, text, rows, first_vector, vectors, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            note.digest,
            note.row_digest,
            note.header.note_id,
            note.header.patient_id,
            note.header.encounter_id,
            note.header.note_type,
            note.header.charted_at,
            note.source,
            note.metadata,
            note.text,
            rows,
            self._vectors,
            len(note.vectors),
            staged_checksum(vectors, rows, note.metadata),
        )
        self._vectors += len(note.vectors)
        self._notes += 1

    def commit(self) -> None:
        """Make durable what was added so far.

        Raises:
            IngestFailed: the disk is full or fails.
        """
        self._refuse_if_broken()
        try:
            os.fsync(self._file)
        except OSError as e:
            raise self._failed(e) from e
        self._rows("UPDATE state SET vectors = ?", self._vectors)
        self._rows("COMMIT")
        self._rows("BEGIN IMMEDIATE")

    def get(self, digest: str) -> StoredNote:
        """The note of this digest.

        Raises:
            KeyError: there is none.
            IngestFailed: it is damaged; the next run starts over.
        """
        rows = self._rows(
            "SELECT note_id, patient_id, encounter_id, note_type, charted_at, source, row_digest, metadata, text, "
            "rows, first_vector, vectors, checksum FROM notes WHERE digest = ?",
            digest,
        )
        if not rows:
            raise KeyError(digest)
        (note_id, patient_id, encounter_id, note_type, charted_at, source, row_digest, metadata, text, parts, first,
         count, checksum), = rows  # fmt: skip
        stride = 4 * self._dimension
        vectors = os.pread(self._file, count * stride, first * stride)
        note = Note(note_id, patient_id, encounter_id, note_type, charted_at, text)
        if note_digest(note, source) != digest or staged_checksum(vectors, parts, metadata) != checksum:
            raise self._damaged()
        sections, sentences, chunks, facts = json.loads(parts)
        return StoredNote(
            NoteHeader(note_id, patient_id, encounter_id, note_type, charted_at, len(text)),
            source,
            digest,
            row_digest,
            metadata,
            text,
            _labelled(sections),
            _labelled(sentences),
            _labelled(chunks),
            tuple(tuple(fact) for fact in facts),
            np.frombuffer(vectors, dtype="<f4").reshape(count, self._dimension),
        )

    def remove_patient(self, patient_id: str) -> None:
        """Remove a patient's notes and commit; of them and their vectors nothing stays in the files."""
        (count,) = self._rows("SELECT count(*) FROM notes WHERE patient_id = ?", patient_id)[0]
        # Where a crash comes before the vectors are wiped, the next opening finds what is still to be wiped.
        self._rows("INSERT INTO holes SELECT first_vector, vectors FROM notes WHERE patient_id = ?", patient_id)
        self._rows("DELETE FROM notes WHERE patient_id = ?", patient_id)
        self._notes -= count
        self.commit()
        self._wipe_holes()

    def discard(self) -> None:
        """Remove all of it, files and folder; afterwards there is nothing here, and nothing can be added."""
        self._close()
        self._throw_away()
        self._notes = self._vectors = 0

    def _open_or_start_over(self) -> None:
        try:
            self._open()
        except sqlite3.DatabaseError as e:
            if getattr(e, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _NO_FAULT_OF_THE_FILE:
                raise
        except IngestFailed:
            if not self._spoilt:
                raise
        else:
            return
        self._throw_away()
        self._open()

    def _open(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its journal the permissions of the database.
        os.close(open_private(self._folder / DATABASE))
        self._file = open_private(self._folder / STAGED_VECTORS)
        try:
            self._db = open_journaled(self._folder / DATABASE)
            try:
                self._begin()
            except BaseException:
                self._db.close()
                raise
        except BaseException:
            os.close(self._file)
            raise

    def _begin(self) -> None:
        run = self._db.execute
        if not run("SELECT 1 FROM sqlite_master").fetchall():
            run("BEGIN IMMEDIATE")
            for statement in STAGING_SCHEMA:
                run(statement)
            run("INSERT INTO state VALUES (?, 0)", (self._specs,))
            run("COMMIT")
            sync_folder(self._folder)
            sync_folder(self._folder.parent)
        ((specs, committed),) = run("SELECT specs, vectors FROM state").fetchall()
        if specs != self._specs:
            raise sqlite3.DatabaseError("staged for another index")
        stride = 4 * self._dimension
        whole = min(committed, os.fstat(self._file).st_size // stride)
        os.ftruncate(self._file, whole * stride)
        run("BEGIN IMMEDIATE")
        if whole < committed:
            run("DELETE FROM notes WHERE first_vector + vectors > ?", (whole,))
        run("UPDATE state SET vectors = ?", (whole,))
        self._vectors = whole
        (self._notes,) = run("SELECT count(*) FROM notes").fetchone()
        self._broken = self._spoilt = False
        self._wipe_holes()

    def _wipe_holes(self) -> None:
        holes = self._rows("SELECT first, count FROM holes")
        if not holes:
            return
        for first, count in holes:
            count = max(0, min(count, self._vectors - first))
            self._write(bytes(4 * self._dimension * count), first)
        self._rows("DELETE FROM holes")
        self.commit()

    def _close(self) -> None:
        if self._file >= 0:
            self._db.close()
            os.close(self._file)
            self._file = -1

    def _throw_away(self) -> None:
        # The database goes first: a file of vectors alone names no note.
        (self._folder / DATABASE).unlink(missing_ok=True)
        shutil.rmtree(self._folder)
        sync_folder(self._folder.parent)

    def _write(self, content: bytes, first: int) -> None:
        at, view = first * 4 * self._dimension, memoryview(content)
        try:
            while view:
                written = os.pwrite(self._file, view, at)
                at, view = at + written, view[written:]
        except OSError as e:
            raise self._failed(e) from e

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as e:
            # An error that quotes what it cannot decode has no code, and must not be passed on: it quotes a chart.
            if getattr(e, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _DAMAGED:
                raise self._damaged() from None
            raise self._failed(e) from e

    def _refuse_if_broken(self) -> None:
        if self._broken:
            raise IngestFailed(f"{self._folder} could not be written before: see to the disk and run again")

    def _failed(self, error: Exception) -> IngestFailed:
        # SQLite may have rolled back by itself: what was added now would be committed one by one, before its vectors.
        self._broken = True
        return IngestFailed(
            f"{self._folder} cannot be written ({type(error).__name__}: {error}); see to the disk and run again"
        )

    def _damaged(self) -> IngestFailed:
        self._broken = self._spoilt = True
        return IngestFailed(
            f"{self._folder} was damaged since the last run, and is thrown away; nothing was published: run again"
        )


def staged_checksum(vectors: bytes, rows: str, metadata: str | None) -> int:
    """CRC-32 of what the digest of a staged note says nothing of: its vectors, rows and metadata."""
    return zlib.crc32(vectors, zlib.crc32(f"{rows}{metadata or ''}".encode()))


def _labelled(rows: list[list[Any]]) -> tuple[Any, ...]:
    return tuple((ordinal, start, end, tuple(label), *rest) for ordinal, start, end, label, *rest in rows)
