"""The cases: what a note says, and other ways to say it that a clinician would sign."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core.records import SectionKind

Degree: TypeAlias = Literal[
    "near_copy", "reordered", "abbreviation", "numerals", "synonym", "merged", "shortened", "rewritten"
]
"""How far a restatement goes from its source.

`near_copy` changes a word or two; `reordered` the order or the voice; `abbreviation` expands or contracts; `numerals`
writes numbers, frequencies and units another way; `synonym` exchanges lay and medical words; `merged` makes one
sentence of several; `shortened` leaves details out; `rewritten` does several of these at once.
"""

DEGREES: tuple[Degree, ...] = get_args(Degree)
DATA = Path(__file__).parent / "data"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(_Strict):
    """Where a sentence stands: the note, and the section of it."""

    note_type: str
    heading: str
    kind: SectionKind
    charted_at: str


class Source(_Strict):
    """A sentence of a note."""

    place: Place
    text: str


class Restatement(_Strict):
    """The same said otherwise. `cites` counts the case's sources from 1; empty means all of them."""

    id: str
    degree: Degree
    text: str
    cites: tuple[int, ...] = ()


class Case(_Strict):
    """What a small chart says, and what may therefore be said. Every restatement follows from what it cites."""

    id: str
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    restated: Annotated[tuple[Restatement, ...], Field(min_length=1)]

    def cited(self, cites: tuple[int, ...]) -> tuple[int, ...]:
        """Positions of the cited sources, counted from 0. Raises IndexError for one that is not there."""
        positions = tuple(i - 1 for i in cites) or tuple(range(len(self.sources)))
        if any(not 0 <= p < len(self.sources) for p in positions):
            raise IndexError(f"{self.id} cites {cites} of {len(self.sources)} sources; count them from 1")
        return positions


_CASES = TypeAdapter(tuple[Case, ...])


@lru_cache(maxsize=1)
def load_cases() -> tuple[Case, ...]:
    """All cases, file by file in the order of their names. Raises ValidationError where a file is malformed."""
    return tuple(case for path in _files(DATA) for case in _CASES.validate_python(_read(path)))


def data_digests(folder: Path = DATA) -> Iterator[tuple[str, str]]:
    """The name of each data file of a folder with its SHA-256."""
    for path in _files(folder):
        yield f"{folder.parent.name}/{path.name}", hashlib.sha256(path.read_bytes()).hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml"))


def _read(path: Path) -> object:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
