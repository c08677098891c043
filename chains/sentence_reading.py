"""What a sentence looks like to a reader, whatever was asked: prose or a row of a table, a label, a denial."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chains.wording import words_and_stems

LONGEST_LABEL = 8
_COLUMNS = re.compile(r"\S(?:[ ]{3,}|\t)\S")
_NOTHING_FOUND = re.compile(
    r"\W*(?:(?:he|she|they|pt|patient|the patient|m[rs]s?\. \S+) (?:also |has |have )*)?(?:no|not had|denies|denied|"
    r"negative for|there (?:has|have) been no|without)\b",
    re.IGNORECASE,
)
_LABEL_ENDS = re.compile(r"(?::|\s[-–—]{1,2})\Z")
_NUMBERED = re.compile(r"(?:[@#]\s?|\[\d+\]\s|problem (?:no\.? ?|# ?)?\d+\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence's text, its number of words and the stems of those that carry meaning, and its looks.

    It `is_prose` where a reader would take it for a sentence, and `is_denial` where it begins by saying that something
    is not there.
    """

    text: str
    words: int
    stems: frozenset[str]
    is_prose: bool
    is_label: bool
    is_denial: bool


def read(text: str, heading: str) -> Reading:
    """Look at a sentence that stands under a heading."""
    tokens, stems = words_and_stems(text)
    denial = _NOTHING_FOUND.match(text) is not None
    return Reading(text, len(tokens), stems, _is_prose(tokens, text), _is_label(text, heading), denial)


def _is_prose(tokens: Sequence[str], text: str) -> bool:
    """Whether a reader would take it for a sentence, not a table row, a form or the opening of a list."""
    numbers = sum(token[0].isdigit() for token in tokens)
    return numbers <= len(tokens) / 3 and "|" not in text and not _COLUMNS.search(text)


def _is_label(text: str, heading: str) -> bool:
    """Whether a sentence is but a heading or the name of what follows: it says nothing by itself."""
    if _LABEL_ENDS.search(text) or text.casefold() == heading.casefold():
        return True
    short = len(text.split()) <= LONGEST_LABEL and not text.endswith((".", "!", "?"))
    return short and (text.isupper() or bool(_NUMBERED.match(text)))
