"""The facts that whoever takes over a patient must know, after what handoff guides ask for, read from the ledger."""

from mlops.evaluation.ledger import YEAR_DAYS, LedgerFact, PatientLedger, days_before_end

HANDOFF_KINDS = ("problem", "drug", "allergy", "result", "code_status")
_STATED = {"present", "historical"}


def handoff_facts(ledger: PatientLedger, *, every_result: bool = False) -> tuple[LedgerFact, ...]:
    """The facts that a handoff must tell, each true when the chart ends and stated by at least one note.

    Active problems, current drugs, allergies (or that there are none known), code status, and key last results. A key
    last result is the newest stated value of a laboratory test where it is abnormal and at most a year old: normal
    values reassure but change nothing, and routine monitoring comes round once a year, so that what is older has been
    left behind. With `every_result` (the strict reading) normal last values of the last year count as well.
    """
    return tuple(f for f in ledger.facts if f.kind in HANDOFF_KINDS and _is_due(f, ledger, every_result=every_result))


def _is_due(fact: LedgerFact, ledger: PatientLedger, *, every_result: bool) -> bool:
    if not ledger.holds(fact) or not any(s.assertion in _STATED and not s.stale for s in fact.spans):
        return False
    if fact.kind != "result":
        return True
    age = days_before_end(ledger, fact.valid_from)
    fresh = age is not None and age <= YEAR_DAYS
    return fresh and (every_result or fact.attributes.get("abnormal") == "yes")
