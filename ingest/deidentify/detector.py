"""The pattern-based detector."""

import re

from ingest.deidentify.codes import find_codes
from ingest.deidentify.dates import find_ages_over_89, find_birth_dates
from ingest.deidentify.identifiers import Identifier, without_overlaps
from ingest.deidentify.names import find_names
from ingest.deidentify.places import find_places

# What MIMIC-III put in place of identifiers: [**Known lastname 123**]. One may be wrapped over a line's end.
_SURROGATE = re.compile(r"\[\*\*[^\[\]\n]{0,80}(?:\n[^\[\]\n]{0,80})?\*\*\]")


class PatternDetector:
    """Finds identifiers by their form and by what stands beside them. docs/deidentification.md says how well.

    Of what stands within MIMIC-III's brackets nothing is an identifier, nor a cue for one.
    """

    version = "patterns.2"
    """Changes whenever the same text would be masked differently: what is stored was masked by some version."""

    def detect(self, text: str) -> list[Identifier]:
        """All identifiers, in the order of the text, none overlapping another. Linear in the length of the text."""
        if "[**" in text:
            text = _SURROGATE.sub(_blank, text)
        lowered = text.lower()
        finders = (find_codes, find_birth_dates, find_ages_over_89, find_places, find_names)
        return without_overlaps(found for find in finders for found in find(text, lowered))


def _blank(bracket: re.Match[str]) -> str:
    """As many characters that no rule takes for anything; lines stay lines."""
    return "\n".join("*" * len(line) for line in bracket[0].split("\n"))
