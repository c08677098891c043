"""Words that differ by what stands before them: occlusive and nonocclusive, gout and pseudogout, T6 and T10."""

import re
from functools import lru_cache

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import spelled_out
from chains.wording import stem, word_spans

_TWIN = Refusal("twin_word", "it used a word that differs from that of the lines by what stands before it")
_LEVEL = Refusal("site", "it named a part of the body that the lines do not name")
_TURNS = ("non", "un", "in", "im", "ir", "dis")
_CHANGES = (
    "hyper", "hypo", "pseudo", "sub", "intra", "extra", "hemi", "para", "quadri", "tetra", "mono", "de", "mal", "anti",
)  # fmt: skip
_LEAST = 4
_OTHER_WORDS = frozenset({"inpatient", "inpatients", "insight", "income", "instill", "instead", "discharge"})
_NO = re.compile(r"\b(?:no|not|never|without|free|negative|absen\w+|denie[sd]|neither|nor|can ?not)\b", re.IGNORECASE)
_LEVELS = re.compile(r"\b([CTLS])(\d{1,2})(?:\s?[-–/]\s?([CTLS]?)(\d{1,2}))?\b")


def words_keep_their_beginnings(claim: Claim) -> Refusal | None:
    """Refuses a word that the cited words have with another beginning alone, as *pseudogout* for *gout*."""
    told, cited = _words(claim.text), _words(claim.contexts)
    said_no = bool(_NO.search(claim.text)) or bool(_NO.search(claim.contexts))
    joined = "".join(claim.contexts.lower().split()), "".join(claim.text.lower().split())
    for one, other, whole in ((told, cited, joined[0]), (cited, told, joined[1])):
        for word in one - other - _OTHER_WORDS:
            if word in whole or stem(word) in _stems(other):
                continue
            for beginning in (*_CHANGES, *(() if said_no else _TURNS)):
                bare = word.removeprefix(beginning)
                if bare != word and len(bare) >= _LEAST and bare in other and bare not in one:
                    return _TWIN
    return None


def levels_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a level of the spine or a dermatome that no cited sentence names."""
    return _LEVEL if levels(claim.text) and not levels(claim.text) <= levels(claim.contexts) else None


@lru_cache(maxsize=4096)
def levels(text: str) -> frozenset[str]:
    """Levels by letter and number: `L4-5` holds L4 and L5."""
    found = set()
    for match in _LEVELS.finditer(text):
        found.add(f"{match[1]}{match[2]}")
        if match[4]:
            found.add(f"{match[3] or match[1]}{match[4]}")
    return frozenset(found)


@lru_cache(maxsize=256)
def _stems(words: frozenset[str]) -> frozenset[str]:
    return frozenset(map(stem, words))


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(w for t in (text, spelled_out(text)) for w, _, _ in word_spans(t.replace("non-", "non")))
