"""What gives a patient away: ids, and short pieces of all that was written of them."""

import html
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from ingest.erase.windows import WINDOW, Windower, WindowSet

STRIDE = 8
"""A piece of text is taken every so many bytes, so whatever is left of WINDOW + STRIDE - 1 bytes holds one."""

MOST_TEXT_WINDOWS = 200_000
SHORTEST_ID = 6
"""A shorter id is no mark by its bytes: half of all files hold them. It is looked for by column and field name."""

_PLAIN = re.compile(r"""[^\x00-\x1f"\\<>&']+""")


class Kind(StrEnum):
    """What a piece of bytes was taken from."""

    TEXT = "text of a note"
    ANSWER = "words of a summary"
    NAME = "id or digest"
    VECTOR = "vector"


class Role(StrEnum):
    """What an id is the id of; the value names the column or field that holds such ids."""

    PATIENT = "patient_id"
    NOTE = "note_id"
    ENCOUNTER = "encounter_id"
    SUMMARY = "summary_id"


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """All that is looked for. `ids` are exact; `sets` holds pieces of bytes, by what they were taken from."""

    ids: dict[Role, frozenset[str]]
    sets: tuple[tuple[Kind, WindowSet], ...]

    def counts(self) -> dict[str, int]:
        """How many there are of each kind."""
        counts: Counter[str] = Counter()
        for kind, windows in self.sets:
            counts[kind.value] += len(windows.hashes)
        return dict(counts)

    @property
    def short_ids(self) -> int:
        """How many ids are too short to be looked for by their bytes."""
        return sum(len(i.encode("utf-8", "replace")) < SHORTEST_ID for ids in self.ids.values() for i in ids)


@dataclass(slots=True)
class Gathered:
    """Marks as they are being collected, from every place that holds something."""

    ids: dict[Role, set[str]] = field(default_factory=lambda: {role: set() for role in Role})
    digests: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    vectors: list[NDArray[np.uint8]] = field(default_factory=list)

    def marks(self, windower: Windower) -> Marks:
        """What to look for."""
        texts = set(_pieces(self.texts))
        answers = set(_pieces(self.answers)) - texts
        vectors = {row[at : at + WINDOW].tobytes() for block in self.vectors for row in block for at in _places(row)}
        names: dict[int, set[bytes]] = {}
        for name in {*self.digests, *(i for ids in self.ids.values() for i in ids)}:
            for form in _forms(name):
                names.setdefault(len(form), set()).add(form)
        sets = [(Kind.TEXT, texts), (Kind.ANSWER, answers), (Kind.VECTOR, vectors - {bytes(WINDOW)})]
        sets += [(Kind.NAME, forms) for _, forms in sorted(names.items())]
        return Marks(
            {role: frozenset(ids) for role, ids in self.ids.items()},
            tuple((kind, windower.window_set(len(next(iter(w))), w)) for kind, w in sets if w),
        )


def _places(vector: NDArray[np.uint8]) -> tuple[int, int]:
    """Where in a vector to look: one that is cut in two is found by one of the halves."""
    return 0, (len(vector) // 8) * 4


def _pieces(texts: Iterable[str]) -> Iterable[bytes]:
    distinct = list(dict.fromkeys(texts))
    stride = max(STRIDE, sum(map(len, distinct)) // MOST_TEXT_WINDOWS)
    for text in distinct:
        yield from _windows(text.encode("utf-8", "replace"), stride)
        # The same words as they stand in JSON and in a page: cut where a character is written in another way there.
        for run in _PLAIN.findall(text):
            yield from _windows(run.encode("utf-8", "replace"), stride)
        if not text.isascii():
            for line in text.split("\n"):
                yield from _windows(json.dumps(line)[1:-1].encode(), stride)
                yield from _windows(html.escape(line).encode("utf-8", "replace"), stride)


def _windows(content: bytes, stride: int) -> Iterable[bytes]:
    for at in range(0, len(content) - WINDOW + 1, stride):
        window = content[at : at + WINDOW]
        # Rules and blank forms are nobody's words.
        if len(set(window)) > 5:
            yield window


def _forms(name: str) -> Iterable[bytes]:
    forms = {name, quote(name, safe=""), quote(name), json.dumps(name)[1:-1], name.casefold()}
    for form in forms:
        content = form.encode("utf-8", "replace")
        if len(content) >= SHORTEST_ID:
            yield content[-WINDOW:]


def telling(ids: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern of those ids that are long enough to be told from other words, standing apart; None without any."""
    long = sorted((re.escape(i) for i in set(ids) if len(i.encode("utf-8", "replace")) >= SHORTEST_ID), reverse=True)
    return re.compile(rf"(?<![0-9A-Za-z])(?:{'|'.join(long)})(?![0-9A-Za-z])") if long else None
