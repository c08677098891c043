"""Where notes come from: one reader a format, each yielding notes or the reason why a row is none."""

from ingest.sources.detection import FORMATS, READERS, Format, SourceInput, resolve_input
from ingest.sources.rows import Reason, Rejected, SourceRow

__all__ = ["FORMATS", "READERS", "Format", "Reason", "Rejected", "SourceInput", "SourceRow", "resolve_input"]
