"""What a run is asked to do."""

import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import IngestFailed
from ingest.deidentify import Policy
from ingest.sources import SourceInput

MAX_NAME_CHARS = 100
_UNSHOWABLE = frozenset({"Cc", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class IngestPlan:
    """What to read and how. Inputs with the same name belong to one source and are its whole snapshot together.

    `max_shrink` is the smallest share of its live notes that a source may come back with. With `skip_unchanged`, files
    that are as they were for the live generation are not read. Without `facts` none are looked for: the index is then
    good for measuring alone.
    """

    inputs: tuple[SourceInput, ...]
    index_dir: Path
    quarantine_dir: Path
    policy: Policy = "mask"
    max_note_chars: int = 2_000_000
    max_bad_share: float = 0.10
    max_shrink: float = 0.5
    chunk_tokens: int = 200
    keep: int = 3
    rebuild: bool = False
    allow_empty: bool = False
    allow_shrink: bool = False
    skip_unchanged: bool = True
    facts: bool = True

    @property
    def sources(self) -> list[str]:
        """The names of the sources, each once."""
        return list(dict.fromkeys(item.name for item in self.inputs))

    def without(self, sources: Collection[str]) -> "IngestPlan":
        """The same plan less the inputs of these sources."""
        return replace(self, inputs=tuple(item for item in self.inputs if item.name not in sources))


def name_inputs(inputs: Sequence[SourceInput], name: str | None) -> tuple[SourceInput, ...]:
    """Give all inputs one source name, or see to it that each has one of its own.

    Raises:
        IngestFailed: two inputs would share a name by accident: each would be half of a snapshot. Or a name is empty,
            too long, or cannot be shown.
    """
    for given in [name] if name is not None else [item.name for item in inputs]:
        _check_name(given)
    if name is not None:
        return tuple(replace(item, name=name) for item in inputs)
    names = Counter(item.name for item in inputs)
    shared = [n for n, count in names.items() if count > 1]
    if shared:
        raise IngestFailed(
            f"two inputs would both be source {shared[0]!r}; join them with --source NAME, or rename one"
        )
    return tuple(inputs)


def _check_name(name: str) -> None:
    if not name.strip():
        wrong = "empty"
    elif len(name) > MAX_NAME_CHARS:
        wrong = f"longer than {MAX_NAME_CHARS} characters"
    elif any("\ud800" <= char <= "\udfff" for char in name):
        wrong = "not UTF-8"
    elif any(unicodedata.category(char) in _UNSHOWABLE for char in name):
        wrong = "with a control character or a line break"
    else:
        return
    raise IngestFailed(f"the source name {name[:MAX_NAME_CHARS]!a} is {wrong}: give another with --source NAME")
