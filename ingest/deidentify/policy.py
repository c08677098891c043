"""What is done about identifiers: a policy per source."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from core.records import Note
from ingest.deidentify.identifiers import Detector, Identifier, IdentifierKind

Policy: TypeAlias = Literal["trust", "mask", "quarantine"]


class Deidentifier:
    """Applies one policy to notes, and counts the identifiers it met by kind."""

    def __init__(self, policy: Policy, detector: Detector) -> None:
        self.policy = policy
        self.counts: Counter[IdentifierKind] = Counter()
        self._detector = detector

    def apply(self, note: Note) -> Note | None:
        """The note as it may be stored; None where the policy sets it aside."""
        if self.policy == "trust":
            return note
        found = self._detector.detect(note.text)
        if not found:
            return note
        self.counts.update(identifier.kind for identifier in found)
        return replace(note, text=mask(note.text, found)) if self.policy == "mask" else None


def mask(text: str, found: Sequence[Identifier]) -> str:
    """Put a mask in place of each identifier; `found` is in order and free of overlaps."""
    parts: list[str] = []
    position = 0
    for identifier in found:
        parts += text[position : identifier.start], identifier.kind.mask
        position = identifier.end
    return "".join([*parts, text[position:]])
