"""No site, severity, symptom, test, procedure, place, specialty, relative or time that the cited words do not have."""

import re
from collections.abc import Iterator

from chains.verification.carried import named_stems
from chains.verification.claim import Claim, Refusal
from chains.verification.reading import Concept, Reading, cited_reading, content_stems, reading_of
from extraction.dates import find_dates
from extraction.drugs import find_drugs
from extraction.problems import find_problems

_ADVICE = {
    "site": Refusal("site", "it named a part of the body that the lines do not name"),
    "position": Refusal("site", "it named a place in the body that the lines do not name"),
    "severity": Refusal("severity", "it said how severe, and the lines do not say so"),
    "acuity": Refusal("severity", "it said acute or chronic, sudden or recurrent, and the lines do not say so"),
    "nature": Refusal("qualifier", "it qualified something in a way that the lines do not"),
    "relative": Refusal("subject", "it named a person whom the lines do not name"),
    "when": Refusal("date", "it named a time that the lines do not name"),
}
_TERM = Refusal("unsupported_term", "it named a finding, a test or a treatment that the lines do not name")
_SHORT = (
    ("this morning", r"\bthis a\.?m\b"), ("tonight", r"\btonite\b|\bthis p\.?m\b"), ("overnight", r"\bo/n\b"),
)  # fmt: skip
_DAYS = frozenset({"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip


def sites_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a body part or position that no cited sentence has."""
    return next(_uncited(claim, {"site", "position"}), None)


def qualifiers_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a degree, a course or a nature of something (*severe*, *acute*, *metastatic*) that is not cited."""
    groups = {"severity", "acuity", "nature"}
    if refusal := next(_uncited(claim, groups), None):
        return refusal
    told, cited = _qualified(reading_of(claim.text), groups), _qualified(cited_reading(claim), groups)
    for group, name, head in told - cited:
        if any(g == group and h == head and n != name for g, n, h in cited):
            return _ADVICE[group]
    return None


def _qualified(reading: Reading, groups: set[str]) -> set[tuple[str, str, str]]:
    """Group and name of each qualifier with the word it stands before."""
    found = set()
    for concept in reading.concepts:
        if concept.group in groups:
            ahead = content_stems(reading.plain[concept.end : concept.end + 40])
            if ahead:
                found.add((concept.group, concept.name, ahead[0]))
    return found


def people_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a relative or other person whom no cited sentence names."""
    return next(_uncited(claim, {"relative"}), None)


def times_are_cited(claim: Claim) -> Refusal | None:
    """Refuses *yesterday*, a weekday or a month that is neither cited nor within a cited date."""
    return next(_uncited(claim, {"when"}), None)


def terms_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a symptom, test, procedure, place of care, specialty, organism or substance that is not cited."""
    groups = {"symptom", "test", "procedure", "setting", "event", "specialty", "organism", "substance"}
    return next(_uncited(claim, groups), None)


def _uncited(claim: Claim, groups: set[str]) -> Iterator[Refusal]:
    text, cited = reading_of(claim.text), cited_reading(claim)
    asked = [c for c in text.concepts if c.group in groups and (c.group, c.name) not in cited.named]
    for concept in asked:
        if not _is_carried(concept, text, cited, claim):
            yield _ADVICE.get(concept.group, _TERM)


def _is_carried(concept: Concept, text: Reading, cited: Reading, claim: Claim) -> bool:
    words = content_stems(text.plain[concept.start : concept.end])
    if words and (cited.bare_stems | named_stems(claim)).issuperset(words):
        return True
    if concept.group == "when":
        return _in_a_date(concept, text, claim)
    return _within_a_known_name(concept, text, cited)


def _within_a_known_name(concept: Concept, text: Reading, cited: Reading) -> bool:
    """Whether the word belongs to the name of a drug or problem that the cited words have under another name."""
    for find in (find_drugs, find_problems):
        for mention in find(text.plain):
            if mention.start <= concept.start < mention.end and mention.name in {m.name for m in find(cited.plain)}:
                told = concept.group not in ("acuity", "severity", "nature") or concept.name in mention.name
                if told:
                    return True
    return False


def _in_a_date(concept: Concept, text: Reading, claim: Claim) -> bool:
    if any(d.start <= concept.start < d.end for d in find_dates(text.plain)):
        return True
    name = concept.name.lower()
    if any(name == word and re.search(short, claim.contexts, re.IGNORECASE) for word, short in _SHORT):
        return True
    short = rf"\b{name[:3]}(?:s|t|rs|nes)?\b"
    if (name in _DAYS or name in _MONTHS) and re.search(short, claim.contexts, re.IGNORECASE):
        return True
    if concept.name.lower() not in _MONTHS:
        return False
    month = f"-{_MONTHS.index(concept.name.lower()) + 1:02d}"
    dates = [d.value for d in find_dates(claim.contexts)] + list(claim.charted_dates)
    return any(month in (value[4:7], value[1:4]) for value in dates)
