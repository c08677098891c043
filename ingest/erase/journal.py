"""The journal of an erasure under way: what to look for, kept until it is complete.

Once the chart is gone nothing could be looked for any more, so a run that is interrupted leaves this behind for the
next one. Pieces of text are in it as keyed hashes and digests only; ids are sealed with a key that is made of the key
of the tombstones and the patient's id, which the next run is given again.
"""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from ingest.erase.marks import Kind, Marks, Role
from ingest.erase.windows import Windower, WindowSet
from vectorstore.durable import sync_folder

FOLDER = "erasing"
_DIGEST = 16


class Journal:
    """The journal of one patient's erasure."""

    def __init__(self, index_dir: Path, key: bytes, patient_id: str) -> None:
        name = patient_id.encode("utf-8", "surrogatepass")
        self._key = hashlib.blake2b(name, key=key, digest_size=32, person=b"anamnesis.erase").digest()
        number = hashlib.blake2b(b"file", key=self._key, digest_size=8).hexdigest()
        self._path = index_dir / FOLDER / f"{number}.json"
        self.windower = Windower(self._key)

    def read(self) -> Marks | None:
        """What an interrupted run was looking for; None where there was none, or it was cut off while writing."""
        try:
            raw = json.loads(self._path.read_bytes())
            ids = json.loads(self._seal(base64.b64decode(raw["ids"]), base64.b64decode(raw["nonce"])))
            return Marks(
                {role: frozenset(ids[role.value]) for role in Role}, tuple(_window_set(entry) for entry in raw["sets"])
            )
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, KeyError, TypeError):
            return None

    def write(self, marks: Marks) -> None:
        """Keep what is looked for; durable when it returns."""
        nonce = os.urandom(16)
        ids = json.dumps({role.value: sorted(found) for role, found in marks.ids.items()}).encode()
        content = json.dumps(
            {
                "nonce": base64.b64encode(nonce).decode(),
                "ids": base64.b64encode(self._seal(ids, nonce)).decode(),
                "sets": [_entry(kind, windows) for kind, windows in marks.sets],
            }
        )
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        sync_folder(self._path.parent)

    def remove(self) -> None:
        """Nothing is under way any more."""
        self._path.unlink(missing_ok=True)
        self._path.with_suffix(".new").unlink(missing_ok=True)
        if self._path.parent.is_dir() and not any(self._path.parent.iterdir()):
            self._path.parent.rmdir()

    def _seal(self, content: bytes, nonce: bytes) -> bytes:
        # Sealing and opening are the same: the bytes of SHAKE-256 (FIPS 202) over the key, taken once for each nonce.
        stream = hashlib.shake_256(self._key + nonce).digest(len(content))
        return bytes(a ^ b for a, b in zip(content, stream, strict=True))


def merged(first: Marks | None, second: Marks) -> Marks:
    """What either looks for."""
    if first is None:
        return second
    sets = {(kind, windows.length): windows for kind, windows in first.sets}
    for kind, windows in second.sets:
        other = sets.get((kind, windows.length))
        sets[kind, windows.length] = windows if other is None else _union(other, windows)
    return Marks(
        {role: first.ids[role] | second.ids[role] for role in Role}, tuple((k, w) for (k, _), w in sets.items())
    )


def _union(first: WindowSet, second: WindowSet) -> WindowSet:
    hashes = np.concatenate([first.hashes, second.hashes])
    digests = first.digests + second.digests
    kept, places = np.unique(hashes, return_index=True)
    return WindowSet(first.length, kept, tuple(digests[i] for i in places))


def _entry(kind: Kind, windows: WindowSet) -> dict[str, Any]:
    return {
        "kind": kind.value,
        "length": windows.length,
        "hashes": base64.b64encode(windows.hashes.astype("<u8").tobytes()).decode(),
        "digests": base64.b64encode(b"".join(windows.digests)).decode(),
    }


def _window_set(raw: dict[str, Any]) -> tuple[Kind, WindowSet]:
    hashes = np.frombuffer(base64.b64decode(raw["hashes"]), "<u8").astype(np.uint64)
    content = base64.b64decode(raw["digests"])
    digests = tuple(content[at : at + _DIGEST] for at in range(0, len(content), _DIGEST))
    if len(digests) != len(hashes):
        raise ValueError("as many digests as hashes are needed")
    return Kind(raw["kind"]), WindowSet(int(raw["length"]), hashes, digests)
