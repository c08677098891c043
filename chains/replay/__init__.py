"""Verifying stored summaries again: `python -m chains.replay SUMMARY_ID`."""

from chains.replay.replaying import Replay, Replayer
from chains.replay.stored import Stored, StoredSummaries

__all__ = ["Replay", "Replayer", "Stored", "StoredSummaries"]
