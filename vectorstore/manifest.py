"""The manifest of a generation: what it was built with, and a checksum for each of its files."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import IndexMismatch
from vectorstore.seal import is_whole, sealed
from vectorstore.specs import ChunkingSpec, EmbeddingSpec

SCHEMA_VERSION = 2
REBUILD = "run `make ingest NOTES=… REBUILD=1` with all sources"
VERIFY = f"run `python -m vectorstore.verify`, which tells the shortest way out, or {REBUILD.removeprefix('run ')}"
MIGRATE = "run `python -m vectorstore.migrate`"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file below the index folder, its size in bytes and its SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """A segment: `patients` and `vectors` count what was written, `live_…` what of it the generation uses."""

    name: str
    patients: int
    vectors: int
    live_patients: int
    live_vectors: int
    files: tuple[FileEntry, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a generation holds."""

    patients: int
    notes: int
    chunks: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """One published state of the index. `published_at` is Unix time in seconds.

    `follows` is the number of the generation that was live before it, `compacts` the same where it holds that one's
    charts unchanged in other segments; each is None where there is none.
    """

    schema_version: int
    generation: int
    published_at: float
    embedding: EmbeddingSpec
    chunking: ChunkingSpec
    counts: Counts
    segments: tuple[SegmentEntry, ...]
    directory: FileEntry
    follows: int | None = None
    compacts: int | None = None

    def files(self) -> tuple[FileEntry, ...]:
        """Every file of the generation but the manifest itself."""
        return (self.directory, *(file for segment in self.segments for file in segment.files))

    def to_json(self) -> bytes:
        """The manifest as it is written, with a checksum of itself."""
        return sealed(asdict(self))


def schema_of(content: bytes) -> int | None:
    """The schema version that a manifest names; None where it is damaged, as far as that can be told."""
    try:
        version = int(json.loads(content)["schema_version"])
    except (ValueError, KeyError, TypeError):
        return None
    # The first schema knew no seal, and a later one may have another.
    return None if version == SCHEMA_VERSION and not is_whole(content) else version


def parse_manifest(content: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        IndexMismatch: it is damaged, or of another schema version.
    """
    version = schema_of(content)
    if version is None:
        raise IndexMismatch(f"the manifest of the index is damaged: {VERIFY}")
    if version > SCHEMA_VERSION:
        raise IndexMismatch(
            f"the index has schema {version} and this program reads {SCHEMA_VERSION}: update the program, or {REBUILD}"
        )
    if version < SCHEMA_VERSION:
        raise IndexMismatch(
            f"the index has schema {version} and this program reads {SCHEMA_VERSION}: {MIGRATE}, or {REBUILD}"
        )
    try:
        return _from_raw(json.loads(content))
    except (KeyError, TypeError, ValueError) as e:
        raise IndexMismatch(f"the manifest of the index is damaged: {VERIFY}") from e


def _from_raw(raw: dict[str, Any]) -> Manifest:
    return Manifest(
        schema_version=int(raw["schema_version"]),
        generation=int(raw["generation"]),
        published_at=float(raw["published_at"]),
        embedding=EmbeddingSpec(**raw["embedding"]),
        chunking=ChunkingSpec(**raw["chunking"]),
        counts=Counts(**raw["counts"]),
        segments=tuple(
            SegmentEntry(**{**entry, "files": tuple(FileEntry(**file) for file in entry["files"])})
            for entry in raw["segments"]
        ),
        directory=FileEntry(**raw["directory"]),
        follows=_number(raw["follows"]),
        compacts=_number(raw["compacts"]),
    )


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


def check_embedding(manifest: Manifest, spec: EmbeddingSpec) -> None:
    """Refuse an index whose vectors another model made.

    Raises:
        IndexMismatch: naming both models and the command that mends it.
    """
    built = manifest.embedding
    if not built.same_vectors(spec):
        raise IndexMismatch(
            f"the index was built with {_name(built)} and the settings name {_name(spec)}: "
            f"set ANAMNESIS_EMBEDDING__MODEL back, or {REBUILD}"
        )


def check_chunking(manifest: Manifest, spec: ChunkingSpec) -> None:
    """Refuse to refresh an index whose notes were cut in another way.

    Raises:
        IndexMismatch: naming both ways and the command that mends it.
    """
    built = manifest.chunking
    if built != spec:
        raise IndexMismatch(
            f"the index was chunked by rules {built.version} at {built.chunk_tokens} tokens and the settings say "
            f"{spec.version} at {spec.chunk_tokens}: set ANAMNESIS_INGEST__CHUNK_TOKENS back, or {REBUILD}"
        )


def _name(spec: EmbeddingSpec) -> str:
    return f"{spec.model} ({spec.dimension} dimensions, weights {spec.weight_digest[:12]})"
