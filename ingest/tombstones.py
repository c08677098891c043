"""Tombstones: patients who were erased and whom no run may bring back, until that is lifted.

`tombstones.json` in the index folder holds keyed BLAKE2b digests (RFC 7693) of their ids, never the ids; the key lies
beside it in `tombstones.key`. Whoever loses the key can no longer tell whom the file means, so it is then refused; the
file says by a digest which key it means.
"""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from core.errors import IngestFailed
from vectorstore.durable import replace_atomically, sync_folder

FILE = "tombstones.json"
KEY_FILE = "tombstones.key"
_KEY_BYTES = 32
_PERSON = b"anamnesis.tomb"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An erased patient: the digest of the id, the number of the erasure, and when it was asked for (UTC, ISO 8601)."""

    digest: str
    number: int
    at: str


@dataclass(frozen=True, slots=True)
class Tombstones:
    """The tombstones of an index as they were when read. `last` is the highest number ever given."""

    index_dir: Path
    key: bytes
    stones: tuple[Tombstone, ...]
    digests: frozenset[str]
    last: int = 0

    @classmethod
    def read(cls, index_dir: Path) -> Self:
        """Read them; none where the index has none. Read them while holding the writer lock, or they may be old.

        Raises:
            IngestFailed: the file is damaged or its key is gone, so it cannot be told who was erased.
        """
        file, key_file = index_dir / FILE, index_dir / KEY_FILE
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            return cls(index_dir, _read_key(key_file), (), frozenset())
        except OSError as e:
            raise IngestFailed(f"{file} cannot be read ({e.strerror}): mend its permissions") from e
        try:
            raw = json.loads(content)
            stones = tuple(Tombstone(str(s["digest"]), int(s["number"]), str(s["at"])) for s in raw["tombstones"])
            last, checked = int(raw["last"]), str(raw["key_check"])
        except (ValueError, KeyError, TypeError) as e:
            raise IngestFailed(f"{file} is damaged: put it back from a backup, else erased patients return") from e
        key = _read_key(key_file)
        if stones and checked != _check(key):
            raise IngestFailed(
                f"{key_file} is missing or damaged, so it cannot be told who was erased: put it back from a backup, "
                f"or remove {file} and erase those patients again"
            )
        return cls(index_dir, key, stones, frozenset(s.digest for s in stones), last)

    def holds(self, patient_id: str) -> bool:
        """Whether this patient was erased and may not come back."""
        return bool(self.digests) and self.digest_of(patient_id) in self.digests

    def find(self, patient_id: str) -> Tombstone | None:
        """The tombstone of a patient."""
        if not self.stones:
            return None
        digest = self.digest_of(patient_id)
        return next((stone for stone in self.stones if stone.digest == digest), None)

    def digest_of(self, patient_id: str) -> str:
        """The keyed digest that stands for a patient, in hex."""
        return hashlib.blake2b(
            patient_id.encode("utf-8", "surrogatepass"), digest_size=32, key=self.key, person=_PERSON
        ).hexdigest()

    def add(self, patient_id: str, *, at: str) -> Tombstone:
        """Keep a patient from coming back; durable when it returns. One who has a tombstone keeps that one."""
        with _changing(self.index_dir):
            now = self.read(self.index_dir)
            if len(now.key) != _KEY_BYTES:
                _make_key(self.index_dir / KEY_FILE)
                now = self.read(self.index_dir)
            found = now.find(patient_id)
            if found is None:
                found = Tombstone(now.digest_of(patient_id), now.last + 1, at)
                _write(self.index_dir, now.key, (*now.stones, found), found.number)
            return found

    def lift(self, patient_id: str) -> Tombstone | None:
        """Let a patient come back with the next run. Returns the tombstone that stood, None where there was none."""
        with _changing(self.index_dir):
            now = self.read(self.index_dir)
            found = now.find(patient_id)
            if found is not None:
                _write(self.index_dir, now.key, tuple(s for s in now.stones if s != found), now.last)
            return found


@contextmanager
def _changing(index_dir: Path) -> Iterator[None]:
    # Not the writer's lock: a tombstone has to stand before a long run of ingest has ended.
    index_dir.mkdir(parents=True, exist_ok=True)
    handle = os.open(index_dir / "tombstones.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read_key(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as e:
        raise IngestFailed(f"{path} cannot be read ({e.strerror}): mend its permissions") from e


def _make_key(path: Path) -> None:
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def _check(key: bytes) -> str:
    """Tells one key from another, and a damaged one from both."""
    return hashlib.sha256(_PERSON + key).hexdigest()[:16]


def _write(index_dir: Path, key: bytes, stones: tuple[Tombstone, ...], last: int) -> None:
    content = {"last": last, "key_check": _check(key), "tombstones": [asdict(stone) for stone in stones]}
    replace_atomically(index_dir / FILE, json.dumps(content, indent=1).encode() + b"\n", private=True)
