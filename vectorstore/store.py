"""Reading an index: opens the live generation and follows the pointer to new ones."""

from hashlib import sha256
from pathlib import Path
from sqlite3 import DatabaseError
from threading import Lock
from weakref import WeakValueDictionary, finalize

from langchain_core.embeddings import Embeddings

from core.errors import IndexMismatch, IndexUnavailable
from vectorstore.directory import Directory
from vectorstore.generation import Generation
from vectorstore.layout import MANIFEST, Layout
from vectorstore.lease import Lease
from vectorstore.lost_pointer import why_nothing_is_live
from vectorstore.manifest import REBUILD, VERIFY, Manifest, check_embedding, parse_manifest
from vectorstore.pointer import ROLLBACK, Pointer, read_pointer
from vectorstore.segment import Segment
from vectorstore.specs import EmbeddingSpec

# A generation that is collected between the reading of the pointer and the opening of its files is simply followed.
_ATTEMPTS = 5


def read_manifest(layout: Layout, pointer: Pointer) -> Manifest:
    """The manifest of a generation.

    Raises:
        IndexMismatch: it does not have the checksum the pointer names, is damaged, or of another schema.
        FileNotFoundError: it is gone.
    """
    path = layout.generation(pointer.number) / MANIFEST
    return _vouched(path.read_bytes(), path, pointer)


class SegmentCache:
    """Segments that some generation still uses, so that a new generation opens only what is new."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: WeakValueDictionary[str, Segment] = WeakValueDictionary()

    def segments(self, manifest: Manifest) -> dict[str, Segment]:
        """All segments of a generation by name."""
        found = {}
        for entry in manifest.segments:
            # A name may come back with other content after an interrupted run; its checksums tell.
            key = f"{entry.name} {' '.join(file.sha256 for file in entry.files)}"
            segment = self._open.get(key)
            if segment is None:
                segment = self._open[key] = Segment(self._root, entry, manifest.embedding.dimension)
            found[entry.name] = segment
        return found


def open_generation(layout: Layout, pointer: Pointer, embeddings: Embeddings, cache: SegmentCache) -> Generation:
    """Open a generation, and hold it for as long as the object lives: nothing collects it meanwhile.

    Raises:
        IndexMismatch: it was built with another embedding model, or is damaged.
        FileNotFoundError: some file is gone.
    """
    path = layout.generation(pointer.number) / MANIFEST
    lease = Lease(path)
    try:
        manifest = _vouched(lease.read(), path, pointer)
        spec = getattr(embeddings, "spec", None)
        if isinstance(spec, EmbeddingSpec):
            check_embedding(manifest, spec)
        generation = Generation(
            layout.root, manifest, _open_directory(layout, manifest), cache.segments(manifest), embeddings
        )
    except DatabaseError as e:
        lease.release()
        raise IndexMismatch(
            f"a database of the index cannot be read: run `python -m vectorstore.verify {layout.root}`"
        ) from e
    except BaseException:
        lease.release()
        raise
    # Charts have the origin too: one that is read to its end after a switch holds its generation until then.
    finalize(generation.origin, lease.release)
    return generation


def _open_directory(layout: Layout, manifest: Manifest) -> Directory:
    path = layout.root / manifest.directory.path
    if path.stat().st_size != manifest.directory.size:
        raise IndexMismatch(f"{path} has the wrong size: run `python -m vectorstore.verify {layout.root}`")
    directory = Directory(path)
    # SQLite reads nothing before it is asked, and a request should not be the first to meet a file that is no database.
    directory.find("")
    return directory


def _vouched(content: bytes, path: Path, pointer: Pointer) -> Manifest:
    if sha256(content).hexdigest() != pointer.manifest_sha256:
        raise IndexMismatch(f"{path} is damaged: {VERIFY}")
    return parse_manifest(content)


class Store:
    """The index as a service reads it.

    Raises:
        IndexMismatch: the live generation was built with another embedding model, or is damaged.
        IndexUnavailable: this machine cannot open it now.
    """

    def __init__(self, root: Path, embeddings: Embeddings) -> None:
        self.root = root
        self.embeddings = embeddings
        self._layout = Layout(root)
        self._cache = SegmentCache(root)
        self._lock = Lock()
        self._pointer: Pointer | None = None
        self._generation: Generation | None = None
        self.refresh()

    @property
    def generation(self) -> Generation:
        """The live generation. Hold the object for the length of a request: it stays whole meanwhile.

        Raises:
            IndexUnavailable: nothing was published yet, or the pointer was lost.
        """
        if self._generation is None:
            raise IndexUnavailable(why_nothing_is_live(self._layout))
        return self._generation

    def checked_at(self) -> float | None:
        """When a writer last published the live generation or found it up to date, Unix time; None without one."""
        try:
            return self._layout.pointer.stat().st_mtime
        except OSError:
            return None

    def refresh(self) -> bool:
        """Look at the pointer and switch where it moved; returns whether it did. Cheap where it did not.

        Raises:
            IndexMismatch: the new generation cannot be served; the one before stays.
            IndexUnavailable: this machine cannot open it now; the one before stays.
        """
        if read_pointer(self._layout.pointer) == self._pointer:
            return False
        with self._lock:
            try:
                found = self._follow()
            except OSError as e:
                raise IndexUnavailable(f"{e.filename or self.root} cannot be opened ({e.strerror})") from e
            if found is None:
                return False
            self._pointer, self._generation = found
            return True

    def _follow(self) -> tuple[Pointer, Generation] | None:
        for attempt in range(_ATTEMPTS):
            pointer = read_pointer(self._layout.pointer)
            if pointer == self._pointer:
                return None
            if pointer is None:
                raise IndexMismatch(f"{self._layout.pointer} is missing: {ROLLBACK}, or {REBUILD}")
            try:
                return pointer, open_generation(self._layout, pointer, self.embeddings, self._cache)
            except (FileNotFoundError, IndexMismatch) as e:
                # The writer may have moved the pointer on while this generation was being opened.
                if attempt < _ATTEMPTS - 1 and read_pointer(self._layout.pointer) != pointer:
                    continue
                if isinstance(e, FileNotFoundError):
                    raise IndexMismatch(f"{e.filename} is missing: {VERIFY}") from e
                raise
        raise AssertionError("unreachable")
