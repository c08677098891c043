"""The proof: nothing of the patient is found anywhere any more, but for what other charts say too."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ingest.erase.marks import Kind, Marks
from ingest.erase.search import MarkKey, Place, Searcher, Seen
from ingest.erase.windows import WINDOW

MOST_VECTORS_ALIKE = 0.25
"""In a folder that is not ours, a larger share of the patient's vectors is theirs, a smaller one of stock phrases."""

Words = Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A file with something of the patient: pieces by kind, ids by column or field, an id in the file's own name."""

    seen: Seen
    pieces: dict[str, int]

    @property
    def says(self) -> str:
        """What was found, without quoting it."""
        parts = [f"{count} × {kind}" for kind, count in self.pieces.items()]
        parts += [f"an id in {name}" for name in self.seen.named]
        parts += ["an id in the file's name"] if self.seen.in_name else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was searched under one name."""

    place: Place
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What a search found.

    `alike` are files elsewhere with so little on end that it is anybody's words, `closed` those that could not be
    looked into whole, `explained` how many different pieces other charts hold too.
    """

    searched: tuple[Coverage, ...]
    findings: tuple[Finding, ...]
    alike: tuple[Finding, ...]
    closed: tuple[Seen, ...]
    explained: int


def prove(
    searcher: Searcher, marks: Marks, places: Sequence[Place], explanations: Sequence[tuple[frozenset[Kind], Words]]
) -> Proof:
    """Search these places. `explanations` are the words of others, each with the kinds of pieces it may explain."""
    seen = list(searcher.search(places))
    open_questions = {key for item in seen for key, _ in item.marks}
    asked = len(open_questions)
    for kinds, words in explanations:
        wanted = {key for key in open_questions if marks.sets[key[0]][0] in kinds}
        if wanted:
            open_questions -= searcher.explained_by(wanted, words())
    findings: list[Finding] = []
    alike: list[Finding] = []
    for item in seen:
        pieces = _pieces(item, open_questions, marks)
        if not (pieces or item.named or item.in_name):
            continue
        (alike if _anybodys(item, pieces, open_questions, marks) else findings).append(Finding(item, dict(pieces)))
    return Proof(
        tuple(_coverage(place, seen) for place in places),
        tuple(findings),
        tuple(alike),
        tuple(item for item in seen if item.closed),
        asked - len(open_questions),
    )


def _pieces(item: Seen, unexplained: set[MarkKey], marks: Marks) -> Counter[str]:
    return Counter(marks.sets[key[0]][0].value for key, _ in item.marks if key in unexplained)


def _anybodys(item: Seen, pieces: Counter[str], unexplained: set[MarkKey], marks: Marks) -> bool:
    if item.place.own or item.named or item.in_name or pieces[Kind.NAME.value]:
        return False
    all_vectors = marks.counts().get(Kind.VECTOR.value, 0)
    if pieces[Kind.VECTOR.value] > MOST_VECTORS_ALIKE * all_vectors:
        return False
    texts = {Kind.TEXT, Kind.ANSWER}
    places = [at for key, at in item.marks if key in unexplained and marks.sets[key[0]][0] in texts]
    return _longest(places) < item.place.verbatim


def _longest(places: Sequence[int]) -> int:
    """How many bytes on end the pieces that stand at these places cover at most."""
    longest = begin = end = 0
    for at in sorted(places):
        begin, end = (begin, at + WINDOW) if at <= end and end else (at, at + WINDOW)
        longest = max(longest, end - begin)
    return longest


def _coverage(place: Place, seen: Sequence[Seen]) -> Coverage:
    sizes = [item.size for item in seen if item.place is place]
    return Coverage(place, len(sizes), sum(sizes))
