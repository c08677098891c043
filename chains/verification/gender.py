"""*She* must not become *he*, nor either be made up."""

import re

from chains.verification.claim import Claim, Refusal

_WORDS = {
    "woman": re.compile(
        r"\b(?:she|her|hers|herself|woman|female|lady|girl|mrs|ms|\d+\s?(?:yo?|y/o)?\s?f)\b", re.IGNORECASE
    ),
    "man": re.compile(r"\b(?:he|him|his|himself|man|male|gentleman|boy|mr|\d+\s?(?:yo?|y/o)?\s?m)\b", re.IGNORECASE),
}


def gender_is_cited(claim: Claim) -> Refusal | None:
    """Refuses a text that speaks of a woman or a man where neither a cited sentence nor the rest of its note does."""
    for gender, words in _WORDS.items():
        if (
            gender != claim.gender
            and words.search(claim.text)
            and not any(words.search(e.context) for e in claim.cited)
        ):
            return Refusal("gender", "the lines do not say whether it is a woman or a man")
    return None
