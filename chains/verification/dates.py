"""Every date must stand in the cited words or be the day on which the note was charted."""

from chains.verification.claim import Claim, Refusal
from extraction.dates import find_dates


def dates_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a date that is neither in the cited sentences nor, at its own precision, their notes' `charted_at`."""
    given = {d.value for e in claim.cited for d in find_dates(e.context)}
    for date in find_dates(claim.text):
        if date.value not in given and not any(day.startswith(date.value) for day in claim.charted_dates):
            return Refusal("date", "a date is neither in the lines nor their own")
    return None
