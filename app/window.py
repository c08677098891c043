"""The ends of a time window, as a caller writes them."""

import re
from datetime import date, time
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema

_FORM = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:[Tt ](?P<time>\d{2}:\d{2}(?::\d{2})?)(?:[.]\d+)?(?:[Zz]|[+-]\d{2}:\d{2})?)?",
    re.ASCII,
)


def local_time(value: str) -> str:
    """A date as it is, a time as YYYY-MM-DDTHH:MM[:SS].

    A chart's times are the source's local ones without an offset, so an offset is dropped, and so are fractions.
    Raises ValueError.
    """
    found = _FORM.fullmatch(value)
    if found is None:
        raise ValueError("an ISO date or time is expected, for instance 2026-01-31 or 2026-01-31T08:30")
    try:
        date.fromisoformat(found["date"])
        if found["time"]:
            time.fromisoformat(found["time"])
    except ValueError:
        raise ValueError("there is no such day or time") from None
    return f"{found['date']}T{found['time']}" if found["time"] else found["date"]


WINDOW_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}],
    "description": "ISO date or time, local to the source of the chart; an offset is dropped.",
}
LocalTime = Annotated[str, AfterValidator(local_time), WithJsonSchema(WINDOW_SCHEMA)]
