"""Facts in the text of notes: drugs, allergies, problems, results, code status, devices; and what time makes of them.

Pure functions over records; word lists lie in `extraction/lexicons`.
"""

from extraction.facts import extract_facts

__all__ = ["extract_facts"]
