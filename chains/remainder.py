"""What an item says behind the words to be quoted: `warfarin 5 mg daily` of `warfarin 5 mg daily, 2.5 mg Sundays`.

A dose is quoted without the rest of its item only where the rest restricts nothing. It restricts where it holds a
further amount, or a word that holds, stops, limits or conditions. When in doubt more is quoted, never less.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from extraction.dosing import NUMBER

_DAYS = (
    r"(?:mon|tues?|wed(?:nes)?|thur?s?|fri|sat(?:ur)?|sun)(?:days?)?|mwf|t/?th/?s(?:at?)?|tths?|tts|"
    r"(?:m|tu?|w|th|f|sa?|su)(?:\s?[/,]\s?(?:m|tu?|w|th|f|sa?|su))+"
)
_WORDS = (
    r"hold\w*|held|on hold|only|except\w*|exclud\w*|if|unless|until|till|while|when\w*|not|never|no longer|no more|"
    r"don.?t|stop\w*|d/c\w*|dc.?d|discontinu\w*|avoid\w*|taper\w*|wean\w*|alternat\w*|skip\w*|miss(?:es|ed)|"
    r"omit\w*|half|(?:every )?other (?:days?|nights?|weeks?)|(?:odd|even|dialysis|hd|non-dialysis) days?|weekdays?|"
    r"weekends?|exceed\w*|max(?:imum)?|up to|at most|limit\w*|as needed|prn|p\.r\.n\.|but|refus\w*|declin\w*|"
    r"non-?complian\w*|non-?adheren\w*|ran out|run out|out of|unfilled|(?:second|another|extra|additional|evening|"
    r"morning|final) dose|increas\w* to|decreas\w* to|then"
)
_RESTRICTS = re.compile(rf"(?<![\w.])(?:{_WORDS}|{_DAYS}|q[ap]m|p\.?m\.?|a\.m\.|(?<!\bi )am)(?![\w'])", re.IGNORECASE)
_AMOUNT = re.compile(rf"(?<![\w.,/-]){NUMBER}|(?<![\w.]){NUMBER}(?=\s?(?:mcg|mg|g|units?|u|ml|meq|tabs?|caps?)\b)")
_NO_AMOUNT = re.compile(
    r"\b\d{1,4}([/-])\d{1,2}\1\d{1,4}\b|\b(?:19|20)\d\d(?:-\d\d)?\b(?!\s?(?:mcg|mg|units?|ml)\b)|\b\d{1,2}:\d\d\b|"
    r"\b(?:on|since|by|from|started|dated?|filled|as of)\s+\d{1,2}/\d{1,2}\b|"
    r"\b\d{1,3}[\s-](?:days?|weeks?|months?|years?|yrs?)[\s-](?:ago|old|prior|earlier|later)\b|"
    r"\b(?:in|within|over the (?:past|last)|for the past|follow[\s-]?up)\s+\d{1,2}(?:\s?-\s?\d{1,2})?\s+"
    r"(?:days?|weeks?|months?|years?)\b|"
    r"\b(?:creatinine|cr|bun|inr|k|na|potassium|sodium|hgb|hemoglobin|hct|wbc|plt|platelets|a1c|hba1c|ef|lvef|bnp|"
    r"tsh|ldl|hdl|glucose|egfr|gfr|bp|sbp|blood pressure|hr|heart rate|rr|spo2|o2 sat\w*|weight|wt|temp\w*)"
    r"(?:\s+(?:of|is|was|at|to|now|today|trough|level))*\s*[:=]?\s*[\d.,]+(?:\s?/\s?\d+)?\s?%?",
    re.IGNORECASE,
)
_SUPPLY = re.compile(r"[\s,.;|(*-]*(?:\b(?:disp(?:ense[d:]?)?|refills?|qty|quantity|ndc|rx)\b|#\s?\d)", re.IGNORECASE)
_NEXT_CLAUSE = re.compile(
    r";|(?<=[\w)])\.\s+(?=[A-Z])|\n\s*\n|\n\s*(?:[-*•]|\d{1,2}[.)])\s|"
    r",?\s(?:because|which|who|whose|since|although|however|given that|and\s+(?=(?:s?he|her|his|they|the|was|were|is|"
    r"has|had|will|we|patient)\b))",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"(?:(?:please|pls|patient|pt|but|and|is|was|to be|s?he)\s+)*(?:hold\w*|held|on hold|except|only|unless|until|"
    r"(?:do(?:es)?\s+|must\s+)?not\s+(?:to\s+)?(?:exceed|tak\w*|fill\w*|us\w*|start\w*)|"
    r"never (?:filled|taken|took|started|picked)|no longer tak\w*|max(?:imum)?|no more than|up to|skip|taper\w*|"
    r"alternat\w*|stop(?:ped)? (?:if|when|after|on|taking|it|\d)|may (?:take|repeat|increase)|"
    r"(?:then )?(?:increase|decrease|reduce)d? to|if (?:sbp|hr|bp|npo|inr|needed)|"
    r"(?:on )?(?:odd|even|other|dialysis|alternate) days?|refus\w*|ran out)\b",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[,;\n|/+]|\.\s|\s(?:and|plus|as well as)\s|\s&\s")
_LEAD = re.compile(r"[\s;,.:|–—-]*(?:(?:then|please|pls|and|or|may|can|do|will)\s+)*", re.IGNORECASE)
_AHEAD = re.compile(rf"\s{NUMBER}\s?[a-z]{{1,7}}\s+(?:of\s+)?(?:\w{{1,12}}\s+)?\Z", re.IGNORECASE)
_NEXT_NUMBER = re.compile(r"(?:^|[;,.\n])\s*\(?\d{1,2}\Z")
_EDGES = " \t\n,;:|.–—-"
_PAIRS = {"(": ")", "[": "]"}


def item_of(text: str, start: int, end: int, names: Sequence[int]) -> tuple[int, int] | None:
    """The span to quote for what stands at `start:end` of a sentence, None where only all of it will do.

    It is `start:end` where what remains of its item restricts nothing, else it reaches to the end of the item: the next
    drug of a list (`names` are the places where drugs are named), the end of the clause, or that of the sentence.
    """
    stop, parted = _item_end(text, start, end, names)
    reach = end
    own, *later = _clauses(text, end, stop)
    if _restricts(text[slice(*own)]):
        reach = own[1]
    for low, high in later:
        if not _begins_to_restrict(text[low:high]):
            break
        reach = high
    if reach == stop and not parted and reach != end:
        return None
    return _closed(text, start, max(end, _trimmed(text, end, reach)))


def goes_on(sentence: str) -> bool:
    """Whether a sentence still restricts the dose that the one before it ends with: `Hold for INR > 5.`"""
    return _GOES_ON.match(_LEAD.sub("", sentence, count=1)) is not None


def _restricts(rest: str) -> bool:
    return bool(_RESTRICTS.search(rest) or _AMOUNT.search(_NO_AMOUNT.sub(" ", rest)))


def _begins_to_restrict(clause: str) -> bool:
    """Whether a later clause still speaks of the same dose, which its first words tell."""
    said = _LEAD.sub("", clause, count=1)
    return bool(_RESTRICTS.match(said) or (_AMOUNT.match(said) and not _NO_AMOUNT.match(said)))


def _item_end(text: str, start: int, end: int, names: Sequence[int]) -> tuple[int, bool]:
    """Where the item of a span ends, and whether it is well parted there from what comes next."""
    stop, parted = len(text), True
    following = min((n for n in names if n >= end), default=None)
    if following is not None:
        ahead = _AHEAD.search(text, end, following)
        marks = [m.start() for m in _BETWEEN.finditer(text, end, ahead.start() + 1 if ahead else following)]
        stop, parted = (marks[-1], True) if marks else (ahead.start() if ahead else following, False)
        if text[stop] in ".)" and (number := _NEXT_NUMBER.search(text[end:stop])):
            stop = end + number.start()
    closing = _closing(text, start, end)
    if closing is not None and closing < stop:
        stop, parted = closing, True
    if supply := _SUPPLY.search(text, end, stop):
        stop, parted = supply.start(), True
    return max(stop, end), parted


def _clauses(text: str, start: int, stop: int) -> list[tuple[int, int]]:
    cuts = [m.start() for m in _NEXT_CLAUSE.finditer(text, start, stop)]
    return list(pairwise([start, *cuts, stop]))


def _closing(text: str, start: int, end: int) -> int | None:
    """Where the bracket closes that was open before `start` and is still open at `end`."""
    if _depth(text[:start]) <= 0 or _depth(text[:end]) <= 0:
        return None
    depth = 0
    for place in range(end, len(text)):
        depth += (text[place] in _PAIRS) - (text[place] in _PAIRS.values())
        if depth < 0:
            return place
    return None


def _depth(text: str) -> int:
    return sum((c in _PAIRS) - (c in _PAIRS.values()) for c in text)


def _trimmed(text: str, low: int, high: int) -> int:
    """`high` without the marks that only part an item from the next."""
    return low + len(text[low:high].rstrip(_EDGES))


def _closed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span with each bracket closed that it opens; None where the sentence never closes it."""
    depth = _depth(text[start:end])
    while depth > 0 and end < len(text):
        depth += (text[end] in _PAIRS) - (text[end] in _PAIRS.values())
        end += 1
    return (start, end) if depth <= 0 else None
