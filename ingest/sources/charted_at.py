"""The time a note was charted: local to its source, in ISO 8601, as precise as the source gave it."""

import re
from datetime import datetime

_ISO = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?(?:Z|z| ?[+-]\d{2}:?\d{2})?)?)?)?",
    re.ASCII,
)


def parse_charted_at(value: str | None) -> str | None:
    """Bring a date or time into one form: `2026-11-21T09:30:00`, `2026-11-21`, `2026-11` or `2026`.

    A time keeps the clock of its source: the offset from UTC is dropped, not applied. None and blank are undated.

    Raises:
        ValueError: the value is not an ISO 8601 date or time, or no such day or hour exists.
    """
    text = (value or "").strip()
    if not text:
        return None
    found = _ISO.fullmatch(text)
    if not found:
        raise ValueError("not an ISO 8601 date or time")
    year, month, day, hour, minute, second, fraction = found.groups()
    datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), min(int(second or 0), 59))
    if second and int(second) > 60:
        raise ValueError("no such second")
    date = "-".join(part for part in (year, month, day) if part)
    if not hour:
        return date
    return f"{date}T{hour}:{minute}" + (f":{second}{fraction or ''}" if second else "")
