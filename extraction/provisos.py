"""What limits a regimen: `up to 3 doses as needed for chest pain`, `hold for SBP < 100`, `with meals`, `until 3/14`.

A dose quoted without its limit, its "as needed" or its condition says something else than the note does.
"""

import re
from dataclasses import dataclass

from extraction.dosing import DOSE, NUMBER

_PER = (
    r"(?:(?:a|an|per|each|every|in|within|over)\s+|/\s?)(?:\d{1,2}\s?)?"
    r"(?:day|24\s?(?:hours?|hrs?|h)|hours?|hrs?|week|month|d)\b"
)
_COUNT = r"(?:\d{1,2}|one|two|three|four|five|six|eight|ten|twelve)"
_AMOUNT = (
    rf"(?:a\s+total\s+of\s+)?(?:{DOSE.pattern}|{_COUNT}(?:\s?(?:doses?|times?|more|further|x))?(?![\w.]))"
    rf"(?:\s?{_PER}|\s+(?:daily|total|weekly))?"
)
LIMIT = re.compile(
    r"\b(?:up\s+to|max(?:imum)?\.?(?:\s+(?:daily\s+)?dose)?(?:\s+of)?:?|(?:do\s+|must\s+)?not\s+(?:to\s+)?exceed(?:ing)?|"
    r"no\s+more\s+than|limit(?:ed)?\s+(?:to|of))\s+\Z",
    re.IGNORECASE,
)
"""Words before an amount that make it the most that may be taken; matched at the end of what stands ahead."""

_COMPLAINT = (
    r"(?:pains?|wheez\w+|cough\w*|fevers?|dyspn(?:o?ea)|sob|doe|breath|nausea|vomiting|n/v|anxiety|agitation|insomnia|"
    r"sleep|itch\w*|pruritus|constipation|diarrhea|spasms?|spasticity|headaches?|ha|migraines?|discomfort|tightness|"
    r"swelling|edema|congestion|rash|heartburn|reflux|gas|bloating|allerg\w+|sneezing|seizures?|angina|cp|gout|"
    r"hypoglyc?emia|palpitations|dizziness|vertigo|panic|dyspepsia|indigestion|cramp\w*|symptoms)\b"
)
_NOT_FOR = (
    r"(?!(?:and|or|with|by|to|in|on|was|is|are|were|has|have|had|she|he|they|we|but|then|which|who|at|from|per|plus|"
    r"continue\w*|started|stopped|held|given|sent|refill\w*|renew\w*|prescribed|ordered|now|"
    r"the\s+last|the\s+past|the\s+next|days?|weeks?|months?)\b)"
)
_WORD = rf"{_NOT_FOR}[a-z][a-z'/-]*\b"
_FOR = (
    rf"(?:\s*\(?\s*for\s+(?:(?:{_WORD}\s+){{0,3}}?{_COMPLAINT}|{_WORD}(?:\s+{_WORD}){{0,2}})|\s*[,:(-]?\s*(?:{_WORD}\s+){{0,2}}?{_COMPLAINT})"
    rf"(?:(?:\s*,?\s*(?:and|or)\s+|\s?[/,]\s?)(?:{_WORD}\s+){{0,2}}?{_COMPLAINT})*"
)
_NEEDED = rf"(?:p\.?r\.?n\.?(?![a-z])|(?:as|if|when)[\s-](?:needed|required|necessary))(?:{_FOR})?"
_MEASURE = (
    rf"(?:[a-z][\w-]*\s+){{0,3}}?[a-z][\w-]*\s*(?:is\s+|of\s+)?(?:[<>≤≥=]{{1,2}}|(?:less|greater|more|lower|higher)\s+than|"
    rf"above|below|over|under)\s*(?:or\s+equal\s+to\s+)?{NUMBER}(?:\s?/\s?{NUMBER})?(?:\s?(?:mm\s?hg|mg/dl|bpm|%|[fc]\b))?"
)
_CONDITION = (
    rf"(?:(?:hold|held|give|skip|call|omit)\s+)?(?:(?:for|if|when|unless|while|once)\s+)?{_MEASURE}"
    rf"(?:\s*(?:,|/|or|and|,\s*or)\s*{_MEASURE}){{0,2}}|"
    r"(?:hold|skip|omit)\s+(?:if|when|for|on)\s+(?:[\w/-]+\s+){0,3}[\w/-]+"
)
_MEAL = r"(?:meals?|food|breakfast|lunch|dinner|supper|snacks?|milk|water|eating|bedtime)"
_PARTS = (
    rf"(?:up\s+to|max(?:imum)?\.?(?:\s+(?:daily\s+)?dose)?(?:\s+of)?:?|(?:do\s+|must\s+)?not\s+(?:to\s+)?exceed(?:ing)?|"
    rf"no\s+more\s+than|limit(?:ed)?\s+(?:to|of))\s+{_AMOUNT}",
    r"x\s?\d{1,2}(?:\s+(?:more\s+)?(?:doses?|days?|weeks?|months?))?(?![\w.])",
    rf"(?:may|can)\s+(?:be\s+)?repeat(?:ed)?(?:\s+(?:once|twice|the\s+dose|x\s?\d|{_COUNT}\s+times?|in|after|every|"
    rf"\d{{1,3}}|one|two|hours?|hrs?|minutes?|mins?|h|if|no|relief|not|relieved|headache|pain|persists?)\b)*",
    _NEEDED,
    rf"(?:\d{{1,2}}\s?(?:min(?:utes?)?|hours?|hrs?)\s+)?(?:with|before|after|without|between)\s+(?:(?:each|every|the|all|"
    rf"evening|morning|a)\s+|{_COUNT}\s+)*{_MEAL}(?:\s+and\s+(?:at\s+|with\s+|{_MEAL}))*\b(?!\s+(?:and|of)\s+at)",
    r"on\s+an\s+empty\s+stomach",
    r"(?:after|with)\s+(?:each|every)\s+(?:[a-z]+\s+)?(?:stool|bowel\s+movement|bm|dose|feeding|dressing\s+change)",
    r"at\s+(?:the\s+)?(?:first\s+)?(?:onset|start|signs?)(?:\s+of(?:\s+(?:an?|the|her|his))?\s+(?:migraine\s+)?[a-z]+)?",
    r"(?:un)?till?\s+(?![a-z]+ed\b)[^.;:|,\n()]{2,40}?(?=\s*(?:[.;:|,\n()]|\Z|\band\b|\bthen\b))|"
    r"until\s+\d{1,2}/\d{1,2}(?:/\d{2,4})?|through\s+\d{1,4}[/-]\d{1,2}(?:[/-]\d{1,4})?",
    _CONDITION,
    r"(?:after|with|before|on)\s+(?:each\s+)?(?:dialysis|hd|hemodialysis)(?:\s+days?)?",
    r"(?:as|per)\s+(?:directed|instructed|(?:sliding\s+)?scale|protocol|inr)",
    r"for\s+(?:\d{1,3}|an?|one|two|three|five|seven|ten)\s+(?:more\s+)?(?:days?|weeks?|months?|doses?)",
)
_PART = re.compile(rf"[\s,;:–(-]{{0,4}}(?:{'|'.join(_PARTS)})(?![\w])", re.IGNORECASE)
_FORM = re.compile(
    r"(?:[\s,.:|-]+(?:(?:take|inhale|use|dissolve|place|one|1|2)\b\s*)?(?:tablets?|tabs?|capsules?|caps?|inhalers?|hfa|"
    r"mdi|nebs?|nebulizer|solution|spray|odt|sublingually|by\s+mouth|po|sl|under\s+the\s+tongue|inhaled|dose)\b)*",
    re.IGNORECASE,
)
_BARE_NEED = re.compile(r"p\.?r\.?n\.?(?![a-z])|(?:as|if)[\s-]needed", re.IGNORECASE)
_LONGEST_NEED = len("as needed")
_ENDS_NEEDED = re.compile(rf"(?:{_BARE_NEED.pattern})\Z", re.IGNORECASE)
_PURPOSE = re.compile(rf"{_FOR}(?![\w])", re.IGNORECASE)
_SPACED = re.compile(r"\n\s*\n|\n\s*(?:[-*•\d]|[A-Z][\w ]{0,30}:)")


@dataclass(frozen=True, slots=True)
class Provisos:
    """Where the words that limit a regimen end, and the "as needed" among them (`needed_from` to `needed`), if any."""

    end: int
    needed_from: int = 0
    needed: int | None = None


def provisos(text: str, at: int, stop: int) -> Provisos:
    """What limits the regimen that ends at `at`, read on without a gap, at most to `stop`."""
    blank = _SPACED.search(text, at, stop)
    stop = blank.start() if blank else stop
    end = at
    needed: tuple[int, int | None] = (0, None)
    if (need := _ENDS_NEEDED.search(text, max(0, at - _LONGEST_NEED), at)) and (
        purpose := _PURPOSE.match(text, at, stop)
    ):
        end, needed = purpose.end(), need.span()
    form = _FORM.match(text, end, stop)
    following = form.end() if form else end
    while part := _PART.match(text, following, stop):
        if not part.group().strip():
            break
        end = following = part.end()
        if need := _BARE_NEED.search(text, part.start(), part.end()):
            needed = need.span()
    return Provisos(_closed(text, at, end, stop), *needed)


def _closed(text: str, at: int, end: int, stop: int) -> int:
    """The end with the bracket closed that was opened on the way; before the bracket where it is not closed there."""
    opened = text.rfind("(", at, end)
    if opened < 0 or ")" in text[opened:end]:
        return end
    closing = text.find(")", end, min(stop + 1, end + 40))
    return closing + 1 if closing >= 0 and "(" not in text[end:closing] else len(text[:opened].rstrip(" ,"))
