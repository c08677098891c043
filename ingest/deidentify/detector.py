"""The pattern-based detector."""

from ingest.deidentify.codes import find_codes
from ingest.deidentify.dates import find_ages_over_89, find_birth_dates
from ingest.deidentify.identifiers import Identifier, without_overlaps
from ingest.deidentify.names import find_names
from ingest.deidentify.places import find_places


class PatternDetector:
    """Finds identifiers by their form and by what stands beside them. docs/deidentification.md says how well."""

    version = "patterns.1"
    """Changes whenever the same text would be masked differently: what is stored was masked by some version."""

    def detect(self, text: str) -> list[Identifier]:
        """All identifiers, in the order of the text, none overlapping another. Linear in the length of the text."""
        lowered = text.lower()
        finders = (find_codes, find_birth_dates, find_ages_over_89, find_places, find_names)
        return without_overlaps(found for find in finders for found in find(text, lowered))
