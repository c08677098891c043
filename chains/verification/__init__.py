"""Checks that a statement must pass before anyone sees it. Deterministic, each with a name and stable reason codes."""

from chains.verification.checks import CHECKS, ONLY_CLOSE, QUOTE_CHECKS
from chains.verification.claim import Check, Claim, DateOrder, Gender, Refusal
from chains.verification.entailment import Entailment
from chains.verification.verifier import Policy, Verifier, without
from chains.verification.version import VERIFIER

_FREE = Verifier(policy="free")


def first_refusal(claim: Claim) -> Refusal | None:
    """The first check that refuses the claim under the policy "free", or None when all let it pass."""
    return _FREE.first_refusal(claim)


def refusals(claim: Claim) -> tuple[Refusal, ...]:
    """What every check has against the claim under the policy "free"."""
    return _FREE.refusals(claim)


__all__ = [
    "CHECKS",
    "ONLY_CLOSE",
    "QUOTE_CHECKS",
    "VERIFIER",
    "Check",
    "Claim",
    "DateOrder",
    "Entailment",
    "Gender",
    "Policy",
    "Refusal",
    "Verifier",
    "first_refusal",
    "refusals",
    "without",
]
