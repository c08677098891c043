"""Which checks a statement must pass, how free its wording may be, and what a reader is told of it."""

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from chains.verification.checks import CHECKS, ONLY_CLOSE, QUOTE_CHECKS
from chains.verification.claim import Check, Claim, Refusal
from chains.verification.entailment import Entailment
from chains.verification.support import new_words

Policy: TypeAlias = Literal["close", "free"]
"""How far a writer may leave the chart's words: a weak model hardly (`close`), a capable one in wording (`free`)."""

LEAST_ENTAILED = 0.5
_NOT_ENTAILED = Refusal("not_entailed", "the lines do not say that")


class Verifier:
    """Runs the named checks over a claim. One instance serves all requests.

    `checks` are all of `CHECKS` unless some are to be left out, as an evaluation does to see what a check is worth:
    `Verifier(checks=without("dates"))`. Those of `ONLY_CLOSE` run under the policy "close" alone. Of a quote only
    `QUOTE_CHECKS` are asked: it has its own words, but may have lost the sign under which its sentence has them, or
    have been overtaken.
    """

    def __init__(
        self,
        *,
        policy: Policy = "free",
        checks: Mapping[str, Check] = CHECKS,
        entailment: Entailment | None = None,
    ) -> None:
        self.policy: Policy = policy
        self._every = checks
        self._checks = {n: c for n, c in checks.items() if policy == "close" or n not in ONLY_CLOSE}
        self._quote_checks = {n: c for n, c in checks.items() if n in QUOTE_CHECKS}
        self._entailment = entailment

    def of_code(self) -> "Verifier":
        """The same verifier for text that code composed: only a model is to keep close to the words of the lines."""
        return Verifier(checks=self._every, entailment=self._entailment)

    def first_refusal(self, claim: Claim) -> Refusal | None:
        """The first check that refuses the claim, or None when all let it pass."""
        return next(self._refusals(claim), None)

    def refusals(self, claim: Claim) -> tuple[Refusal, ...]:
        """What every check has against the claim, in the order of the checks."""
        return tuple(self._refusals(claim))

    def novelty(self, claim: Claim) -> int:
        """How many content words of the text the cited sentences hold in no spelling that is known to us."""
        return 0 if claim.is_verbatim else len(new_words(claim))

    def _refusals(self, claim: Claim) -> Iterator[Refusal]:
        checks = self._quote_checks if claim.is_verbatim else self._checks
        refused = False
        for check in checks.values():
            if refusal := check(claim):
                refused = True
                yield refusal
        model = self._entailment if not refused and self.novelty(claim) else None
        if model and model.probability(claim.quotes, claim.text) < LEAST_ENTAILED:
            yield _NOT_ENTAILED


def without(*names: str) -> dict[str, Check]:
    """All checks but those named. Raises KeyError for a name that is no check's."""
    for name in names:
        if name not in CHECKS:
            raise KeyError(f"{name!r} is no check; there are {', '.join(CHECKS)}")
    return {n: c for n, c in CHECKS.items() if n not in names}
