"""Do the cited words carry the content of the text?"""

from collections import Counter
from collections.abc import Iterator

from chains.verification.claim import Claim, Refusal
from chains.wording import content_words
from extraction.dates import find_dates
from extraction.dosing import FREQUENCY, ROUTE
from extraction.drugs import find_drugs
from extraction.numbers import find_numbers
from extraction.problems import find_problems

MOST_NEW = 0.1
LEAST_KEPT = 0.75
_FRAME = frozenset(content_words("reports reported noted found seen showed known currently now takes given previously"))


def is_carried(claim: Claim) -> Refusal | None:
    """Refuses a text most of whose content words the cited words do not hold."""
    asked = _asked(claim)
    if 2 * len(new_words(claim)) > asked.total():
        return Refusal("unsupported_content", "it said things that are not in the lines")
    return None


def is_close(claim: Claim) -> Refusal | None:
    """Refuses a text with more than one content word in ten that the cited words do not hold, or too few words of them.

    A floor against invention: what a weak model adds reads well and is worth nothing. Words of the frame ("takes") do
    not count, and names, numbers, dates and frequencies, which may be spelled differently, have checks of their own.
    """
    given = _given(claim)
    if len(new_words(claim)) > MOST_NEW * _asked(claim).total():
        return Refusal("unsupported_content", "it said things that are not in the lines")
    if len(content_words(claim.text)) < LEAST_KEPT * given.total():
        return Refusal("too_little", "it left out most of what the lines say")
    return None


def says_nothing_twice(claim: Claim) -> Refusal | None:
    """Refuses a text that has a word of the cited sentences oftener than they do."""
    given = _given(claim)
    if any(1 < count > given[stem] > 0 for stem, count in Counter(content_words(claim.text)).items()):
        return Refusal("repetition", "it said something twice")
    return None


def new_words(claim: Claim) -> tuple[str, ...]:
    """Stems of content words that no cited sentence holds, each as often as the text has it."""
    given = _given(claim)
    return tuple(stem for stem in _asked(claim).elements() if stem not in given)


def _given(claim: Claim) -> Counter[str]:
    return Counter(content_words("\n".join(e.context for e in claim.cited)))


def _asked(claim: Claim) -> Counter[str]:
    return Counter(stem for stem in content_words(_without_checked(claim.text)) if stem not in _FRAME)


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
