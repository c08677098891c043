"""Identifiers that have a form of their own (e-mail, telephone) or stand behind a label (`MRN 2280`).

Every repetition is bounded and no two neighbouring ones can match the same character, so that a hostile text costs no
more than a friendly one.
"""

import re
from collections.abc import Iterator

from extraction.gated import Gated
from ingest.deidentify.identifiers import Identifier, IdentifierKind, Rule

_BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_FORMS = (
    Rule(
        IdentifierKind.EMAIL,
        ("@",),
        Gated(r"(?<![\w.+-])(?P<value>[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[A-Za-z]{2,24})\b"),
    ),
    Rule(
        IdentifierKind.URL,
        ("://", "www."),
        Gated(r"\b(?P<value>(?:https?://|ftp://|www\.)[^\s<>\"')\]]{2,500}(?<![.,;:!?]))", re.I),
    ),
    Rule(
        IdentifierKind.DEVICE,
        (" mac", "mac:"),
        Gated(r"\b(?P<value>[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5})\b"),
    ),
    Rule(
        IdentifierKind.IMAGE,
        (".jp", ".png", ".gif", ".tif", ".bmp", ".heic", ".dcm"),
        Gated(r"\b(?P<value>[\w-]{1,80}\.(?:jpe?g|png|gif|tiff?|bmp|heic|dcm))\b", re.I),
    ),
)
_DIGITS = re.compile(r"\d[\d() .-]{5,20}\d")
"""What the following must contain; they are only tried around it."""
_DIGIT_FORMS = (
    Rule(IdentifierKind.IP, (), Gated(rf"(?<![\d.])(?P<value>(?:{_BYTE}\.){{3}}{_BYTE})(?![\d.]\d|\d)")),
    Rule(IdentifierKind.SSN, (), Gated(r"(?<![\d-])(?P<value>\d{3}-\d{2}-\d{4})(?![\d-])")),
    Rule(
        IdentifierKind.PHONE,
        (),
        Gated(r"(?<![\d-])(?P<value>(?:\+?1[-. ])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-.])\d{3}[-. ]\d{4})(?![\d-])"),
    ),
    Rule(IdentifierKind.PHONE, (), Gated(r"(?<![\w+])(?P<value>\+[1-9]\d{0,2}(?:[ .-]?\d{2,4}){2,5})(?!\d)")),
)

_VALUE = r"(?P<value>(?=[A-Z\d-]{0,24}\d[A-Z\d-]{0,24}\d)[A-Z\d][A-Z\d-]{2,28}(?<!-))"
_BETWEEN = (
    r"(?:[ \t]{1,3}(?:numbers?|no|num|id|identifier|code|ending|template))?\.?[ \t]{0,3}(?:\(?#\)?|[:=])?"
    r"[ \t]{0,3}(?:(?:is|was|of)[ \t]{1,3})?#?[ \t]{0,3}"
)
# The full stop that ends a sentence may follow a value; a decimal fraction or a unit may not.
_END = r"(?!\w|[/.]\w|%)"


def _labelled(kind: IdentifierKind, triggers: tuple[str, ...], label: str) -> Rule:
    return Rule(kind, triggers, Gated(label + _BETWEEN + _VALUE + _END, re.I))


_PAYERS = ("member", "subscriber", "beneficiary", "policy", "insurance", "medicare", "medicaid", "group")
_NUMBER = r"[ \t]{1,3}(?:id|code|number|no\b|#)"
_LABELLED = (
    _labelled(
        IdentifierKind.MRN,
        ("mrn", "medical record", "mr #", "mr#", "chart n", "chart #", "hospital n", "patient id"),
        r"(?:mrn|medical record|\bmr ?#|chart (?:number|no\b|#)|hospital (?:number|no\b)|patient id)",
    ),
    _labelled(IdentifierKind.ACCOUNT, ("account", "acct"), r"\b(?:account|acct)"),
    _labelled(
        IdentifierKind.MEMBER,
        tuple(f"{word} {then}" for word in _PAYERS for then in ("id", "n", "#")),
        rf"\b(?:{'|'.join(_PAYERS)}){_NUMBER}",
    ),
    _labelled(IdentifierKind.LICENCE, ("licen", "npi", "dea"), r"\b(?:licen[cs]e|npi|dea)"),
    _labelled(IdentifierKind.VEHICLE, ("plate", "vin "), r"\b(?:(?:licen[cs]e )?plate|vin)"),
    _labelled(IdentifierKind.DEVICE, ("serial", "device id", "s/n", "udi"), r"\b(?:serial|device id|s/n|udi)"),
    _labelled(
        IdentifierKind.BIOMETRIC,
        ("print", "scan", "biometric"),
        r"\b(?:voice ?print|finger ?print|retina scan|iris scan|biometric)s?",
    ),
    _labelled(
        IdentifierKind.CODE,
        ("study", "enrol", "participant", "subject", "trial", "accession", "case", "claim", "passport", "driver"),
        r"\b(?:study|enroll?ment|participant|subject|trial|accession|case|claim|passport|driver'?s)"
        rf"(?:[ \t]{{1,3}}study)?{_NUMBER}",
    ),
)
_WITH_SEVEN_DIGITS = (
    Rule(
        IdentifierKind.SSN,
        ("ssn", "ss#", "social security"),
        Gated(
            r"\b(?:ssn|ss#|social security)\b[^\n\d]{0,60}(?P<value>\d{3}[- .]?\d{2}[- .]?\d{4}|xxx-xx-\d{4})\b", re.I
        ),
    ),
    Rule(
        IdentifierKind.PHONE,
        ("phone", "tel", "cell", "mobile", "pager", "fax", "call", "contact", "reach"),
        Gated(
            r"\b(?:phone|tel|telephone|cell|mobile|pager|fax|call(?:back)?|contact|reach(?:ed)?)\b[^\n\d]{0,40}"
            r"(?P<value>(?:[2-9]\d\d[- .]?)?\d{3}[- .]\d{4}|[2-9]\d{9})(?![\d-])",
            re.I,
        ),
    ),
)
_SEVEN_DIGITS = re.compile(r"\d\d[-. \d]\d{4}")
_LAST_FOUR = re.compile(r"[xX]-\d{4}")
"""One of these two must stand in a text for the rules above."""


def find_codes(text: str, lowered: str) -> Iterator[Identifier]:
    """Identifiers of known form, and those behind a label (the value alone, not the label)."""
    numbered = _SEVEN_DIGITS.search(text) or _LAST_FOUR.search(text)
    for rule in (*_FORMS, *_LABELLED, *(_WITH_SEVEN_DIGITS if numbered else ())):
        for start, end in rule.find(text, lowered):
            yield Identifier(start, end, rule.kind)
    for digits in _DIGITS.finditer(text):
        for rule in _DIGIT_FORMS:
            for found in rule.pattern.finditer(text, max(0, digits.start() - 4), digits.end() + 4):
                yield Identifier(*found.span("value"), rule.kind)
