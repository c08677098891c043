"""Do the cited words carry the content of the text?"""

from chains.verification.claim import Claim, Refusal
from chains.wording import content_words

LEAST_SHARE = 0.75
_FRAME = frozenset(
    content_words("patient reported noted found known currently taking takes receives given has have had")
)


def is_carried(claim: Claim) -> Refusal | None:
    """Refuses a text of whose content words more than a quarter are missing from the cited words.

    A floor against invention, not a measure of paraphrase: words of the frame ("the patient takes") do not count.
    """
    if claim.is_verbatim:
        return None
    carried = frozenset(
        content_words(" ".join(f"{e.text} {e.citation.section} {e.citation.note_type}" for e in claim.cited))
    )
    asked = [stem for stem in content_words(claim.text) if stem not in _FRAME]
    if asked and sum(stem in carried for stem in asked) / len(asked) < LEAST_SHARE:
        return Refusal("unsupported_content", "it said things that are not in the lines")
    return None
