"""Phrasing banks: what can be said in how many ways, read from one half's YAML files.

Halves `a` and `c` are for building rules, `b` for reporting on them. A bank may hold layouts of its own (`meds.joint`,
`labs.item`, ...); where it has none, lists are written as MIMIC's notes have them.

A phrase holds `{slots}` and `<one|of|these>` alternatives. A slot written with a capital
(`{He}`) is the lower-case slot with its first letter raised.
"""

import re
from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import TypeAlias

import yaml

from ingest.synthetic.voices import Voice
from ingest.synthetic.writer import Mention, Piece, Text

FOLDER = Path(__file__).parent / "phrasing"
HALVES = ("a", "b", "c")
_TOKEN = re.compile(r"\{(\w+)\}|<([^<>]*)>")
Slots: TypeAlias = Mapping[str, "Piece | Text"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a value."""

    name: str


@dataclass(frozen=True, slots=True)
class Either:
    """Alternatives, each a run of parts."""

    options: tuple[tuple["str | Slot", ...], ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """One compiled phrase; `style` is "" where any author might use it."""

    source: str
    style: str
    parts: tuple["str | Slot | Either", ...] = field(repr=False)


def compile_phrase(source: str, style: str = "") -> Phrase:
    """Cut a phrase into words, slots and alternatives."""
    return Phrase(source, style, tuple(_parts(source)))


def _parts(source: str) -> list["str | Slot | Either"]:
    parts: list[str | Slot | Either] = []
    at = 0
    for found in _TOKEN.finditer(source):
        if found.start() > at:
            parts.append(source[at : found.start()])
        name, options = found.groups()
        if name is not None:
            parts.append(Slot(name))
        else:
            parts.append(Either(tuple(tuple(_flat(o)) for o in options.split("|"))))
        at = found.end()
    if at < len(source):
        parts.append(source[at:])
    return parts


def _flat(source: str) -> list[str | Slot]:
    return [p for p in _parts(source) if not isinstance(p, Either)]


def fill(phrase: Phrase, slots: Slots, rng: Random) -> Text:
    """The phrase with its slots filled. A missing slot raises KeyError."""
    pieces: list[Piece] = []
    for part in phrase.parts:
        if isinstance(part, Either):
            for inner in rng.choice(part.options):
                _add(pieces, inner, slots)
        else:
            _add(pieces, part, slots)
    return tuple(pieces)


def _add(pieces: list[Piece], part: "str | Slot", slots: Slots) -> None:
    if isinstance(part, str):
        pieces.append(part)
        return
    name = part.name
    value: Piece | Text
    if name in slots:
        value = slots[name]
    elif name[0].isupper() and name[0].lower() + name[1:] in slots:
        value = _raised(slots[name[0].lower() + name[1:]])
    else:
        raise KeyError(f"no value for slot {name!r}")
    pieces += [value] if isinstance(value, str | Mention) else list(value)


def _raised(value: "Piece | Text") -> "Piece | Text":
    if isinstance(value, str):
        return value[:1].upper() + value[1:]
    if isinstance(value, Mention):
        return Mention(value.text[:1].upper() + value.text[1:], value.refs)
    first = _raised(value[0]) if value else ""
    return (first, *value[1:]) if isinstance(first, str | Mention) else value


class Bank:
    """One half's phrases by slot name."""

    def __init__(self, half: str) -> None:
        self.half = half
        self._phrases: dict[str, tuple[Phrase, ...]] = {}
        self._liked: dict[tuple[str, str], tuple[tuple[Phrase, ...], list[float]]] = {}
        for path in sorted((FOLDER / half).glob("*.yaml")):
            for slot, listed in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader).items():
                if slot in self._phrases:
                    raise ValueError(f"{path.name} repeats slot {slot!r}")
                self._phrases[slot] = tuple(_listed(listed))

    def __contains__(self, slot: object) -> bool:
        return slot in self._phrases

    def sources(self) -> dict[str, tuple[str, ...]]:
        """Every phrase as written, by slot."""
        return {slot: tuple(p.source for p in phrases) for slot, phrases in self._phrases.items()}

    def _preferred(self, slot: str, voice: Voice) -> tuple[tuple[Phrase, ...], list[float]]:
        key = (slot, voice.key)
        if key not in self._liked:
            phrases = self._phrases[slot]
            fit = tuple(p for p in phrases if p.style in ("", voice.style)) or phrases
            taste = Random(f"{voice.key}:{slot}")
            weights = [taste.random() ** 2 + 0.08 for _ in fit]
            self._liked[key] = (fit, list(accumulate(weights)))
        return self._liked[key]

    def pick(self, slot: str, voice: Voice, rng: Random, used: set[str]) -> Phrase:
        """A phrase this author likes, one not yet in the note if there is any."""
        phrases, limits = self._preferred(slot, voice)
        for _ in range(3):
            phrase = phrases[min(bisect(limits, rng.random() * limits[-1]), len(phrases) - 1)]
            if phrase.source not in used:
                break
        else:
            phrase = next((p for p in phrases if p.source not in used), phrase)
        used.add(phrase.source)
        return phrase

    def habit(self, slot: str, voice: Voice) -> Phrase:
        """The one phrase this author always uses for it: headings, list styles."""
        phrases, limits = self._preferred(slot, voice)
        weights = [b - a for a, b in zip([0.0, *limits], limits, strict=False)]
        return phrases[weights.index(max(weights))]


def _listed(listed: object) -> list[Phrase]:
    if isinstance(listed, dict):
        return [
            compile_phrase(str(s), "" if style == "any" else str(style)) for style, many in listed.items() for s in many
        ]
    if isinstance(listed, list):
        return [compile_phrase(str(s)) for s in listed]
    raise ValueError("a slot is a list of phrases, or lists by style")


@lru_cache(maxsize=len(HALVES))
def load_bank(half: str) -> Bank:
    """The bank of one half, one of `HALVES`."""
    return Bank(half)
