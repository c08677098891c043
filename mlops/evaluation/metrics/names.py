"""Where a text names facts of the ledger."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlops.evaluation.ledger import LedgerFact

KINDS = frozenset(
    {"drug", "problem", "allergy", "result", "code_status", "device", "vital", "family_history", "symptom"}
)
# Common clinical short forms that the ledger's synonyms leave out.
_ALIASES = {("vital", "blood pressure"): ("BP",), ("drug", "nitroglycerin"): ("NTG",)}
_LONGEST_CASED = 2
_ROOM_AIR = re.compile(r"(?:%|\bsats?|\bon)\W{0,3}(?:on )?\W{0,2}$")


@dataclass(frozen=True, slots=True)
class Naming:
    """A name at `start:end` of a text, and the kinds and names of the facts it can stand for."""

    start: int
    end: int
    keys: frozenset[tuple[str, str]]


class NameFinder:
    """Finds the names and synonyms of facts: word-bounded, whatever their case, the longest at each place.

    Names of one or two letters count in the ledger's spelling only (Na, Cr, K): in another they are words. A hyphen and
    a space are one.
    """

    def __init__(self, facts: Iterable[LedgerFact]) -> None:
        surfaces: dict[str, set[tuple[str, str]]] = {}
        self._cased: dict[str, set[tuple[str, str]]] = {}
        for fact in facts:
            if fact.kind not in KINDS:
                continue
            for name in (*fact.names, *_ALIASES.get(fact.key, ())):
                surfaces.setdefault(_plain(name), set()).add(fact.key)
                if len(name) <= _LONGEST_CASED:
                    self._cased.setdefault(name, set()).add(fact.key)
        surfaces.pop("", None)
        self._surfaces: Mapping[str, set[tuple[str, str]]] = surfaces
        ordered = sorted(surfaces, key=len, reverse=True)
        spelled = "|".join(re.escape(s).replace(r"\ ", r"[\s-]+") for s in ordered) or r"(?!)"
        self._pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{spelled})(?![A-Za-z0-9])", re.IGNORECASE)

    def find(self, text: str) -> list[Naming]:
        """All namings, in order, none overlapping another."""
        found: list[Naming] = []
        for match in self._pattern.finditer(text):
            keys = self._keys(match[0])
            if keys and not (len(match[0]) <= _LONGEST_CASED and _is_no_name(text, match)):
                found.append(Naming(match.start(), match.end(), frozenset(keys)))
        return found

    def _keys(self, words: str) -> set[tuple[str, str]]:
        if len(words) <= _LONGEST_CASED:
            return self._cased.get(words, set())
        return self._surfaces.get(_plain(words), set())


def _is_no_name(text: str, match: re.Match[str]) -> bool:
    """Whether two letters stand for something else here: the unit of "7.8 K/uL", the room air of "96% on RA"."""
    return text[match.end() : match.end() + 1] == "/" or bool(_ROOM_AIR.search(text, 0, match.start()))


def _plain(name: str) -> str:
    return " ".join(name.replace("-", " ").lower().split())
