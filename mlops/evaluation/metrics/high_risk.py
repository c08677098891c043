"""Drugs whose mistaken dose does most harm."""

from mlops.evaluation.ledger import LedgerFact

_GROUPS = {
    "anticoagulants": "warfarin apixaban rivaroxaban dabigatran edoxaban enoxaparin dalteparin heparin fondaparinux",
    "insulins": "insulin",
    "opioids": "oxycodone hydrocodone morphine hydromorphone fentanyl methadone tramadol codeine buprenorphine "
    "tapentadol oxymorphone meperidine",
    "digoxin": "digoxin",
    "immunosuppressants": "azathioprine mycophenolate tacrolimus cyclosporine sirolimus everolimus methotrexate "
    "cyclophosphamide leflunomide mercaptopurine",
}
"""Classes on the ISMP lists of high-alert medications for acute and for community care: antithrombotics, insulin,
opioids, digoxin, and methotrexate, immunosuppressants and oral chemotherapy."""

_NAMES = frozenset(name for names in _GROUPS.values() for name in names.split())


def is_high_risk(fact: LedgerFact) -> bool:
    """Whether a drug fact is of one of these classes, by the words of its name."""
    return fact.kind == "drug" and not _NAMES.isdisjoint(fact.name.replace("-", " ").lower().split())
