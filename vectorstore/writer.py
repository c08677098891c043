"""Writing an index: one writer builds a generation beside the live one and publishes it with one atomic rename."""

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from core.errors import IndexMismatch, IngestFailed
from core.records import ProcessedNote, SkippedNote
from vectorstore.collection import collect
from vectorstore.compaction import merge, worth_merging
from vectorstore.directory import DirectoryDraft
from vectorstore.durable import sha256_of, sync_folder, write_synced
from vectorstore.generation import Generation
from vectorstore.layout import DIRECTORY, MANIFEST, Layout
from vectorstore.lock import WriterLock
from vectorstore.manifest import (
    SCHEMA_VERSION,
    FileEntry,
    Manifest,
    SegmentEntry,
    check_chunking,
    check_embedding,
)
from vectorstore.pointer import Pointer, read_pointer, write_pointer
from vectorstore.segment import Segment
from vectorstore.segment_builder import PatientPlace, PatientRecord, SegmentBuilder
from vectorstore.specs import ChunkingSpec, EmbeddingSpec
from vectorstore.store import SegmentCache, open_generation
from vectorstore.stored_note import StoredNote, stored_note

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
    """

    def __init__(
        self, root: Path, *, embedding: EmbeddingSpec, chunking: ChunkingSpec, keep: int = 3, rebuild: bool = False
    ) -> None:
        self.previous: Generation | None = None
        self._layout = Layout(root)
        self._embedding = embedding
        self._chunking = chunking
        self._keep = keep
        self._rebuild = rebuild
        self._lock = WriterLock(self._layout.lock)
        self._live: int | None = None
        self._number = 0
        self._builder: SegmentBuilder | None = None
        self._put: dict[str, PatientPlace] = {}
        self._removed: set[str] = set()

    def __enter__(self) -> Self:
        """Take the lock, clear what a crash left and open the live generation.

        Raises:
            IngestFailed: another writer is at work.
            IndexMismatch: the live generation was built with another model or chunking and `rebuild` is not set.
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
            if self._builder is not None:
                self._builder.abandon()
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
        """
        chunks = sum(len(item.chunks) for item in notes)
        if vectors.shape != (chunks, self._embedding.dimension):
            needed = (chunks, self._embedding.dimension)
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
        """
        record = PatientRecord(patient_id, tuple(notes), quarantined, tuple(skipped))
        if self._builder is None:
            self._builder = self._new_segment("")
        if patient_id in self._put:
            self._builder.forget(patient_id)
        self._put[patient_id] = self._builder.add(record)
        self._removed.discard(patient_id)

    def remove_patient(self, patient_id: str) -> None:
        """Leave a patient out of the new generation."""
        if self._put.pop(patient_id, None) is not None and self._builder is not None:
            self._builder.forget(patient_id)
        self._removed.add(patient_id)

    def publish(self) -> int:
        """Make the new generation the live one and collect what is no longer kept. Returns its number.

        Where nothing changed the live one stays and its number comes back (0 where there is none); the time of its
        pointer then says when it was last found to be up to date.

        Raises:
            IngestFailed: a note id of a patient that was put is also another patient's.
        """
        if not self._put and not self._changes_by_removal():
            if self._live:
                os.utime(self._layout.pointer)
            return self._live or 0
        self._layout.generations.mkdir(parents=True, exist_ok=True)
        self._layout.generation(self._number).mkdir()
        draft = DirectoryDraft(self._layout.generation(self._number) / DIRECTORY, self._previous_directory())
        try:
            manifest = self._build(draft)
        except BaseException:
            draft.abandon()
            raise
        content = manifest.to_json()
        folder = self._layout.generation(self._number)
        write_synced(folder / MANIFEST, content)
        sync_folder(folder)
        sync_folder(self._layout.generations)
        write_pointer(self._layout.pointer, Pointer(self._number, hashlib.sha256(content).hexdigest()))
        self._live = self._number
        self._put, self._removed, self._builder = {}, set(), None
        collect(self._layout, self._keep)
        return self._live

    def _begin(self) -> None:
        try:
            pointer = read_pointer(self._layout.pointer)
        except IndexMismatch:
            if not self._rebuild:
                raise
            pointer = None
        self._live = pointer.number if pointer else None
        self._number = max([self._live or 0, *self._layout.generation_numbers()]) + 1
        if pointer is not None and not self._rebuild:
            try:
                self.previous = open_generation(self._layout, pointer, _NoEmbeddings(), SegmentCache(self._layout.root))
            except FileNotFoundError as e:
                raise IndexMismatch(f"{e.filename} is missing: run `make ingest NOTES=… REBUILD=1`") from e
            check_embedding(self.previous.manifest, self._embedding)
            check_chunking(self.previous.manifest, self._chunking)
        collect(self._layout, self._keep)

    def _build(self, draft: DirectoryDraft) -> Manifest:
        entries = {entry.name: entry for entry in self.previous.manifest.segments} if self.previous else {}
        segments: dict[str, Segment] = dict(self.previous.open_segments()) if self.previous else {}
        for patient_id in self._removed:
            draft.remove(patient_id)
        for place in self._put.values():
            draft.put(place)
        if self._builder is not None:
            self._finish(self._builder, len(self._put), entries, segments)
            self._refuse_shared_notes(segments, self._builder.name, draft)
        chosen = worth_merging(entries.values(), draft.shares())
        if chosen:
            merged = self._new_segment("-merged")
            merge(segments, chosen, draft, merged)
            self._finish(merged, len(draft.places(merged.name)), entries, segments)
        shares, counts = draft.shares(), draft.counts()
        draft.finish()
        path = self._layout.generation(self._number) / DIRECTORY
        return Manifest(
            schema_version=SCHEMA_VERSION,
            generation=self._number,
            published_at=time.time(),
            embedding=self._embedding,
            chunking=self._chunking,
            counts=counts,
            segments=tuple(
                SegmentEntry(e.name, e.patients, e.vectors, shares[e.name].patients, shares[e.name].vectors, e.files)
                for e in entries.values()
                if e.name in shares
            ),
            directory=FileEntry(path.relative_to(self._layout.root).as_posix(), path.stat().st_size, sha256_of(path)),
            follows=self._live,
        )

    def _new_segment(self, suffix: str) -> SegmentBuilder:
        return SegmentBuilder(self._layout.segment(f"{self._number:08d}{suffix}"), self._embedding.dimension)

    def _finish(
        self, builder: SegmentBuilder, patients: int, entries: dict[str, SegmentEntry], segments: dict[str, Segment]
    ) -> None:
        files = builder.finish()
        entry = SegmentEntry(builder.name, patients, builder.vectors, patients, builder.vectors, files)
        entries[builder.name] = entry
        segments[builder.name] = Segment(self._layout.root, entry, self._embedding.dimension)

    def _refuse_shared_notes(self, segments: Mapping[str, Segment], new: str, draft: DirectoryDraft) -> None:
        shares = draft.shares()
        others = [segment for name, segment in segments.items() if name != new and name in shares]
        if not others:
            return
        for note_id in segments[new].note_ids():
            for segment in others:
                owner = segment.owner_of(note_id)
                place = draft.find(owner.patient_id) if owner else None
                if owner and place and (place.segment, place.patient_key) == (segment.name, owner.patient_key):
                    raise IngestFailed(
                        "a note id is used by two patients; note ids are unique in an index, so mend the source"
                    )

    def _previous_directory(self) -> Path | None:
        if self.previous is None:
            return None
        return self._layout.root / self.previous.manifest.directory.path

    def _changes_by_removal(self) -> bool:
        return self.previous is not None and any(self.previous.has(patient_id) for patient_id in self._removed)
