"""Erasing a patient from everything that was ever written, and proving it: `python -m ingest.erase PATIENT`."""
