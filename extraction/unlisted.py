"""Items of an allergy list whose words no lexicon knows, told by the form in which such lists are written."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from extraction.dosing import DOSE
from extraction.lexicon import load
from extraction.problems import find_problems
from extraction.results import find_analytes
from extraction.words import Match, Phrases, Words

_BRACKETS = re.compile(r"\([^()]*(?:\)|\Z)|\[[^\[\]]*(?:\]|\Z)")
_HIDDEN = "\0"
_CLAUSE = re.compile(r"[;\n•]|\*{2,}|(?<=\w{4})\.\s+(?=[A-Z])|\s(?=\d{1,2}[.)]\s+[A-Z])")
_COMMA = re.compile(rf",|(?<={_HIDDEN})\s+(?=[A-Z])|(?<={_HIDDEN})\s*(?:(?i:and)\b|&|\+|/)")
_AND = re.compile(r"\s+(?:and|&|\+|plus|or)\s+|\s+/\s+", re.IGNORECASE)
_MARK = re.compile(
    r"[\s\x00\-•*–—#>?!\"'.]*(?:\(?\d{1,2}[.)]\s+)?(?:(?:and|or|also|plus|possibl[ey]|possible|probable|&)\s+)*"
)
_LABEL = re.compile(r"\s*([A-Za-z][A-Za-z ]{2,24}?)\s*[:=]\s*(?=\S)")
_TO = re.compile(
    r"\b(?:allerg(?:y|ies|ic)|sensitiv(?:e|ity)|intoleran(?:t|ce)|hypersensitiv\w+|reacts|reacted)"
    r"(?:\s+\w+){0,1}?\s+to\s+",
    re.IGNORECASE,
)
_REACTION = re.compile(
    rf"{_HIDDEN}+|\s+[-–—]+>?\s*|[–—]\s*|--+>?\s*|-\s+|\s*(?:→|->|\||\t|=|:| {{3,}})\s*|"
    r"\s+(?:caus(?:es?|ed|ing)|gives?|gave|makes?|made|leads? to|led to|with)\s+",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"\s+(?:per|since|when|as (?:an? )?(?:child|infant|kid|baby|teen\w*)|in (?:\d{4}|childhood|the past)|at age)\b.*\Z"
    r"|\s+\d{1,2}/\d{1,4}(?:/\d{2,4})?\s*\Z|\s+(?:19|20)\d\d\s*\Z|\s+(?:allerg(?:y|ies)|intolerances?|sensitivity)\s*\Z"
    r"|\s+(?:\?|x\s?\d)\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_GOVERNS = re.compile(r"\s+(?:to|with|from|after)\s+", re.IGNORECASE)
_TOLERATED = re.compile(r"(?:[a-z]+ ){0,2}tolerat(?:ed|es|ing)\b", re.IGNORECASE)
_CLOSING = " .\t*\"'?!"
_NEXT_NUMBER = re.compile(r"\s\d{1,2}\.\s*\Z")
_DENYING = re.compile(r"\b(?:no|not|nor|denies|denied|without|never)\b", re.IGNORECASE)
_NUMBERS = re.compile(r"\d{1,2}[/-]\d{1,2}|\d\.\d|\b(?:19|20)\d\d\b|\d{4,}|\d+\s?%|_")
_NAME = re.compile(r"[^\W_][\w'’./&+%#-]*(?: [\w'’./&+%#-]+){0,4}")
_PREDICATE = re.compile(
    r"(?:\b(?!\w*(?:seed|weed)\Z)\w{3,}ed|\b(?!\w*(?:sting|string|dressing|colou?ring|flavou?ring|coating|herring)\Z)\w{3,}ing|"
    r"\b\w{2,}(?:ally|ently|antly|ously|ably|ibly|erly))\Z",
    re.IGNORECASE,
)
"""The last word of what is said of somebody: `sedated`, `well nourished`, `feeling better and sleeping`."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][a-z]+)?")


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A substance by its own words; `start:end` spans it and its reaction, `reaction` is what the list says of it."""

    name: str
    start: int
    end: int
    reaction: str


@cache
def _set(key: str) -> frozenset[str]:
    return frozenset(load("allergens")[key])


@cache
def _reactions() -> Phrases[str]:
    return Phrases((phrase, phrase) for phrase in load("allergens")["reactions"])


def unlisted(text: str, known: Sequence[Match[str]]) -> Iterator[Unlisted]:
    """The items of one sentence of an allergy list that name no known substance, in order.

    An item is short and has no verb. What follows a piece of prose in its clause is prose too, up to a word as
    "allergic to": `sedated, intubated` behind `she is` are no items.
    """
    masked = _BRACKETS.sub(lambda m: _HIDDEN * len(m.group()), text)
    for start, end in _cut(_CLAUSE, masked, 0, len(masked)):
        prose = told = running = False
        for first, last in _cut(_COMMA, masked, start, end):
            piece = _Piece.of(text, masked, first, last)
            prose = (prose and not piece.restarts) or _is_prose(piece.before)
            goes_on = told and _is_complaint(_REMARK.sub("", piece.before))
            if not (prose or goes_on or (running and piece.before[:1].islower())):
                yield from piece.items(text, known)
            told = told or bool(piece.reaction)
            running = (running or _is_prose(piece.reaction)) and not piece.reaction.startswith(("(", "["))


def _cut(pattern: re.Pattern[str], text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(text, start, end):
        yield start, match.start()
        start = match.end()
    yield start, end


@dataclass(frozen=True, slots=True)
class _Piece:
    """What stands between two commas: names from `start` to `stop`, then the reaction up to `end`.

    `ahead` is where a reaction begins that stands before its substance, -1 where none does.
    """

    start: int
    stop: int
    end: int
    before: str
    reaction: str
    ahead: int
    restarts: bool

    @classmethod
    def of(cls, text: str, masked: str, start: int, end: int) -> "_Piece":
        ahead, told_from = "", -1
        told = _TO.search(masked, start, end)
        restarts = told is not None and not _DENYING.search(masked, start, told.start())
        marked = bool(re.match(r"\s*(?:[-•*–]|\d{1,2}[.)])\s", masked[start:end]))
        if told and restarts:
            start = told.end()
        start = _after(_MARK, masked, start, end)
        label = _LABEL.match(masked, start, end)
        if label and label.group(1).lower() in _set("categories"):
            start = label.end()
        elif to := _reaction_ahead(masked, start, end):
            ahead, told_from, start = masked[start : to[0]].strip(), start, to[1]
        sign = _REACTION.search(masked, start, end)
        stop = sign.start() if sign else end
        reaction = ahead or (text[sign.start() : end] if sign else "")
        doubtful = sign is not None and ":" in sign.group() and not marked and not _is_complaint(reaction)
        return cls(start, stop, end, "" if doubtful else masked[start:stop], reaction, told_from, restarts)

    def items(self, text: str, known: Sequence[Match[str]]) -> Iterator[Unlisted]:
        """The names of this piece, one that a known substance stands in left out."""
        reaction = _tidy(self.reaction)
        if _TOLERATED.match(reaction):
            return
        for start, end in _cut(_AND, self.before, 0, len(self.before)):
            start += _after(_MARK, self.before[start:end], 0, end - start)
            told = _NEXT_NUMBER.sub("", self.before[start:end]).rstrip(_CLOSING)
            words = _REMARK.sub("", told).rstrip(_CLOSING)
            first, last = self.start + start, self.start + start + len(told)
            if any(m.start < last and m.end > first for m in known) or not _is_name(words):
                continue
            stop = max(last, self.end) if reaction and self.stop < self.end else last
            first = self.ahead if self.ahead >= 0 and not start else first
            stop = first + len(text[first:stop].rstrip(" .\t"))
            yield Unlisted(" ".join(words.lower().split()), first, stop, reaction)


def _after(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    match = pattern.match(text, start, end)
    return match.end() if match else start


def _reaction_ahead(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where a reaction that comes first ends and its substance begins: `throat swelling with zorbalin`."""
    to = _GOVERNS.search(text, start, end)
    told = (
        any(start + m.end == to.start() for m in _reactions().find(Words.of(text[start : to.start()]))) if to else False
    )
    return to.span() if to and told else None


def _is_prose(words: str) -> bool:
    return any(w.lower() in _set("prose") for w in _WORD.findall(words))


def _is_complaint(words: str) -> bool:
    lowered = [w.lower() for w in _WORD.findall(words)]
    return any(w in _set("complaints") or w == "unknown" for w in lowered) or any(_reactions().find(Words.of(words)))


def _is_name(words: str) -> bool:
    """Whether words may name a substance: one to five, no verb, no date, no dose, no complaint and no disease."""
    lowered = [w.lower() for w in _WORD.findall(words)]
    return (
        sum(map(len, lowered)) >= 3
        and len(words) <= 48
        and _NAME.fullmatch(words) is not None
        and not any(w in _set("not_in_names") for w in lowered)
        and not all(w in _set("categories") for w in lowered)
        and not (_NUMBERS.search(words) or DOSE.search(words))
        and not _is_reaction(words, lowered)
        and not _PREDICATE.search(words)
        and not (find_problems(words) or find_analytes(words))
    )


def _is_reaction(words: str, lowered: Sequence[str]) -> bool:
    return lowered[-1] in _set("complaints") or any(_reactions().find(Words.of(words)))


def _tidy(reaction: str) -> str:
    """A reaction without its brackets, dashes and colons; "" where it is none but a date or a source."""
    told = re.split(r"[\t|]", reaction.lstrip(" \t|"))[0]
    words = " ".join(told.strip(" \t()[]-–—:=>→|.,").split())
    lowered = [w.lower() for w in _WORD.findall(words)]
    plain = bool(lowered) and len(words) <= 80 and lowered[0] not in ("per", "reviewed", "verified", "in", "since")
    return words if plain else ""
