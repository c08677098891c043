"""A generation that is being written: new segments, and a copy of the directory that points into them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import IngestFailed
from vectorstore.directory_draft import DirectoryDraft
from vectorstore.durable import replace_atomically, sha256_of, sync_folder
from vectorstore.layout import CATALOG, DIRECTORY, MANIFEST, Layout
from vectorstore.manifest import SCHEMA_VERSION, FileEntry, Manifest, SegmentEntry
from vectorstore.segment_builder import PatientPlace, PatientRecord, SegmentBuilder, check
from vectorstore.specs import ChunkingSpec, EmbeddingSpec


class GenerationDraft:
    """Takes patients in any order and writes each as it comes; starts from the charts of `base`, if there is one.

    A segment is closed before a patient would take it past `segment_chunks` vectors, so that one which is larger holds
    a single patient. What is kept in memory does not grow with the number of patients.
    """

    def __init__(
        self,
        layout: Layout,
        number: int,
        base: Manifest | None,
        *,
        embedding: EmbeddingSpec,
        chunking: ChunkingSpec,
        segment_chunks: int,
    ) -> None:
        self.number = number
        self._layout = layout
        self._embedding = embedding
        self._chunking = chunking
        self._segment_chunks = segment_chunks
        self._entries = {entry.name: entry for entry in base.segments} if base else {}
        self._new: list[str] = []
        self._builder: SegmentBuilder | None = None
        self._broken = False
        folder = layout.generation(number)
        folder.mkdir(parents=True)
        self._path = folder / DIRECTORY
        self.directory = DirectoryDraft(self._path, layout.root, base)

    def put(self, record: PatientRecord) -> None:
        """Replace a patient whole.

        Raises:
            ValueError: a note is another patient's, or vectors do not fit their chunks; or a note id is used twice,
                after which this draft cannot be finished.
        """
        check(record, self._embedding.dimension)
        with self._spoiled_by_errors():
            builder = self._builder_for(record.vectors)
            builder.forget(record.patient_id)
            self.directory.put(builder.add(record))

    def copy(self, place: PatientPlace) -> None:
        """Copy a patient from the finished segment where they lie to a new one."""
        with self._spoiled_by_errors():
            builder = self._builder_for(place.vectors)
            self.directory.put(builder.copy(place, self._layout.segment(place.segment)))

    def remove(self, patient_id: str) -> bool:
        """Leave a patient out; returns whether there was one."""
        if self._builder is not None:
            self._builder.forget(patient_id)
        return self.directory.remove(patient_id)

    def finish(self, *, follows: int | None, compacts: int | None = None) -> tuple[Manifest, bytes]:
        """Wait until all is on disk. Returns the manifest and its bytes; nothing points at the generation yet.

        Raises:
            IngestFailed: a note id is used by two patients, or a patient could not be put.
        """
        if self._broken:
            raise IngestFailed("a chart could not be written, and nothing can be published without it: start over")
        if self._builder is not None:
            self._close_segment(self._builder)
        if compacts is None:
            self._refuse_shared_notes()
        self.directory.finish()
        shares = self.directory.shares
        manifest = Manifest(
            schema_version=SCHEMA_VERSION,
            generation=self.number,
            published_at=time.time(),
            embedding=self._embedding,
            chunking=self._chunking,
            counts=self.directory.counts,
            segments=tuple(
                SegmentEntry(e.name, e.patients, e.vectors, shares[e.name].patients, shares[e.name].vectors, e.files)
                for e in self._entries.values()
                if e.name in shares
            ),
            directory=FileEntry(
                self._path.relative_to(self._layout.root).as_posix(), self._path.stat().st_size, sha256_of(self._path)
            ),
            follows=follows,
            compacts=compacts,
        )
        content = manifest.to_json()
        # It shows up whole, as readers may come upon a generation before the pointer names it.
        replace_atomically(self._path.with_name(MANIFEST), content)
        for folder in (self._layout.generations, self._layout.root):
            sync_folder(folder)
        return manifest, content

    def abandon(self) -> None:
        """Close the files without finishing them; the next collection removes them."""
        if self._builder is not None:
            self._builder.abandon()
        self.directory.abandon()

    def _builder_for(self, vectors: int) -> SegmentBuilder:
        builder = self._builder
        if builder is not None and builder.vectors and builder.vectors + vectors > self._segment_chunks:
            self._close_segment(builder)
            builder = None
        if builder is None:
            builder = self._builder = self._new_segment()
        return builder

    @contextmanager
    def _spoiled_by_errors(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._broken = True
            raise

    def _new_segment(self) -> SegmentBuilder:
        name = f"{self.number:08d}" if not self._new else f"{self.number:08d}-{len(self._new) + 1}"
        builder = SegmentBuilder(self._layout.segment(name), self._embedding.dimension)
        self._new.append(name)
        return builder

    def _close_segment(self, builder: SegmentBuilder) -> None:
        files = builder.finish()
        self._builder = None
        self._entries[builder.name] = SegmentEntry(
            builder.name, builder.patients, builder.vectors, builder.patients, builder.vectors, files
        )

    def _refuse_shared_notes(self) -> None:
        used = [name for name in self._entries if name in self.directory.shares]
        new = set(self._new)
        for number, name in enumerate(used):
            if name in new and any(self._share_notes(name, other) for other in used[:number]):
                raise IngestFailed(
                    "a note id is used by two patients; note ids are unique in an index, so mend the source"
                )

    def _share_notes(self, name: str, other: str) -> bool:
        return self.directory.share_notes(name, self._catalog(name), other, self._catalog(other))

    def _catalog(self, name: str) -> Path:
        return self._layout.segment(name) / CATALOG
