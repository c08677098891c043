"""The checks by name, in the order in which they are asked: the hardest reasons first."""

from collections.abc import Mapping
from types import MappingProxyType

from chains.verification.assertion import assertion_survives
from chains.verification.claim import Check
from chains.verification.dates import dates_are_cited
from chains.verification.doses import doses_are_cited
from chains.verification.form import is_one_sentence
from chains.verification.gender import gender_is_cited
from chains.verification.modality import plan_is_cited
from chains.verification.names import names_are_cited
from chains.verification.numbers import numbers_are_cited
from chains.verification.results import results_are_cited
from chains.verification.support import is_carried, is_close, says_nothing_twice

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "form": is_one_sentence,
        "numbers": numbers_are_cited,
        "dates": dates_are_cited,
        "doses": doses_are_cited,
        "results": results_are_cited,
        "names": names_are_cited,
        "assertion": assertion_survives,
        "modality": plan_is_cited,
        "gender": gender_is_cited,
        "repetition": says_nothing_twice,
        "content": is_carried,
        "closeness": is_close,
    }
)
"""A name never changes its meaning: evaluations switch checks off by it."""

QUOTE_CHECKS = frozenset({"assertion", "currency"})
ONLY_CLOSE = frozenset({"closeness"})
