"""How far a cue reaches: over a list, up to a new predicate, and only perhaps over what hangs on a preposition."""

from collections.abc import Iterator
from enum import IntEnum

from chains.verification.clauses import CLOSE, COMMA, END, OPEN, Clauses, bounds

_AND = frozenset({"and", "or", "nor"})
_ACTIVE = frozenset({"do", "does", "did", "can", "could", "will", "would", "should", "may", "might", "to"})
_BETWEEN = frozenset({"yet", "been", "ever", "be", "being", "really", "now"})
_PASSIVES = frozenset({"ruled", "denied", "excluded", "declined", "refused"})
_COPULAS = frozenset({"is", "was", "are", "were", "been", "be"})
_HINGES = frozenset({"if", "when", "because", "unless", "until", "once"})
_LONGEST_MEMBER = 3
_ALONE = frozenset(
    {
        "treated",
        "now",
        "since",
        "has",
        "have",
        "fully",
        "completely",
        "all",
        "which",
        "that",
        "but",
        "largely",
        "with",
        "had",
    }
)
_KNOWN = frozenset({"the", "her", "his", "this", "these", "their"})
_NOUNS_IN_ING = frozenset(
    {"swelling", "bleeding", "vomiting", "wheezing", "itching", "bruising", "burning", "numbness"}
)


class Reach(IntEnum):
    """Whether a cue reaches a word."""

    OUT = 0
    DOUBT = 1
    WITHIN = 2


Reached = Iterator[tuple[int, Reach]]


class Scope:
    """How far the cues of one sign reach in a text."""

    def __init__(self, clauses: Clauses, sign: str) -> None:
        self.clauses, self.sign = clauses, sign
        self.lower, self.gaps = clauses.words.lower, clauses.gaps

    def of(self, first: int, last: int, place: str) -> Reached:
        """Places of words with the reach of a cue that is words `first` to `last`."""
        if place == "either":
            place = "ahead" if self._has_object(first, last) else "behind"
            if self.sign == "possible" and place == "ahead":
                place = "noun"
        if place == "verb":
            yield from self._verb(first, last)
        elif place == "doubtful":
            yield from self._in_doubt(self._part_start(first), first)
            yield from self._in_doubt(last + 1, self._part_stop(last))
        elif place == "protasis":
            known = self.lower[last + 1 : last + 2] and self.lower[last + 1] in _KNOWN
            yield from self.ahead(last + 1 + (_LONGEST_MEMBER if known else 0), in_list=False)
            yield from self._in_doubt(self.clauses.start(first), self.clauses.stop(last))
        elif place == "modal":
            yield from self._in_doubt(self.clauses.start(first), first)
            yield from self.ahead(last + 1)
        elif place == "nearest":
            yield first - 1, Reach.WITHIN
        elif place == "between" and last + 1 < len(self.lower) and self.lower[last + 1][0].isdigit():
            return
        if place == "order":
            yield first, Reach.WITHIN
        if place in ("ahead", "noun", "between", "around", "order"):
            yield from self.ahead(last + 1, in_list=place in ("ahead", "around", "order"))
        if place in ("behind", "between", "around"):
            yield from self._behind(first)

    def ahead(self, first: int, *, in_list: bool = True) -> Reached:
        """The words from `first` on; where `in_list` is false, only in doubt behind a comma or *and*."""
        found = list(self._ahead(first, in_list))
        behind = found[-1][0] + 1 if found else first
        if behind < len(self.lower) and self.lower[behind] in bounds()["exceptions"]:
            found = [(at, Reach.DOUBT) for at, _ in found]
        yield from found

    def _ahead(self, first: int, in_list: bool) -> Reached:
        reach, for_good, closed = Reach.WITHIN, False, False
        at = first
        while at < len(self.lower):
            gap = self.gaps[at]
            if at > first:
                behind = self.clauses.closes.get(at, len(self.lower))
                if gap == OPEN and behind < len(self.lower) and self.gaps[behind] != END:
                    at = behind
                    if self.clauses.words.text[: self.clauses.words.starts[at]].rstrip().endswith((";", ".")):
                        return
                    gap = COMMA if "," in self.clauses.words.text[self.clauses.words.ends[at - 1] :][:3] else ""
                elif self.clauses.parts(at):
                    return
            word = self.lower[at]
            if at > first and (gap == COMMA or word in _AND):
                if self._begins_anew(at):
                    return
                if for_good or (closed and word not in _AND):
                    reach, for_good = Reach.DOUBT, True
                else:
                    reach, for_good = self._member(at, in_list)
                closed = closed or word in ("or", "nor")
            elif self._is_of_a_change(at, first):
                return
            elif word in bounds()["asides"]:
                reach, for_good = Reach.DOUBT, True
            elif at > first and self._hangs_on(at):
                reach = Reach.DOUBT
            yield at, reach
            at += 1

    def _hangs_on(self, at: int) -> bool:
        word = self.lower[at]
        if self.sign in ("planned", "done") or (word == "on" and self.lower[at - 1] == "acute"):
            return False
        return word in bounds()["adjuncts"] or (word == "to" and self.sign == "negated")

    def _is_of_a_change(self, at: int, first: int) -> bool:
        """In *no change in the nodule* the nodule is there."""
        return (
            self.sign == "negated"
            and at > first
            and self.lower[at] in ("in", "of", "to", "from", "with")
            and self.lower[at - 1] in bounds()["changes"]
        )

    def _member(self, at: int, in_list: bool) -> tuple[Reach, bool]:
        """How a cue reaches a further member of its list, and whether that holds of all that follows."""
        word = self.lower[at]
        if word in ("or", "nor") and (in_list or not self.gaps[at]):
            return Reach.WITHIN, False
        if not in_list:
            return Reach.DOUBT, True
        if self._is_closed(at):
            return Reach.WITHIN, False
        if word == "and" and self.gaps[at] and not any(self.gaps[i] for i in range(self._part_start(at - 1) + 1, at)):
            return Reach.DOUBT, True
        part = self._part(at)
        listed = 0 < len(part) <= _LONGEST_MEMBER and not any(self._tells_of_more(i) for i in part)
        return (Reach.WITHIN, False) if listed else (Reach.DOUBT, True)

    def _is_closed(self, at: int) -> bool:
        """Whether *or* closes the list that goes on with word `at`."""
        return any(self.lower[i] in ("or", "nor") for i in range(at + 1, self.clauses.stop(at)))

    def _part(self, at: int) -> list[int]:
        """The words from `at` up to the next mark, conjunction or preposition."""
        found = []
        for i in range(at, len(self.lower)):
            if i > at and (self.gaps[i] or self.clauses.parts(i) or self.lower[i] in _AND):
                break
            if self.lower[i] in bounds()["adjuncts"] or self.lower[i] in bounds()["asides"]:
                break
            if self.lower[i] not in _AND and self.lower[i] not in ("any", "other"):
                found.append(i)
        return found

    def _tells_of_more(self, at: int) -> bool:
        word = self.lower[at]
        if word in ("clear", "intact", "normal", "well", "good") or word in _COPULAS or word[0].isdigit():
            return True
        return word.endswith(("ed", "ing")) and word not in _NOUNS_IN_ING

    def _begins_anew(self, at: int) -> bool:
        behind = at + (self.lower[at] in _AND)
        if behind < len(self.lower) and self.clauses.words.text[self.clauses.words.starts[behind] - 1] == "?":
            return True
        if behind >= len(self.lower):
            return False
        word = self.lower[behind]
        return word in bounds()["predicates"] or (
            word.endswith("ing") and word not in _NOUNS_IN_ING and self._has_object(behind, behind)
        )

    def _has_object(self, first: int, last: int) -> bool:
        at = last + 1
        if first and self.lower[first] in _PASSIVES and self.lower[first - 1] in _COPULAS:
            return False
        if at >= len(self.lower) or self.gaps[at]:
            return False
        word = self.lower[at]
        if word in bounds()["adjuncts"] or word in bounds()["asides"] or word in bounds()["contrasts"] or word in _AND:
            return False
        return not word.lstrip("x")[:1].isdigit() and word not in bounds()["heads"] and word not in _COPULAS

    def _verb(self, first: int, last: int) -> Reached:
        """*Not* governs the word behind it, the objects of *have*, *show*, *take* and the like, a passive's subject."""
        at = last + 1
        while (
            at < len(self.lower) and not self.gaps[at] and (self.lower[at].endswith("ly") or self.lower[at] in _BETWEEN)
        ):
            at += 1
        if at >= len(self.lower) or self.clauses.parts(at) or self.gaps[at]:
            yield from self._behind(first)
            return
        active = bool(first) and self.lower[first - 1] in _ACTIVE and "be" not in self.lower[first:at]
        if self.lower[at] in bounds()["presence"] and not active:
            yield at, Reach.WITHIN
            yield from self._behind(first)
            yield from self._rest(at + 1)
            return
        if self.lower[at] not in bounds()["changes"]:
            yield from self._in_doubt(self._part_start(first), first)
        if (
            self.lower[at] in bounds()["light"]
            and self.clauses.start(first) == first
            and self.clauses.stop(at) == at + 1
        ):
            yield at, Reach.WITHIN
            yield from self._behind(first)
        elif self.lower[at] in bounds()["light"]:
            yield from self.ahead(at)
        else:
            yield from self._adjectives(at)

    def _adjectives(self, at: int) -> Reached:
        yield at, Reach.WITHIN
        while at + 2 < len(self.lower) and self.lower[at + 1] in _AND and not self._begins_anew(at + 1):
            at += 2
            yield at, Reach.WITHIN
        yield from self._rest(at + 1)

    def _rest(self, at: int) -> Reached:
        while at < len(self.lower) and not self.clauses.parts(at):
            if self.gaps[at] == COMMA and not self._is_closed(at):
                return
            if (self.gaps[at] == COMMA or self.lower[at] in _AND) and self._begins_anew(at):
                return
            yield at, Reach.DOUBT
            at += 1

    def _in_doubt(self, first: int, stop: int) -> Reached:
        for at in range(first, stop):
            yield at, Reach.DOUBT

    def _part_start(self, at: int) -> int:
        start = self.clauses.start(at)
        return max([start, *(i for i in range(start, at + 1) if self.gaps[i] == COMMA)])

    def _part_stop(self, at: int) -> int:
        stop = self.clauses.stop(at)
        return next((i for i in range(at + 1, stop) if self.gaps[i] == COMMA), stop)

    def _part_before(self, cue: int) -> int:
        """In *pneumonia, treated and resolved* the cue stands in a part of its own."""
        start = self._part_start(cue)
        return start if all(w in _COPULAS or w in _ALONE or w in _AND for w in self.lower[start:cue]) else cue

    def _behind(self, cue: int) -> Reached:
        """The words before a cue, back to a comma or another predicate; farther back in doubt."""
        words = self.clauses.words
        if self.gaps[cue] == CLOSE:
            cue = next((opened for opened, closed in self.clauses.closes.items() if closed == cue), cue)
        if self.sign == "ended":
            cue = self._part_before(cue)
        last = cue - 1
        if last < 0 or any(c in words.text[words.ends[last] : words.starts[cue]] for c in ".;?!"):
            return
        low = self._part_start(last)
        for i in range(last, low, -1):
            if self.lower[i] == "and" and any(w in _COPULAS or w in bounds()["predicates"] for w in self.lower[low:i]):
                low = i
                break
        low = max([low, *(i + 1 for i in range(low, last) if self.lower[i] in _HINGES)])
        yield from self._in_doubt(self.clauses.start(last), low)
        reach = Reach.WITHIN
        for at in range(low, cue):
            word = self.lower[at]
            if word in _AND:
                reach = Reach.WITHIN
            elif at > low and (self._hangs_on(at) or word in bounds()["asides"]):
                reach = Reach.DOUBT
            yield at, reach
