"""Hand-written chart sentences with faithful restatements: what a verifier must let pass."""

from mlops.evaluation.paraphrases.cases import (
    DEGREES,
    Case,
    Degree,
    Place,
    Restatement,
    Source,
    data_digests,
    load_cases,
)
from mlops.evaluation.paraphrases.evidence import CaseChart, chart_of

__all__ = [
    "DEGREES",
    "Case",
    "CaseChart",
    "Degree",
    "Place",
    "Restatement",
    "Source",
    "chart_of",
    "data_digests",
    "load_cases",
]
