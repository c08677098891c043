"""Every number, with its unit, must stand in the cited words."""

from chains.verification.claim import Claim, Refusal
from extraction.numbers import NumberMention, find_numbers


def numbers_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a number that the cited sentences do not hold with the same unit.

    Equal spellings count as one (`40mg` and `40 mg`, `.5` and `0.5`, `three` and `3`); nothing is computed or rounded,
    and a unit may be neither lost nor added. A single value of a cited range or pair does not stand for the range.
    """
    given = {_key(n) for e in claim.cited for n in find_numbers(e.context)}
    if all(_key(n) in given for n in find_numbers(claim.text)):
        return None
    return Refusal("number", "a number or its unit is not in the lines")


def _key(number: NumberMention) -> tuple[str, str]:
    return number.value, number.unit
