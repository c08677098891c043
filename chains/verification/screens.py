"""A test that was negative, or an alert that was none, is no finding."""

import re
from functools import lru_cache

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import content_stems, reading_of

_NEGATED = Refusal("negation", 'a "no" was lost or added')
_TESTS = (
    r"(?:tests?|testing|swabs?|screens?|screening|panel|assay|antigen|antibod(?:y|ies)|pcr|rapid|titers?|serolog(?:y|ies)|"
    r"smear|toxin|scan)"
)
_NEGATIVE = re.compile(
    rf"\b(?P<what>[a-z][\w.-]*(?:\s[\w.-]+)?)\s+{_TESTS}(?:\s+{_TESTS})*\s*:?\s*"
    r"(?:(?:was|were|is|came back|returned)\s+)?(?:negative|neg)\b",
    re.IGNORECASE,
)
_ALERT = re.compile(
    r"\b(?P<what>[a-z]\w{3,})\s+(?:alert|warning|flag|protocol|bundle|pathway|watch|code)\b", re.IGNORECASE
)
_SAID_NOT = re.compile(r"\b(?:not|no|never|without|negative|denie[sd]|ruled out)\b", re.IGNORECASE)
_IS_OF_TEST = re.compile(rf"\b(?:{_TESTS}|alert|protocol|history|exposure|contact)\b", re.IGNORECASE)
_ROOT = 5
_NO_NAMES = frozenset(content_stems("the rapid a urine blood serum nasal throat stool wound skin repeat initial"))
_SAME = ({"sepsis", "septic"}, {"pregnant", "pregnancy"}, {"diabetes", "diabetic"}, {"stroke", "strokes"})


def negative_tests_find_nothing(claim: Claim) -> Refusal | None:
    """Refuses *is pregnant* for *pregnancy test negative*, and *is septic* for *sepsis alert; not septic*."""
    text = reading_of(claim.text).plain
    if _SAID_NOT.search(text) or _IS_OF_TEST.search(text):
        return None
    told = [w for w in re.findall(r"[a-z]{3,}", text.lower()) if w not in _STOP]
    plain = reading_of("\n".join(e.context for e in claim.cited)).plain
    denied = _denied(plain)
    if not denied:
        return None
    rest = [
        w
        for w in re.findall(r"[a-z]{3,}", _ALERT.sub(" ", _NEGATIVE.sub(" ", plain)).lower())
        if not _is_denied(w, plain)
    ]
    for word in told:
        if any(_alike(word, other) for other in denied) and not any(_alike(word, other) for other in rest):
            return _NEGATED
    return None


_STOP = frozenset({"the", "patient", "has", "had", "was", "and", "is", "with", "for"})


@lru_cache(maxsize=4096)
def _denied(plain: str) -> frozenset[str]:
    """Words that a negative test is of, and those of an alert which the text itself says not to hold."""
    found = {w for m in _NEGATIVE.finditer(plain) for w in re.findall(r"[a-z]{3,}", m["what"].lower())}
    for match in _ALERT.finditer(plain):
        word = match["what"].lower()
        if any(_alike(word, w) for w in re.findall(r"[a-z]{3,}", plain.lower()) if _is_denied(w, plain)):
            found.add(word)
    return frozenset(w for w in found if not _NO_NAMES.issuperset(content_stems(w)))


def _is_denied(word: str, plain: str) -> bool:
    return re.search(rf"\b(?:not|no|without)\s+(?:\w+ly\s+)?{re.escape(word)}\b", plain, re.IGNORECASE) is not None


def _alike(one: str, other: str) -> bool:
    if one == other or any({one, other} <= row for row in _SAME):
        return True
    return min(len(one), len(other)) >= _ROOT + 2 and one[: _ROOT + 2] == other[: _ROOT + 2]
