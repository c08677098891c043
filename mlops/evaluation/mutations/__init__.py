"""Statements with a clinical error put into them: what a verifier must refuse."""

from mlops.evaluation.mutations.errors import BY_NAME, ERROR_TYPES, ErrorType, Severity
from mlops.evaluation.mutations.trial import Origin, Split, Trial

__all__ = ["BY_NAME", "ERROR_TYPES", "ErrorType", "Origin", "Severity", "Split", "Trial"]
