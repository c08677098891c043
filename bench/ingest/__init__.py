"""Ingest and refresh: parts of `make bench-ingest`."""
