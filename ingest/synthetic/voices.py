"""Authors. Each keeps a style, an abbreviating or spelling habit, and favourite words over all notes they write."""

from dataclasses import dataclass
from functools import lru_cache
from random import Random

_AUTHORS_PER_ROLE = 9
_STYLES = {
    "nurse": ("terse", "terse", "plain"),
    "radiologist": ("terse", "plain", "full"),
    "ed": ("terse", "terse", "plain"),
    "clinic": ("plain", "full", "full"),
    "pharmacist": ("terse", "plain"),
}
_COLUMNS = {"c": ((2, 4), (1, 5))}
_BULLETS = {"c": ("\N{BULLET} ", "({n}) ", "-- ", "o ", "")}


@dataclass(frozen=True, slots=True)
class Voice:
    """One author's manner."""

    key: str
    role: str
    style: str
    abbreviates: bool
    column: int
    bullet: str
    width: int


@lru_cache(maxsize=512)
def voice(half: str, role: str, number: int) -> Voice:
    """Author `number` of a role; the same in every chart of a half."""
    number %= _AUTHORS_PER_ROLE
    taste = Random(f"{half}:{role}:{number}")
    style = taste.choice(_STYLES.get(role, ("terse", "plain", "full")))
    abbreviates = taste.random() < {"terse": 0.95, "plain": 0.5, "full": 0.1}[style]
    short, spelled = _COLUMNS.get(half, ((0, 2), (1, 3)))
    column = taste.choice(short if abbreviates else spelled)
    bullet = taste.choice(_BULLETS.get(half, ("- ", "{n}. ", "* ", "{n}) ", "")))
    return Voice(
        f"{half}:{role}:{number}", role, style, abbreviates, column, bullet, taste.choice((72, 74, 76, 78, 79))
    )
