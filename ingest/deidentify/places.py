"""Addresses and places smaller than a state."""

import re
from collections.abc import Iterator

from extraction.gated import Gated
from ingest.deidentify.identifiers import Identifier, IdentifierKind, Rule

_STREET = (
    r"(?:Street|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Court|Place|Terrace|Circle|Highway|Hwy|Parkway|Pkwy"
    r"|Square|Trail|Trl|Loop|Alley|Turnpike|Tpke|Way|(?:St|Dr|Ct|Pl|Ter|Cir|Sq)(?=\.?(?:,|\s*$| Apt| Unit| Suite| #)))"
)
_STREET_NAME = r"(?!(?:Plt|Hgb|Hct|Wbc|Rbc|Mg|Ml)\b)(?:[A-ZÀ-Þ][A-Za-zß-ÿ'’]{0,20}\.?|\d{1,3}(?:st|nd|rd|th))"
_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AT]"
    r"|W[AIVY]|Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho"
    r"|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi"
    r"|Missouri|Montana|Nebraska|Nevada|New (?:Hampshire|Jersey|Mexico|York)|(?:North|South) (?:Carolina|Dakota)|Ohio"
    r"|Oklahoma|Oregon|Pennsylvania|Rhode Island|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia"
    r"|Wisconsin|Wyoming)"
)
_MONTHS = r"(?!(?:January|February|March|April|May|June|July|August|September|October|November|December)\b)"
_NAMED = rf"{_MONTHS}[A-ZÀ-Þ][a-zß-ÿ'’]{{2,20}}(?:[ -][A-ZÀ-Þ][a-zß-ÿ'’]{{2,20}}){{0,2}}"
_ZIP = r"\d{5}(?:-\d{4})?(?!\d)"

_FIVE_DIGITS = re.compile(r"\d\d{4}(?!\d)(?<!\d{6})")


def _place(triggers: tuple[str, ...], pattern: str) -> Rule:
    return Rule(IdentifierKind.PLACE, triggers, Gated(pattern))


_WITH_ZIP = (
    _place((), rf"(?P<value>\b{_NAMED}), {_STATE}\.?,? {_ZIP}"),
    _place((), rf"\b{_STATE}\.?,? (?P<value>{_ZIP})"),
    _place(("zip",), rf"\b(?i:zip(?: ?code)?)\b[^\n\d]{{0,30}}(?P<value>{_ZIP})"),
)
_OTHERS = (
    _place(
        (),
        r"(?m:(?P<value>\d(?<![\w.,:/*+-]\d)\d{0,5}[A-Z]? (?:North |South |East |West )?"
        rf"(?:{_STREET_NAME} ){{1,4}}"
        rf"{_STREET}\b\.?(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Floor|#)\.? ?[A-Z\d-]{{1,6}}\b)?))",
    ),
    _place((" box ",), r"\b(?P<value>[Pp]\.? ?[Oo]\.? (?i:box) \d{1,7})\b"),
    _place((" county", " township", " parish"), rf"(?P<value>\b{_NAMED} (?:County|Township|Parish))\b"),
    _place(
        ("city of", "town of", "village of", "county of", "suburb of"),
        rf"\b(?:[Cc]ity|[Tt]own|[Vv]illage|[Cc]ounty|[Ss]uburb) of (?P<value>{_NAMED})",
    ),
    _place(
        ("lives ", "lived ", "living ", "resid", "moved ", "relocated ", "born ", "raised ", "grew up "),
        r"\b(?:[Ll]iv(?:es|ed|ing)|[Rr]esid(?:es|ed|ing)|[Rr]esident|[Mm]oved|[Rr]elocated|born|raised|grew up)"
        rf" (?:alone |with \w{{1,15}} )?(?:in|to|from|of|near) (?P<value>{_NAMED})",
    ),
)
_WHOLE_STATE = re.compile(_STATE)
_NOT_PLACES = frozenset(
    {"Assisted", "Senior", "Skilled", "Nursing", "Hospice", "Group", "Home", "Independent", "Memory", "Rehab"}
    | {"United", "America", "Mexico", "Canada", "China", "India", "Vietnam", "Haiti", "Cuba", "Russia", "Africa"}
)


def find_places(text: str, lowered: str) -> Iterator[Identifier]:
    """Street addresses, cities, counties and zip codes. States and countries are no identifiers."""
    for rule in (*_WITH_ZIP, *_OTHERS) if _FIVE_DIGITS.search(text) else _OTHERS:
        for start, end in rule.find(text, lowered):
            value = text[start:end]
            if value.split(" ", 1)[0] not in _NOT_PLACES and not _WHOLE_STATE.fullmatch(value):
                yield Identifier(start, end, rule.kind)
