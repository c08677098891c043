"""Charts with questions that they answer."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import AnamnesisError
from core.records import Note


class Unreadable(AnamnesisError):
    """A data set is not in the format in which it was published."""

    code = "unreadable_data"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer stands: `start:end` of a note, or the whole note where only the document is known."""

    note_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to one patient's chart, and where its answer stands; without places nobody marked them."""

    patient_id: str
    question_id: str
    text: str = field(repr=False)
    places: tuple[Place, ...] = ()

    @property
    def unit(self) -> str:
        """What an observation of it is called."""
        return f"{self.patient_id}/{self.question_id}"


@dataclass(frozen=True, slots=True)
class Dataset:
    """Notes, and questions about them. `apart` says that a patient's questions have no answer in another's notes.

    `digests` maps each file to its SHA-256.
    """

    name: str
    notes: tuple[Note, ...] = field(repr=False)
    questions: tuple[Asked, ...] = ()
    apart: bool = False
    digests: Mapping[str, str] = field(default_factory=dict)


def digests(name: str, *paths: Path) -> dict[str, str]:
    """The SHA-256 of each file by `name/file`. Raises OSError."""
    found = {}
    for path in paths:
        with path.open("rb") as file:
            found[f"{name}/{path.name}"] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
