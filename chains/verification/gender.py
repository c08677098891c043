"""*She* must not become *he*, nor either be made up."""

import re

from chains.verification.claim import Claim, Refusal

_WOMAN = re.compile(r"\b(?:she|her|hers|herself|woman|female|lady|girl|mrs|ms|\d+\s?(?:yo?|y/o)?\s?f)\b", re.IGNORECASE)
_MAN = re.compile(r"\b(?:he|him|his|himself|man|male|gentleman|boy|mr|\d+\s?(?:yo?|y/o)?\s?m)\b", re.IGNORECASE)


def gender_is_cited(claim: Claim) -> Refusal | None:
    """Refuses a text that speaks of a woman or a man where none of the cited sentences does."""
    for words in (_WOMAN, _MAN):
        if words.search(claim.text) and not any(words.search(e.context) for e in claim.cited):
            return Refusal("gender", "the lines do not say whether it is a woman or a man")
    return None
