"""Negation, uncertainty, condition and whose it is must survive the rewriting."""

import re
from collections.abc import Iterator, Mapping, Sequence

from chains.verification.claim import Claim, Refusal
from chains.verification.kin import subjects_are_cited
from chains.verification.reading import reading_of
from chains.verification.scopes import Reach
from chains.verification.units import Unit, by_name, same_things, units_of

_REFUSALS = {
    "negated": Refusal("negation", 'a "no" was lost or added'),
    "possible": Refusal("uncertainty", "it made sure what was only possible, or the other way round"),
    "conditional": Refusal("condition", "it took for real what the lines only plan or fear"),
    "over": Refusal("temporality", "it made present what is over, or over what is present"),
}
_NO = re.compile(r"\b(?:no|not|never|neither|without|denie[sd]|denying)\b(?! only\b)", re.IGNORECASE)
_SOME_NO = re.compile(
    r"\b(?:no|not|none|never|nor|neither|without|den(?:ie[sd]|y|ying)|negative|absen\w+|free|lack\w*|rul\w+ out|"
    r"exclud\w+|declin\w+|refus\w+|unlikely|nothing|nil|fail(?:s|ed|ing)?|non\w*|un\w+|in(?:dependent\w*|tact|active|"
    r"complete\w*|ability)|normal|clear|clean|dry|off|stop\w*|held|hold|resol\w+|discontinu\w+|quit|former|only|except|"
    r"alone|avoid\w*|remov\w+|ceas\w+|a(?:symptomatic|febrile|traumatic|mbulatory)|nka|nkda|stable|same|rarely|seldom|"
    r"barely|hardly|limit\w*|poor\w*|prevent\w*|miss\w*|loss|lost|less|better|improv\w*|gone|healed|controlled|good|"
    r"went away|subsid\w+|disappear\w*|abat\w+|well|full|within|soft|regular|benign|\w+less)\b|\b0\b|[-–(]\s*\)",
    re.IGNORECASE,
)
_CERTAIN = re.compile(r"\b(?:confirmed|proven|definite(?:ly)?|certainly|undoubtedly|established)\b", re.IGNORECASE)
_CERTAINTY = re.compile(
    r"\b(?:confirm\w*|prov\w+|defin\w+|certain\w*|undoubted\w*|establish\w*|diagnos\w+|dx\w*|verif\w+|known|agreed?)\b",
    re.IGNORECASE,
)
_TURNED_WORD = re.compile(
    r"\b(?:non-?(?:compl|adher)\w+|unable|uncontrolled|unwilling|intoler\w+|inabilit\w+|fail\w*)\b", re.IGNORECASE
)


def assertion_survives(claim: Claim) -> Refusal | None:
    """Refuses a text in which a thing stands under another sign than wherever the cited sentences have it.

    Thing by thing: *denies chest pain* must not become *chest pain*, nor *possible pneumonia* pneumonia, nor *mother
    had breast cancer* the patient's. Where it is in doubt how far a sign reaches, nothing is refused. Of a quote cut
    from a sentence the whole sentence is asked, and its heading stands beside it.
    """
    if not claim.is_verbatim and _says_no_alone(claim):
        return _REFUSALS["negated"]
    if _CERTAIN.search(claim.text) and not any(_CERTAINTY.search(e.context) for e in claim.cited):
        return _REFUSALS["possible"]
    return next(_turned(claim), None) or subjects_are_cited(claim)


def _says_no_alone(claim: Claim) -> bool:
    """Whether the text says "no" where nothing in the cited words does, in any way."""
    if not _NO.search(reading_of(claim.text).plain):
        return False
    return not any(_SOME_NO.search(reading_of(e.context).plain) for e in claim.cited)


def _turned(claim: Claim) -> Iterator[Refusal]:
    given = [u for e in claim.cited for u in units_of(e.context)]
    known = by_name(given)
    text = units_of(claim.text)
    in_one_word = any(_TURNED_WORD.search(reading_of(e.context).plain) for e in claim.cited)
    for told in text:
        same = same_things(told, known)
        if _is_sure_of_a_kind(told, known):
            yield _REFUSALS["possible"]
        if same and _is_sure_of_a_cause(told) and all(u.reach("presumed") for u in same):
            yield _REFUSALS["possible"]
        for sign, refusal in _REFUSALS.items():
            reach = told.reach(sign)
            if not same or reach is Reach.DOUBT:
                continue
            asked = _told_alike(told, text, same, given) if len({u.reach(sign) for u in same}) > 1 else same
            if sign == "negated" and reach and in_one_word:
                continue
            if all(abs(u.reach(sign) - reach) > 1 for u in asked) and not _is_told_otherwise(sign, told, asked):
                yield refusal


def _is_sure_of_a_kind(told: Unit, known: Mapping[str, list[Unit]]) -> bool:
    """Whether a word of its name is only possible in the cited words: *syncope, possibly vasovagal*."""
    if not told.is_finding or told.reach("possible"):
        return False
    kinds = [[u for u in known.get(s, ()) if u.stems == {s}] for s in told.stems - {told.head}]
    return any(units and all(u.reach("possible") is Reach.WITHIN for u in units) for units in kinds)


def _is_sure_of_a_cause(told: Unit) -> bool:
    return told.reach("caused") is Reach.WITHIN and not told.reach("presumed") and not told.reach("possible")


def _is_told_otherwise(sign: str, told: Unit, known: Sequence[Unit]) -> bool:
    """Whether a difference of one sign comes of saying the same by another: *it resolved*, *there is none*."""
    over = any(u.reach("over") for u in known)
    if sign == "negated":
        return bool(told.reach("over")) or (over and told.reach("negated") is Reach.WITHIN)
    denied = told.reach("negated"), *(u.reach("negated") for u in known)
    return any(denied) if sign == "over" else all(denied)


def _told_alike(told: Unit, text: Sequence[Unit], same: list[Unit], given: Sequence[Unit]) -> list[Unit]:
    """Of things that the cited words mention more than once, those in the clause most like the text's."""
    around = frozenset().union(*(u.stems for u in text if u.clause == told.clause)) - told.stems
    shared = [len(around & frozenset().union(*(g.stems for g in _beside(u, given)))) for u in same]
    most = max(shared)
    return [u for u, n in zip(same, shared, strict=True) if n == most] if most > 1 else same


def _beside(unit: Unit, given: Sequence[Unit]) -> Iterator[Unit]:
    at = next(i for i, u in enumerate(given) if u is unit)
    for step in (1, -1):
        i = at
        while 0 <= i < len(given) and given[i].clause == unit.clause and (i - at) * step < 30:
            yield given[i]
            i += step
