"""Writing an index: one writer builds a generation beside the live one and publishes it with one atomic rename."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from core.errors import IndexMismatch
from core.records import ProcessedNote, SkippedNote
from vectorstore.collection import collect, fresh_number
from vectorstore.compaction import merge, worth_merging
from vectorstore.disk_errors import disk_errors
from vectorstore.generation import Generation
from vectorstore.generation_draft import GenerationDraft
from vectorstore.layout import Layout
from vectorstore.lock import WriterLock
from vectorstore.lost_pointer import recover_pointer
from vectorstore.manifest import REBUILD, Manifest, check_chunking, check_embedding
from vectorstore.pointer import Pointer, read_pointer, write_pointer
from vectorstore.segment_builder import PatientRecord
from vectorstore.specs import ChunkingSpec, EmbeddingSpec
from vectorstore.store import SegmentCache, open_generation
from vectorstore.stored_note import StoredNote, stored_note

SEGMENT_CHUNKS = 1_000_000

__all__ = ["ChunkingSpec", "IndexWriter"]


class _NoEmbeddings(Embeddings):
    """Stands in for the model where a generation is read by a writer, which never searches."""

    def embed_query(self, text: str) -> list[float]:
        raise TypeError("a writer's generation is not searched")

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise TypeError("a writer's generation is not searched")


class IndexWriter:
    """Puts and removes whole patients, then publishes. A context manager; leaving it without `publish` changes nothing.

    `previous` is the generation the new one starts from, None where there is none or all is built anew (`rebuild`).
    Segments are closed at `segment_chunks` vectors. `keep` counts generations, one and its compaction as one.
    """

    def __init__(
        self,
        root: Path,
        *,
        embedding: EmbeddingSpec,
        chunking: ChunkingSpec,
        keep: int = 3,
        rebuild: bool = False,
        segment_chunks: int = SEGMENT_CHUNKS,
    ) -> None:
        self.previous: Generation | None = None
        self._layout = Layout(root)
        self._embedding = embedding
        self._chunking = chunking
        self._keep = keep
        self._rebuild = rebuild
        self._segment_chunks = segment_chunks
        self._lock = WriterLock(self._layout.lock)
        self._pointer: Pointer | None = None
        self._manifest: Manifest | None = None
        self._number = 0
        self._draft: GenerationDraft | None = None
        self._changed = False

    def __enter__(self) -> Self:
        """Take the lock, clear what a crash left and open the live generation.

        Raises:
            IngestFailed: another writer is at work.
            IndexMismatch: `rebuild` is not set, and the live generation was built with another model or chunking, or
                which one is live was lost.
        """
        self._lock.acquire()
        try:
            self._begin()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give up what was not published and free the lock."""
        try:
            self._give_up()
            # A generation that this writer itself still held would not be collected.
            self.previous = None
            collect(self._layout, self._keep)
        finally:
            self._lock.release()

    def put_patient(
        self,
        patient_id: str,
        notes: Sequence[ProcessedNote],
        vectors: NDArray[np.float32],
        *,
        quarantined: int = 0,
        skipped: Sequence[SkippedNote] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Replace a patient's chart whole.

        `vectors` is float32 of shape (chunks, dimension), unit length, a row for each chunk of `notes` in their order.
        `metadata` maps a note id to a JSON object to be kept beside the note.

        Raises:
            ValueError: a note is another patient's, a note id is used twice, or the vectors do not fit the chunks.
            IngestFailed: the disk is full or fails.
        """
        needed = (sum(len(item.chunks) for item in notes), self._embedding.dimension)
        if vectors.shape != needed:
            raise ValueError(f"vectors have shape {vectors.shape} and the chunks need {needed}")
        own, stored, first = metadata or {}, [], 0
        for item in notes:
            after = first + len(item.chunks)
            stored.append(stored_note(item, vectors[first:after], metadata=own.get(item.note.note_id)))
            first = after
        self.put_chart(patient_id, stored, quarantined=quarantined, skipped=skipped)

    def put_chart(
        self,
        patient_id: str,
        notes: Sequence[StoredNote],
        *,
        quarantined: int = 0,
        skipped: Sequence[SkippedNote] = (),
    ) -> None:
        """Replace a patient's chart whole by notes as they are stored, in any order.

        Raises:
            ValueError: a note is another patient's, a note id is used twice, or vectors do not fit their chunks.
            IngestFailed: the disk is full or fails.
        """
        with disk_errors(self._layout.root, live=self._live):
            self._open_draft().put(PatientRecord(patient_id, tuple(notes), quarantined, tuple(skipped)))
        self._changed = True

    def remove_patient(self, patient_id: str) -> None:
        """Leave a patient out of the new generation."""
        if self._draft is not None or (self.previous is not None and self.previous.has(patient_id)):
            with disk_errors(self._layout.root, live=self._live):
                self._changed |= self._open_draft().remove(patient_id)

    def publish(self) -> int:
        """Make the new generation the live one and collect what is no longer kept. Returns its number.

        Where nothing changed the live one stays and its number comes back (0 where there is none); the time of its
        pointer then says when it was last found to be up to date.

        Raises:
            IngestFailed: a note id of a patient that was put is also another patient's, or the disk is full or fails.
        """
        if not self._changed:
            self._give_up()
            if self._pointer is not None:
                os.utime(self._layout.pointer)
            return self._live or 0
        with disk_errors(self._layout.root, live=self._live):
            return self._make_live(self._open_draft())

    def compact(self) -> int | None:
        """Merge segments of the live generation and publish the same charts again, where that is worth it.

        To be called after `publish`, which never waits for it. Returns the number of the generation that came of it,
        None where the segments may stay as they are. After a rollback there is nothing to do before the next
        publication: one of these would bar the way forward.

        Raises:
            ValueError: there are changes that were not published.
            IndexMismatch: a file to be copied is not what was published.
            IngestFailed: the disk is full or fails; what was published before stays live.
        """
        if self._changed:
            raise ValueError("compact after publish: there are changes that were not published")
        manifest = self._manifest
        if manifest is None or self._pointer is None or self._pointer.newest is not None:
            return None
        chosen = worth_merging(manifest.segments, self._segment_chunks)
        if not chosen:
            return None
        with disk_errors(self._layout.root, live=self._live):
            draft = self._open_draft()
            merge(self._layout.root, [entry for entry in manifest.segments if entry.name in chosen], draft)
            return self._make_live(draft, compacts=manifest.generation)

    @property
    def _live(self) -> int | None:
        return self._pointer.number if self._pointer else None

    def _begin(self) -> None:
        try:
            self._pointer = read_pointer(self._layout.pointer)
        except IndexMismatch:
            if not self._rebuild:
                raise
        if self._pointer is None and not self._rebuild:
            self._pointer = recover_pointer(self._layout)
        self._number = fresh_number(self._layout)
        if self._pointer is not None and not self._rebuild:
            cache = SegmentCache(self._layout.root)
            try:
                self.previous = open_generation(self._layout, self._pointer, _NoEmbeddings(), cache)
            except FileNotFoundError as e:
                raise IndexMismatch(f"{e.filename} is missing: {REBUILD}") from e
            self._manifest = self.previous.manifest
            check_embedding(self._manifest, self._embedding)
            check_chunking(self._manifest, self._chunking)
        collect(self._layout, self._keep)

    def _open_draft(self) -> GenerationDraft:
        if self._draft is None:
            self._draft = GenerationDraft(
                self._layout,
                self._number,
                self._manifest,
                embedding=self._embedding,
                chunking=self._chunking,
                segment_chunks=self._segment_chunks,
            )
        return self._draft

    def _make_live(self, draft: GenerationDraft, *, compacts: int | None = None) -> int:
        manifest, content = draft.finish(follows=self._live, compacts=compacts)
        pointer = Pointer(manifest.generation, hashlib.sha256(content).hexdigest())
        write_pointer(self._layout.pointer, pointer)
        self._pointer, self._manifest = pointer, manifest
        self._draft, self._changed = None, False
        self._number = fresh_number(self._layout)
        collect(self._layout, self._keep)
        return manifest.generation

    def _give_up(self) -> None:
        if self._draft is not None:
            self._draft.abandon()
            self._draft = None
        self._changed = False
