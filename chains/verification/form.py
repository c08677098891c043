"""Is it a statement at all?"""

import re

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import spelled_out

_LEFTOVER = re.compile(r"\[E\d+\]|[{}<>`]|\b(?:as an ai|the lines?|evidence)\b", re.IGNORECASE)


def is_one_sentence(claim: Claim) -> Refusal | None:
    """Refuses empty text, markers and talk of the task, and text much longer than the words it cites."""
    if not any(c.isalpha() for c in claim.text):
        return Refusal("not_a_statement", "there were no words in it")
    if _LEFTOVER.search(claim.text) and not _LEFTOVER.search(claim.quotes):
        return Refusal("not_a_statement", "it spoke of the task instead of the patient")
    if len(claim.text.split()) > 1.5 * len(spelled_out(claim.quotes).split()) + 8:
        return Refusal("too_long", "it was longer than the lines")
    return None
