"""Birth dates and ages over 89. Other dates stay: a chart without its dates has no time line.

Charts are to come de-identified, which shifts dates; `find_dates` only serves to measure what is left in.
"""

import re
from collections.abc import Iterator

from extraction.gated import Gated
from ingest.deidentify.identifiers import Identifier, IdentifierKind, Rule

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
DATE = (
    r"(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}[-/]\d{1,2}[-/]\d{1,2}"
    rf"|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|\d{{1,2}}(?:st|nd|rd|th)?[- ](?:of )?{_MONTH}\.?,?[- ]\d{{4}})"
)
_BIRTH = Rule(
    IdentifierKind.BIRTH_DATE,
    ("dob", "d.o.b", "birth", "born"),
    Gated(
        r"\b(?:dob|d\.o\.b\.?|(?:date of )?birth(?: ?date)?|birthday|born)\b"
        r"[ \t]{0,3}[:=(-]?[ \t]{0,3}(?:is |was |on )?"
        rf"(?P<value>{DATE})(?!\d)",
        re.I,
    ),
)
_TELL_AGE = ("old", "y/o", "yo", "y.o.", "age")
_AGE = re.compile(
    r"\b(?P<before>9\d|1[01]\d)(?:[ -]?(?:years?|yrs?)[ -]old|[ -]?(?:y/o|yo\b|y\.o\.))"
    r"|\bage[d:]? (?P<after>9\d|1[01]\d)\b(?! ?(?:%|days?|weeks?|months?))",
    re.I,
)
_ANY = re.compile(rf"(?<![\d/.-]){DATE}(?![\d/-])", re.I)


def find_birth_dates(text: str, lowered: str) -> Iterator[Identifier]:
    """Dates behind a label that says they are of birth."""
    for start, end in _BIRTH.find(text, lowered):
        yield Identifier(start, end, _BIRTH.kind)


def find_ages_over_89(text: str, lowered: str) -> Iterator[Identifier]:
    """The number of an age of 90 or more."""
    for found in _AGE.finditer(text) if any(word in lowered for word in _TELL_AGE) else ():
        group = "before" if found["before"] else "after"
        yield Identifier(found.start(group), found.end(group), IdentifierKind.AGE)


def find_dates(text: str) -> Iterator[tuple[int, int]]:
    """Ranges of full dates of any kind, for measuring alone."""
    for found in _ANY.finditer(text):
        yield found.span()
