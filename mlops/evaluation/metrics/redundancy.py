"""How much a summary says twice."""

import re
from collections.abc import Sequence

from mlops.evaluation.metrics.citations import Share
from mlops.evaluation.metrics.telling import ToldStatement

REPEATED = 0.9
_WORD = re.compile(r"\d+(?:\.\d+)?|[a-z]+(?:'[a-z]+)?")
_FRAME = (
    "a an and are as at be been by for from had has have he her his in is it its of on or she that the their they this "
    "to was were which with once day daily"
)
_STOP = frozenset(_FRAME.split())


def redundancy(statements: Sequence[ToldStatement]) -> Share:
    """Redundancy: the share of statements of which nine words in ten stand in one earlier statement.

    Words are lower-case, function words left out, numbers as they are written. A statement of function words only is
    no repetition.
    """
    seen: list[frozenset[str]] = []
    short: list[ToldStatement] = []
    for statement in statements:
        words = frozenset(_WORD.findall(statement.text.lower())) - _STOP
        if words and any(len(words & earlier) >= REPEATED * len(words) for earlier in seen):
            short.append(statement)
        seen.append(words)
    return Share(len(short), len(statements), tuple(short))
