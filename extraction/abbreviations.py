"""Short forms that mean a disease in one company and something else in another: RA is room air behind a saturation."""

import re

_OTHER: dict[str, tuple[str, str]] = {
    "RA": (
        r"(?:\d\s?%?\s*[/(@]?|%\s*[/(,@-]?|\bo2\s*[/:]?|\b(?:on|sats?|saturat\w+|satting|spo2|sao2|air|dilated|enlarged)"
        r"(?:\s+(?:of|at|in|to|is|was))?\s*[/(:]?|\b(?:rv|la|ivc|svc)\s*(?:[/,]|and))\s*",
        r"\s*(?:sats?\b|spo2|o2\b|\d{2,3}\s?%|(?:and|/)\s?(?:rv|la|ivc|svc)\b|\(room|"
        r"(?:pressure|lead|size|dilat\w*|enlarge\w*|appendage|clot|wire)\b)",
    ),
    "MS": (
        r"(?:\b(?:iv|im|po|trace|rheumatic)|\d\s?(?:mg|mcg))\s*",
        r"\s*(?:\d+(?:\.\d+)?\s?mg\b|(?:contin|changes?|intact|wnl|altered|iv|im|ir|sulfate|gradient)\b|"
        r"(?:and|,|/)\s*(?:mild |moderate |severe |trace )?(?:mr|ai|tr|ar)\b)",
    ),
    "PE": (
        r"\b(?:on|my|normal|pertinent|complete)\s*", r"\s*(?:=|(?:exam|tubes?|notable|shows|showed|wnl|benign)\b)"
    ),
    "AS": (
        r"\b(?:gtts?|drops?|od|au|ear)\s*[/,]?\s*", r"\s*(?:[/,]\s*(?:od|au|ad)\b|(?:directed|above|below|tolerated)\b)"
    ),
    "AF": ("", r"\s*[,;/]?\s*vss?\b"),
    "VT": (r"\b(?:ac|simv|cmv|peep|fio2)\b[^.;]{0,16}", r"\s*(?:of\s*|[=:-]\s*)?\d{3}\b"),
    "MI": ("", r"\s+\d{5}\b"),
    "DM": (
        r"\b(?:mucinex|robitussin|guaifenesin|delsym|tussin|promethazine|coricidin|nyquil|syrup)[\s/-]*", r"\s*cough\b"
    ),
    "CAP": (r"\d\s?(?:mg|mcg)\s*", r"\s*(?:po|by mouth|refills?)\b"),
    "UC": (r"\b(?:at|local|via|went to)\s*", r"\s*(?:visit|provider|sent|pending|neg\w*|grew|culture)\b"),
    "ADD": ("", r"\s+(?:on|to|back|\w+\s+\d)\b"),
}  # fmt: skip
_AHEAD = {form: re.compile(f"(?:{ahead})\\Z", re.IGNORECASE) for form, (ahead, _) in _OTHER.items() if ahead}
_BEHIND = {form: re.compile(behind, re.IGNORECASE) for form, (_, behind) in _OTHER.items()}
_REACH = 40


def means_other(text: str, start: int, end: int) -> bool:
    """Whether the short form at `start:end` means something else than the disease, by the words beside it.

    So does one that is all of a text, as a cell of a table of vital signs that says `RA`.
    """
    form = text[start:end]
    if form not in _OTHER:
        return False
    if form == "RA" and text.strip(" .") == "RA":
        return True
    ahead = _AHEAD.get(form)
    return bool((ahead and ahead.search(text[max(0, start - _REACH) : start])) or _BEHIND[form].match(text, end))
