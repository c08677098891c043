"""How a text asserts what it names: present, ended, denied, someone else's, possible.

Where the text holds the very words of a note for which the ledger says how they assert a fact, the ledger decides.
Elsewhere short lists of cue words do, within the clause, after ConText (Harkema et al. 2009). They are kept apart from
the product's own rules on purpose: a judge must not share the errors of what it judges.
"""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

from core.records import Citation
from mlops.evaluation.ledger import LedgerFact, PatientLedger, Span


class Stance(StrEnum):
    """How something is asserted. PAST is true of another time, ENDED says that it is over."""

    PRESENT = "present"
    PAST = "past"
    ENDED = "ended"
    DENIED = "denied"
    FAMILY = "family"
    POSSIBLE = "possible"


_BREAK = re.compile(r"[.;:!?](?=\s|$)|\n|, (?:but|now|and now|then)\b|\b(?:but|however|although)\b", re.IGNORECASE)
_BEFORE = {
    Stance.FAMILY: r"\b(?:mother|father|brother|sister|son|daughter|aunt|uncle|cousin|grand(?:mother|father)|parents?|"
    r"siblings?|family history|famil(?:y|ial))\b",
    Stance.DENIED: r"\b(?:no|not|nor|never|denie[sd]|denying|without|negative for|ruled? out|r/o|absence of|free of)\b",
    Stance.ENDED: r"\b(?:stop(?:s|ped|ping)?|discontinu\w+|d/?c'?(?:e?d)?|taken (?:her |him |them )?off|off|"
    r"came off|no longer|quit|resolved|weaned|complet(?:e|ed|ing)|finish(?:ed|ing)|held|hold(?:ing)?|withh[eo]ld)\b",
    Stance.PAST: r"\b(?:histor(?:y|ical)|h/o|hx|prior|previous(?:ly)?|past|former(?:ly)?|s/p|status post|was|were|had|"
    r"recent(?:ly)?|admitted|hospitali[sz]ed|treated|from|in (?:19|20|21)\d\d)\b",
    Stance.POSSIBLE: r"\b(?:possible|possibly|probable|likely|suspect(?:ed)?|suspicio\w+|concern(?:ing)? for|may|might|"
    r"could|consider\w*|if|\?|risk of|versus|vs|evaluate for|screen\w*|would)(?:\b|(?<=\?))",
}
_AFTER = {
    Stance.DENIED: r"\b(?:ruled out|denied|negative|not (?:present|seen|found)|in error)\b",
    Stance.ENDED: r"\b(?:stop(?:ped)?|discontinued|d/?c'?(?:e?d)|was held|held|on hold|has resolved|resolved|"
    r"complet(?:e|ed)|finished|no longer|is off|in remission)\b",
    Stance.PAST: r"\b(?:in (?:19|20|21)\d\d|years? ago|months? ago|weeks? ago|(?:19|20|21)\d\d-\d\d|"
    r"last (?:year|month|admission)|s/p)\b",
    Stance.FAMILY: r"\b(?:in|\() ?(?:(?:an?|her|his|their|the|maternal|paternal) ){0,2}"
    r"(?:mother|father|brother|sister|son|daughter|aunt|uncle|cousin|grand(?:mother|father))\b",
}
_LETTERS = re.compile(r"[A-Za-z]{2,}")
_BEFORE_CUES = {stance: re.compile(cues, re.IGNORECASE) for stance, cues in _BEFORE.items()}
_AFTER_CUES = {stance: re.compile(cues, re.IGNORECASE) for stance, cues in _AFTER.items()}
_ORDER = (Stance.FAMILY, Stance.DENIED, Stance.ENDED, Stance.POSSIBLE, Stance.PAST)


def stance_by_words(text: str, start: int, end: int) -> Stance:
    """How the clause around `start:end` asserts it, by cue words before it, and by others after it."""
    before, after = _clause(text, start, end)
    for stance in _ORDER:
        if _BEFORE_CUES[stance].search(before):
            return stance
        later = _AFTER_CUES.get(stance)
        if later and later.search(after):
            return stance
    return Stance.PRESENT


def stance_of_span(span: Span) -> Stance:
    """What the ledger says of words it knows."""
    if span.assertion == "family":
        return Stance.FAMILY
    if span.assertion == "negated":
        return Stance.DENIED
    if span.action in {"stopped", "resolved", "held"}:
        return Stance.ENDED
    if span.assertion in {"possible", "hypothetical"}:
        return Stance.POSSIBLE
    return Stance.PAST if span.assertion == "historical" else Stance.PRESENT


class VerbatimSpans:
    """Where a statement repeats cited words of a note, and which ledger spans lie there."""

    def __init__(self, text: str, citations: Sequence[Citation], ledger: PatientLedger) -> None:
        self._text = text
        self._quoted = list(_quoted(text, citations))
        self._places = list(_places(self._quoted, ledger))

    def covers(self, start: int, end: int) -> bool:
        """Whether `start:end` of the statement lies in cited words."""
        return any(places[0] <= start and end <= places[-1] + 1 for _, places, _ in self._quoted)

    def at(self, start: int, end: int, keys: frozenset[tuple[str, str]]) -> list[tuple[Span, LedgerFact]]:
        """The ledger's spans of facts with one of `keys` that `start:end` of the statement lies on."""
        return [(s, f) for a, b, s, f in self._places if a < end and b > start and f.key in keys]

    def has_words_beside(self, spans: Sequence[tuple[Span, LedgerFact]]) -> bool:
        """Whether the statement's clause holds words beside those of the spans, which could say how it is meant."""
        ours = [(a, b) for a, b, span, fact in self._places if (span, fact) in spans]
        before, after = _clause(self._text, min(a for a, _ in ours), max(b for _, b in ours))
        return bool(_LETTERS.search(before) or _LETTERS.search(after))


def _quoted(text: str, citations: Sequence[Citation]) -> Iterator[tuple[Citation, list[int], list[int]]]:
    """Each citation whose words the statement repeats: where its characters stand in the statement and the note."""
    flat, to_text = _collapsed(text)
    for citation in citations:
        quote, to_quote = _collapsed(citation.quote)
        at = flat.find(quote) if quote else -1
        if at >= 0:
            yield citation, to_text[at : at + len(quote)], [citation.start + place for place in to_quote]


def _places(
    quoted: Sequence[tuple[Citation, list[int], list[int]]], ledger: PatientLedger
) -> Iterator[tuple[int, int, Span, LedgerFact]]:
    """(start, end, span, fact) in the statement's own offsets."""
    for citation, in_text, in_note in quoted:
        for span, fact in ledger.spans_by_note.get(citation.note_id, ()):
            inside = [place for place, note in zip(in_text, in_note, strict=True) if span.start <= note < span.end]
            if inside:
                yield inside[0], inside[-1] + 1, span, fact


def _collapsed(text: str) -> tuple[str, list[int]]:
    """The text with runs of white space as one blank and none at its ends, and where each character stood."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        blank = character.isspace()
        if blank and (not characters or characters[-1] == " "):
            continue
        characters.append(" " if blank else character)
        places.append(place)
    while characters and characters[-1] == " ":
        characters.pop()
        places.pop()
    return "".join(characters), places


def _clause(text: str, start: int, end: int) -> tuple[str, str]:
    first = max((m.end() for m in _BREAK.finditer(text, 0, start)), default=0)
    last = _BREAK.search(text, end)
    return text[first:start], text[end : last.start() if last else len(text)]
