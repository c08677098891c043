"""Do the cited words carry the content of the text?"""

from collections.abc import Iterator

from chains.verification.claim import Claim, Refusal
from chains.wording import content_words
from extraction.dates import find_dates
from extraction.dosing import FREQUENCY, ROUTE
from extraction.drugs import find_drugs
from extraction.numbers import find_numbers
from extraction.problems import find_problems

LEAST_SHARE = 0.75
_FRAME = frozenset(
    content_words("reported noted found known currently taking takes receives given continues previously")
)


def is_carried(claim: Claim) -> Refusal | None:
    """Refuses a text of whose content words more than a quarter are missing from the cited words.

    A floor against invention, not a measure of paraphrase: words of the frame ("takes") do not count, and names,
    numbers, dates and frequencies, which may be spelled differently, have checks of their own.
    """
    if claim.is_verbatim:
        return None
    given = (f"{e.context} {e.citation.section} {e.citation.note_type}" for e in claim.cited)
    carried = frozenset(content_words(" ".join(given)))
    asked = [stem for stem in content_words(_without_checked(claim.text)) if stem not in _FRAME]
    if asked and sum(stem in carried for stem in asked) / len(asked) < LEAST_SHARE:
        return Refusal("unsupported_content", "it said things that are not in the lines")
    return None


def _without_checked(text: str) -> str:
    kept = list(text)
    for start, end in _checked_spans(text):
        kept[start:end] = " " * (end - start)
    return "".join(kept)


def _checked_spans(text: str) -> Iterator[tuple[int, int]]:
    for find in (find_drugs, find_problems, find_numbers, find_dates):
        yield from ((m.start, m.end) for m in find(text))
    for pattern in (FREQUENCY, ROUTE):
        yield from (m.span() for m in pattern.finditer(text))
