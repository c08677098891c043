"""Removal of identifiers before a note is stored."""

from ingest.deidentify.detector import PatternDetector
from ingest.deidentify.identifiers import Detector, Identifier, IdentifierKind
from ingest.deidentify.policy import Deidentifier, Policy, mask

__all__ = ["Deidentifier", "Detector", "Identifier", "IdentifierKind", "PatternDetector", "Policy", "mask"]
