"""Looking at what lies in an index: each generation with its files, byte by byte against their checksums."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from core.errors import IndexMismatch
from vectorstore.durable import sha256_of
from vectorstore.layout import MANIFEST, Layout
from vectorstore.lease import Lease
from vectorstore.manifest import SCHEMA_VERSION, FileEntry, Manifest, parse_manifest, schema_of


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is not what was published."""

    path: Path
    problem: str


@dataclass(frozen=True, slots=True)
class Examined:
    """A generation: its manifest where that can be read, and everything that is wrong with its files.

    `schema` is another version than this program's where the generation was written by another release; its files
    are then not looked at.
    """

    number: int
    manifest_sha256: str
    schema: int | None
    manifest: Manifest | None
    damage: tuple[Damage, ...]

    @property
    def whole(self) -> bool:
        """Whether it can be served."""
        return self.manifest is not None and not self.damage


class Files:
    """The files of an index compared with manifests; each is read once, however many generations share it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._problems: dict[FileEntry, str | None] = {}

    def damage(self, manifest: Manifest) -> list[Damage]:
        """Every file of a generation that is missing, truncated or changed."""
        found = []
        for file in manifest.files():
            if file not in self._problems:
                self._problems[file] = _problem(self._root / file.path, file)
            problem = self._problems[file]
            if problem is not None:
                found.append(Damage(self._root / file.path, problem))
        return found


def examine(layout: Layout, number: int, files: Files | None) -> Examined:
    """Look at one generation, held meanwhile; at its manifest alone where `files` is None.

    Raises:
        FileNotFoundError: there is no such generation, or it was collected.
    """
    path = layout.generation(number) / MANIFEST
    lease = Lease(path)
    try:
        content = lease.read()
        digest = sha256(content).hexdigest()
        schema = schema_of(content)
        damaged = (Damage(path, "is damaged"),)
        if schema is None:
            return Examined(number, digest, None, None, damaged)
        if schema != SCHEMA_VERSION:
            return Examined(number, digest, schema, None, ())
        try:
            manifest = parse_manifest(content)
        except IndexMismatch:
            return Examined(number, digest, schema, None, damaged)
        if manifest.generation != number:
            return Examined(number, digest, schema, None, (Damage(path, f"is that of {manifest.generation}"),))
        found = files.damage(manifest) if files is not None else []
        return Examined(number, digest, schema, manifest, tuple(found))
    finally:
        lease.release()


def _problem(path: Path, file: FileEntry) -> str | None:
    try:
        size = path.stat().st_size
        if size != file.size:
            return f"has {size} bytes instead of {file.size}"
        return None if sha256_of(path) == file.sha256 else "has changed since it was published"
    except FileNotFoundError:
        return "is missing"
    except OSError as e:
        return f"cannot be read ({e.strerror})"
