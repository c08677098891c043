"""Under which sign each word of a text stands: denied, possible, conditional, over.

Cues govern the words ahead of them or behind, as in ConText (Harkema et al., J Biomed Inform 2009). Where ConText says
yes or no, a word here may also be in doubt: behind a preposition or in a second list, how far a "no" reaches is read
differently by different readers, and two texts in other words must not be told apart by it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from chains.verification.clauses import CLOSE, Clauses, bounds, clauses_of
from chains.verification.reading import table
from chains.verification.scopes import Reach, Scope
from chains.wording import STOPWORDS
from extraction.words import Phrases, Words

_ASKED = re.compile(r"(?:\A|[\s(:,;/-])\?\s?\Z")
_SPANS = frozenset({"day", "week", "month", "year", "wk", "mo", "hour"})
_TELLING = frozenset({"was", "were", "showed", "shows", "revealed", "demonstrated", "is", "are", "unchanged"})
_DONE_FOR = frozenset({"hold", "held", "give", "given", "transfuse", "transfusion", "call", "return", "stop", "repeat"})
# Times that stand behind their noun: in *no complications postoperative* no complication is modified.
ROUND_SURGERY = ("postoperativ", "preoperativ", "intraoperativ", "perioperativ")
SIGNS = ("negated", "possible", "conditional", "over", "caused", "presumed", "planned", "done", "ended")
PLACES = {sign: place for place, sign in enumerate(SIGNS)}
_GROUPS = (("negated", "possible", "conditional", "over"), ("caused",), ("planned", "done"), ("ended",))
_TELLING_SIGNS = frozenset(_GROUPS[0])


@dataclass(frozen=True, slots=True)
class Signs:
    """For each sign how its cues reach each word of the text; `cued` are the words of the cues themselves."""

    clauses: Clauses
    reaches: Mapping[str, Sequence[Reach]]
    cued: frozenset[int]

    def of(self, sign: str, last: int) -> Reach:
        """The reach of a sign over the thing whose name ends with word `last`.

        The head of a name bears the sign: in *no gout flares* the flares are denied, and whether the gout is, is left
        open.
        """
        reach = self.reaches[sign][last]
        if sign in _GROUPS[0] and reach is Reach.WITHIN and self._is_modifier(last, self.reaches[sign]):
            return Reach.DOUBT
        return reach

    def _is_modifier(self, at: int, reaches: Sequence[Reach]) -> bool:
        behind = at + 1
        if behind >= len(reaches) or self.clauses.gaps[behind] or reaches[behind] is not Reach.WITHIN:
            return False
        word = self.clauses.words.lower[behind]
        if word.startswith(ROUND_SURGERY) or word in STOPWORDS or behind in self.cued:
            return False
        if any(word in bounds()[n] for n in ("heads", "presence")):
            return False
        return not word.endswith(("ed", "ing", "ly")) and not word[0].isdigit()


@cache
def _cues() -> tuple[Phrases[tuple[tuple[str, str], ...]], ...]:
    """For each group of signs the signs and places of each phrase; none of those that only look like a cue."""
    data = table("signs")
    presumed = [f"{hedge} {cause}" for hedge in data["hedges"] for cause in data["caused"]["ahead"]]
    found = []
    for group in _GROUPS:
        places: dict[str, dict[str, str]] = {phrase: {} for phrase in data["neutral"] + data["not_ended"]}
        if group == ("ended",) or group == ("planned", "done"):
            places = {phrase: {} for phrase in data["not_ended"]}
        for sign in group:
            for place, phrases in data[sign].items():
                for phrase in phrases:
                    known = places.setdefault(phrase, {})
                    known[sign] = "either" if known.get(sign, place) != place else place
        if "possible" in group:
            places.update((phrase, {"possible": "doubtful"}) for phrase in presumed)
        if "caused" in group:
            places.update((phrase, {"presumed": "ahead"}) for phrase in presumed)
        found.append(Phrases((phrase, tuple(signs.items())) for phrase, signs in places.items()))
    return tuple(found)


@lru_cache(maxsize=4096)
def signs_of(plain: str) -> Signs:
    """Read the signs of a text whose abbreviations are spelled out. Remembered."""
    clauses = clauses_of(plain)
    reaches = {sign: [Reach.OUT] * len(clauses.gaps) for sign in SIGNS}
    cued: set[int] = set()
    for sign, reached in _reached(clauses, cued):
        for at, reach in reached:
            reaches[sign][at] = max(reaches[sign][at], reach)
    return Signs(clauses, reaches, frozenset(cued))


def _reached(clauses: Clauses, cued: set[int]) -> Iterator[tuple[str, Iterator[tuple[int, Reach]]]]:
    words = clauses.words
    for group in _cues():
        for match in group.find(words):
            if not match.value or any(s in _TELLING_SIGNS and p != "doubtful" for s, p in match.value):
                cued.update(i for i in range(match.first, match.last + 1) if words.lower[i] not in bounds()["orders"])
            for sign, place in match.value:
                yield sign, Scope(clauses, sign).of(match.first, match.last, place)
    for at, word in enumerate(words.lower):
        gap = words.text[words.ends[at - 1] if at else 0 : words.starts[at]]
        if _ASKED.search(gap):
            yield "possible", Scope(clauses, "possible").ahead(at, in_list=False)
        elif word == "should" and (clauses.parts(at) and clauses.gaps[at] != CLOSE):
            yield "conditional", Scope(clauses, "conditional").ahead(at + 1, in_list=False)
        elif word == "for" and any(words.lower[i] in _DONE_FOR for i in range(clauses.start(at), at)):
            yield "conditional", Scope(clauses, "conditional").of(at, at, "doubtful")
        elif word in bounds()["orders"] and _is_an_order(clauses, at):
            yield "planned", Scope(clauses, "planned").of(at, at, "order")
        elif word == "in" and _is_a_time_to_come(clauses, at):
            yield "planned", Scope(clauses, "planned").of(at, at, "behind")
        elif word == "0" and at and not clauses.parts(at) and not _is_of_a_decimal(words, at):
            yield "negated", Scope(clauses, "negated").of(at, at, "nearest")


def _is_a_time_to_come(clauses: Clauses, at: int) -> bool:
    """*In 6 weeks*: where no verb tells that it happened, it is to come."""
    lower = clauses.words.lower
    if any(w in _TELLING or w.endswith("ed") for w in lower[clauses.start(at) : clauses.stop(at)]):
        return False
    ahead = lower[at + 1 : at + 4]
    return len(ahead) > 1 and ahead[0][0].isdigit() and any(w.rstrip("s") in _SPANS for w in ahead[1:])


def _is_of_a_decimal(words: Words, at: int) -> bool:
    return (
        words.text[words.ends[at] : words.ends[at] + 1] in (".", "/", ",", "%", "-")
        or not words.text[words.starts[at] - 1].isspace()
    )


def _is_an_order(clauses: Clauses, at: int) -> bool:
    """*Repeat CBC* begins a clause, or its part; *repeat CBC showed* is none, since a finite verb follows."""
    lower = clauses.words.lower
    begins = clauses.parts(at) or clauses.gaps[at] or lower[at - 1] in ("and", "then", "please", "or")
    counted = at + 1 < len(lower) and lower[at + 1][0].isdigit()
    return bool(begins) and not counted and not any(w in _TELLING for w in lower[at + 1 : clauses.stop(at)])
