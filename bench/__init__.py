"""Measurements of this project's own figures, each beside its bar and its baseline, taken in the same run."""
