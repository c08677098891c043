"""One drug in two salts or two ways of release is two products."""

import re
from collections.abc import Iterator
from functools import lru_cache

from chains.verification.claim import Claim, Refusal
from extraction.drugs import find_drugs

_OTHER = Refusal("formulation", "it named another salt or another release of a drug than the lines")
_SALTS = {
    "succinate": "succinate", "tartrate": "tartrate", "bitartrate": "tartrate", "pamoate": "pamoate",
    "hydrochloride": "hydrochloride", "hcl": "hydrochloride", "sulfate": "sulfate", "sulphate": "sulfate",
    "besylate": "besylate", "maleate": "maleate", "mesylate": "mesylate", "fumarate": "fumarate", "citrate": "citrate",
    "gluconate": "gluconate", "carbonate": "carbonate", "chloride": "chloride", "acetate": "acetate",
    "phosphate": "phosphate", "valerate": "valerate", "cypionate": "cypionate", "enanthate": "enanthate",
    "decanoate": "decanoate", "propionate": "propionate", "furoate": "furoate", "dinitrate": "dinitrate",
    "mononitrate": "mononitrate", "carboxymaltose": "carboxymaltose", "sucrose": "sucrose",
}  # fmt: skip
_SALT = re.compile(rf"\b(?:{'|'.join(_SALTS)})\b", re.IGNORECASE)
_RELEASES = (
    ("ER", re.compile(r"\b(?:ER|XR)\b")),
    ("XL", re.compile(r"\bXL\b")),
    ("SR", re.compile(r"\bSR\b|\bsustained[\s-]release\b", re.IGNORECASE)),
    ("CR", re.compile(r"\bCR\b|\bcontrolled[\s-]release\b", re.IGNORECASE)),
    ("LA", re.compile(r"\bLA\b|\blong[\s-]acting\b")),
    ("extended", re.compile(r"\bextended[\s-]release\b", re.IGNORECASE)),
    ("DR", re.compile(r"\bDR\b|\bdelayed[\s-]release\b|\benteric[\s-]coated\b")),
    ("IR", re.compile(r"\bIR\b|\bimmediate[\s-]release\b")),
)
_EXTENDED = frozenset({"ER", "XL", "SR", "CR", "LA"})
_BOUND = re.compile(r"[;,\n]|\.\s|\b(?:and|but|or|to)\b", re.IGNORECASE)


def formulations_are_kept(claim: Claim) -> Refusal | None:
    """Refuses *metoprolol tartrate* for *metoprolol succinate*, and *SR* for *XL*.

    A form may be left out, and *extended release* is said of any that is.
    """
    cited = frozenset(form for e in claim.cited for form in _forms(e.context))
    for drug, kind, form in _forms(claim.text):
        given = {f for d, k, f in cited if (d, k) == (drug, kind)}
        if given and form not in given and not _is_extended(form, given):
            return _OTHER
    return None


def _is_extended(form: str, given: set[str]) -> bool:
    return (form == "extended" and bool(given & _EXTENDED)) or (form in _EXTENDED and "extended" in given)


@lru_cache(maxsize=4096)
def _forms(text: str) -> frozenset[tuple[str, str, str]]:
    """Drugs with the salt or release that stands by them."""
    return frozenset(_find_forms(text))


def _find_forms(text: str) -> Iterator[tuple[str, str, str]]:
    drugs = sorted(find_drugs(text), key=lambda d: d.start)
    for number, drug in enumerate(drugs):
        stop = drugs[number + 1].start if number + 1 < len(drugs) else len(text)
        bound = _BOUND.search(text, drug.end, stop)
        floor = drugs[number - 1].end if number else 0
        ahead = max([floor, *(m.end() for m in _BOUND.finditer(text, floor, drug.start))])
        around = text[max(ahead, drug.start - 20) : bound.start() if bound else stop]
        if salt := _SALT.search(around):
            yield drug.name, "salt", _SALTS[salt.group().lower()]
        for form, words in _RELEASES:
            if words.search(around):
                yield drug.name, "release", form
