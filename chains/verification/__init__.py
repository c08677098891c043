"""Checks that a statement must pass before anyone sees it. Deterministic, each with a stable reason code."""

from chains.verification.assertion import assertion_survives
from chains.verification.claim import Check, Claim, Refusal
from chains.verification.dates import dates_are_cited
from chains.verification.doses import doses_are_cited
from chains.verification.form import is_one_sentence
from chains.verification.gender import gender_is_cited
from chains.verification.modality import plan_is_cited
from chains.verification.names import names_are_cited
from chains.verification.numbers import numbers_are_cited
from chains.verification.results import results_are_cited
from chains.verification.support import is_carried

VERIFIER = "rules-1"
CHECKS: tuple[Check, ...] = (
    is_one_sentence,
    numbers_are_cited,
    dates_are_cited,
    doses_are_cited,
    results_are_cited,
    names_are_cited,
    assertion_survives,
    plan_is_cited,
    gender_is_cited,
    is_carried,
)

# A quote holds its own words; what it may have lost is the sign under which its sentence has them.
QUOTE_CHECKS: tuple[Check, ...] = (assertion_survives,)


def first_refusal(claim: Claim) -> Refusal | None:
    """The first check that refuses the claim, or None when all let it pass."""
    checks = QUOTE_CHECKS if claim.is_verbatim else CHECKS
    return next((refusal for check in checks if (refusal := check(claim))), None)


__all__ = ["CHECKS", "VERIFIER", "Check", "Claim", "Refusal", "first_refusal"]
