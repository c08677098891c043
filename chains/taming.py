"""Words of a chart as they may stand in a prompt: on one line, nothing hidden, no id and no mark of a template."""

import re
import unicodedata

from extraction.readable import readable

_MARKER = re.compile(r"[\[【]\s{0,4}(E\s{0,4}\d{1,9})\s{0,4}[\]】]", re.IGNORECASE)
# A tokenizer reads these in a user's text as it reads its own; "<5" and "x < y" are none.
_TOKEN = re.compile(
    r"<\|([^|<>]{0,40})\|?>|<<?(/?[A-Za-z_]\w{0,30}(?:\s[^<>]{0,80})?/?)>>?|\[(/?INST)\]", re.IGNORECASE
)


def tame(text: str) -> str:
    """The text on one line as a reader sees it; evidence ids and the marks of prompts stand in round brackets."""
    plain = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in readable(text).text)
    plain = _TOKEN.sub(lambda m: f"({m[1] or m[2] or m[3] or ''})", " ".join(plain.split()))
    return _MARKER.sub(r"(\1)", plain)
