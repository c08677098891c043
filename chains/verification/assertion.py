"""Negation, uncertainty, condition and whose it is must survive the rewriting."""

from collections.abc import Iterator

from chains.verification.claim import Claim, Refusal
from chains.wording import STOPWORDS, stem, word_spans
from core.records import SectionKind
from extraction.assertion import context_of

_FLAGS = {
    "negated": Refusal("negation", 'a "no" was lost or added'),
    "family": Refusal("subject", "it mixed up the patient and a relative"),
    "possible": Refusal("uncertainty", "it made sure what was only possible, or the other way round"),
    "hypothetical": Refusal("condition", "it took for real what the lines only plan or fear"),
}


def assertion_survives(claim: Claim) -> Refusal | None:
    """Refuses a text in which a word stands under another sign than wherever the cited sentences have it.

    Word by word, by the scopes of ConText: *denies chest pain* must not become *chest pain*, nor *mother had breast
    cancer* the patient's. Of a quote cut from a sentence the whole sentence is asked, and its heading stands beside it.
    """
    cited: dict[str, set[tuple[bool, ...]]] = {}
    for evidence in claim.cited:
        kind = None if claim.is_verbatim else evidence.kind
        for word, signs in _signs(evidence.context, kind):
            cited.setdefault(word, set()).add(signs)
    for word, signs in _signs(claim.text, None):
        known = cited.get(word)
        if known and signs not in known:
            return next(_disagreements(signs, known), None)
    return None


def _signs(text: str, kind: SectionKind | None) -> Iterator[tuple[str, tuple[bool, ...]]]:
    """Stems of content words with whether each flag of `_FLAGS` governs them."""
    for word, start, end in word_spans(text):
        if word not in STOPWORDS and not word[0].isdigit():
            context = context_of(text, (start, end), kind)
            yield stem(word), tuple(getattr(context, flag) for flag in _FLAGS)


def _disagreements(signs: tuple[bool, ...], known: set[tuple[bool, ...]]) -> Iterator[Refusal]:
    for position, refusal in enumerate(_FLAGS.values()):
        if all(other[position] != signs[position] for other in known):
            yield refusal
