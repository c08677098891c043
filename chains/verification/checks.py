"""The checks by name, in the order in which they are asked: the hardest reasons first."""

from collections.abc import Mapping
from types import MappingProxyType

from chains.verification.actions import actions_are_cited, code_status_is_cited, deeds_are_not_changed
from chains.verification.assertion import assertion_survives
from chains.verification.bindings import (
    harm_is_no_treatment,
    reactions_keep_their_allergens,
    tolerated_is_not_allergic,
    values_keep_their_sides,
)
from chains.verification.cause import causes_are_cited
from chains.verification.claim import Check
from chains.verification.concepts import (
    people_are_cited,
    qualifiers_are_cited,
    sites_are_cited,
    terms_are_cited,
    times_are_cited,
)
from chains.verification.conditions import conditions_are_kept
from chains.verification.contrasts import nothing_is_turned, trends_are_cited
from chains.verification.courses import courses_keep_their_order
from chains.verification.currency import nothing_later_contradicts
from chains.verification.dates import dates_are_cited, tense_of_spans_is_cited
from chains.verification.doses import doses_are_cited, lists_keep_their_frequencies
from chains.verification.exchange import nothing_is_exchanged
from chains.verification.form import is_one_sentence
from chains.verification.formulations import formulations_are_kept
from chains.verification.gender import gender_is_cited
from chains.verification.limits import limits_are_kept
from chains.verification.modality import deeds_are_cited, plan_is_cited
from chains.verification.moments import changes_are_no_values, values_keep_their_moments
from chains.verification.names import names_are_cited
from chains.verification.numbers import bounds_are_cited, grades_are_cited, numbers_are_cited
from chains.verification.presence import nothing_gone_is_present
from chains.verification.results import measures_are_cited, reactions_are_cited, results_are_cited
from chains.verification.screens import negative_tests_find_nothing
from chains.verification.sides import sides_are_cited
from chains.verification.support import is_carried, is_close, names_nothing_new, says_nothing_twice, words_are_cited
from chains.verification.temporality import past_stays_past
from chains.verification.twins import levels_are_cited, words_keep_their_beginnings
from chains.verification.undone import drugs_not_taken_are_not_taken, nothing_undone_is_done

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "form": is_one_sentence,
        "numbers": numbers_are_cited,
        "grades": grades_are_cited,
        "bounds": bounds_are_cited,
        "dates": dates_are_cited,
        "times": times_are_cited,
        "spans": tense_of_spans_is_cited,
        "doses": doses_are_cited,
        "lists": lists_keep_their_frequencies,
        "results": results_are_cited,
        "measures": measures_are_cited,
        "reactions": reactions_are_cited,
        "exchange": nothing_is_exchanged,
        "names": names_are_cited,
        "terms": terms_are_cited,
        "new_names": names_nothing_new,
        "people": people_are_cited,
        "sides": sides_are_cited,
        "sites": sites_are_cited,
        "qualifiers": qualifiers_are_cited,
        "levels": levels_are_cited,
        "twins": words_keep_their_beginnings,
        "trends": trends_are_cited,
        "courses": courses_keep_their_order,
        "contrasts": nothing_is_turned,
        "assertion": assertion_survives,
        "temporality": past_stays_past,
        "actions": actions_are_cited,
        "changes": deeds_are_not_changed,
        "code_status": code_status_is_cited,
        "presence": nothing_gone_is_present,
        "conditions": conditions_are_kept,
        "modality": plan_is_cited,
        "deeds": deeds_are_cited,
        "causes": causes_are_cited,
        "gender": gender_is_cited,
        "currency": nothing_later_contradicts,
        "moments": values_keep_their_moments,
        "amounts": changes_are_no_values,
        "formulations": formulations_are_kept,
        "side_values": values_keep_their_sides,
        "allergens": reactions_keep_their_allergens,
        "tolerance": tolerated_is_not_allergic,
        "undone": nothing_undone_is_done,
        "not_taken": drugs_not_taken_are_not_taken,
        "limits": limits_are_kept,
        "harm": harm_is_no_treatment,
        "screens": negative_tests_find_nothing,
        "repetition": says_nothing_twice,
        "words": words_are_cited,
        "content": is_carried,
        "closeness": is_close,
    }
)
"""A name never changes its meaning: evaluations switch checks off by it."""

QUOTE_CHECKS = frozenset({"assertion", "currency"})
ONLY_CLOSE = frozenset({"repetition", "closeness"})
