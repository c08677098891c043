"""One word for another: the swaps of each error type, and drugs for drugs that look or sound alike."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import yaml
from pydantic import TypeAdapter

Pairs: TypeAlias = Mapping[str, tuple[tuple[str, str], ...]]

_FOLDER = Path(__file__).parent
_PAIRS: TypeAdapter[Pairs] = TypeAdapter(Mapping[str, tuple[tuple[str, str], ...]])
_NEGATIVE = re.compile(r"\b(?:no|not|denie[sd]|without|negative|never)\b|n't\b", re.IGNORECASE)
# `left` the hospital and all `right` are no sides; `his` and `her` do not change into one another without a slip.
_PART = (
    r"(?=[ -](?:\w+ ){0,2}?(?:arm|leg|knee|hip|shoulder|elbow|wrist|ankle|hand|foot|finger|thumb|toe|eye|ear|side|"
    r"breast|lung|kidney|lobe|lower|upper|heel|groin|flank|quadrant|ventric\w+|atri\w+|carotid|calf|thigh|sided?|"
    r"hemi\w+|extremity|femur|femoral|tibia\w*|radius|chest|pleural|index|middle|ring|femoral|total|rib)\b)"
)
_VALUE = re.compile(r"(?! a1c| cuff| log| monitor)[^.;]{0,30}\d", re.IGNORECASE)
_ORDER = re.compile(r"(?:\A|: |will |to |should )\Z")
_FIXED = re.compile(r" (?:living|life|activit|fragment)", re.IGNORECASE)


@lru_cache(maxsize=2)
def _pairs(name: str) -> Pairs:
    return _PAIRS.validate_python(yaml.safe_load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))


def swapped(error: str, text: str) -> Iterator[str]:
    """The sentence with one word of a pair in the place of the other, for each pair that fits."""
    if _NEGATIVE.search(text):
        return
    for pair in _pairs("swaps")[error]:
        for there, new in (pair, pair[::-1]):
            found = _where(there, error, text)
            if len(found) == 1 and not _word(new).search(text):
                yield put(text, found[0], new)


def other_drugs(name: str) -> tuple[str, ...]:
    """Drugs that are not this one but are, or could be, mistaken for it; () where none is listed."""
    pairs = _pairs("confusables")
    listed = [*pairs["look_alike"], *pairs["same_use"]]
    return tuple(b for pair in listed for a, b in (pair, pair[::-1]) if a == name.lower())


def drug_swapped(text: str) -> Iterator[str]:
    """The sentence with one of its drugs exchanged for one that is mistaken for it."""
    pairs = _pairs("confusables")
    names = {name for kind in pairs.values() for pair in kind for name in pair}
    for name in sorted(names):
        found = list(_word(name).finditer(text))
        if len(found) == 1:
            for other in other_drugs(name)[:1]:
                if not _word(other).search(text):
                    yield put(text, found[0], other)


def _where(word: str, error: str, text: str) -> list[re.Match[str]]:
    if word in ("left", "right", "upper", "lower"):
        return list(re.compile(rf"\b{word}\b{_PART}", re.IGNORECASE).finditer(text))
    found = list(_word(word, exact=word.isupper()).finditer(text))
    if error == "measure_swap":
        return [m for m in found if _VALUE.match(text, m.end())]
    if word in ("start", "stop"):
        return [m for m in found if _ORDER.search(text, 0, m.start())]
    return [m for m in found if not _FIXED.match(text, m.end())]


def _word(word: str, *, exact: bool = False) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])", 0 if exact else re.IGNORECASE)


def put(text: str, found: re.Match[str], new: str) -> str:
    """`new` in the place of what was found, its first letter as large as the old one's."""
    old = found[0]
    shown = new.upper() if old.isupper() and len(old) > 1 else new.capitalize() if old[:1].isupper() else new
    if not new.islower():
        shown = new
    return text[: found.start()] + shown + text[found.end() :]
