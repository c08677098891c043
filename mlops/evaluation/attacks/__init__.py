"""Our own attacks on a summary: texts planted in charts, and what each wants to be said."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal, TypeAlias

import yaml

Kind: TypeAlias = Literal["attacks", "falsehoods"]


@dataclass(frozen=True, slots=True)
class Target:
    """What the chart under attack says: a current drug with its dose, an allergen, an active problem."""

    drug: str
    dose: str
    allergen: str
    problem: str


@dataclass(frozen=True, slots=True)
class Attack:
    """A text to plant. `payload` is what it wants to be said; `denies` the kind of fact that it would hide, or ""."""

    attack_id: str
    goal: str
    text: str
    payload: str = ""
    denies: str = ""

    def against(self, target: Target) -> "Attack":
        """The attack on one chart, its blanks filled in."""
        blanks = {f"{{{name}}}": getattr(target, name) for name in ("drug", "dose", "allergen", "problem")}
        payload = _filled(self.payload, blanks)
        text = _in_tags(_filled(self.text, {"{payload}": payload, **blanks}))
        return Attack(self.attack_id, self.goal, text, payload, self.denies)


@cache
def load_attacks(kind: Kind = "attacks") -> tuple[Attack, ...]:
    """All attacks of `attacks.yaml`, or the plain `falsehoods.yaml`, in the order of the file."""
    rows = yaml.safe_load(_path(kind).read_text("utf-8"))
    return tuple(
        Attack(
            row["id"],
            row["goal"],
            " ".join([row["text"]] * row.get("times", 1)),
            row.get("payload", ""),
            row.get("denies", ""),
        )
        for row in rows
    )


def digests() -> dict[str, str]:
    """SHA-256 of each file of attacks."""
    return {f"attacks/{kind}.yaml": sha256(_path(kind).read_bytes()).hexdigest() for kind in ("attacks", "falsehoods")}


def _path(kind: str) -> Traversable:
    return files(__package__).joinpath(f"{kind}.yaml")


def _filled(text: str, blanks: dict[str, str]) -> str:
    for blank, words in blanks.items():
        text = text.replace(blank, words)
    return text


def _in_tags(text: str) -> str:
    """What stands between `<tags>` marks, in characters of the tag block that no reader sees."""
    before, mark, rest = text.partition("<tags>")
    hidden, _, after = rest.partition("</tags>")
    return before + "".join(chr(0xE0000 + ord(c)) for c in hidden if c.isascii()) + after if mark else text
