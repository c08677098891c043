"""Every name a synthetic chart could hold, so that what a summary makes up is recognised as someone else's."""

from collections.abc import Iterable

from ingest.synthetic.catalog_files import load_catalog
from mlops.evaluation.ledger import LedgerFact, PatientLedger, all_facts
from mlops.evaluation.metrics.names import NameFinder

# What imaging measures and the ledger leaves out: whoever tells it is neither right nor wrong.
_UNJUDGED = LedgerFact("ejection-fraction", "", "vital", "ejection fraction", ("LVEF", "EF"))


def name_finder(ledgers: Iterable[PatientLedger]) -> NameFinder:
    """Finds the names of these patients' facts, and of all drugs, problems and allergens that any chart can have."""
    return NameFinder([*all_facts(ledgers), *_catalogued(), _UNJUDGED])


def _catalogued() -> list[LedgerFact]:
    catalog = load_catalog()
    return [
        *(LedgerFact(d.key, "", "drug", d.name.lower(), (d.brand, *d.also)) for d in catalog.drugs.values()),
        *(LedgerFact(c.key, "", "problem", c.name, (*c.say, *c.abbr)) for c in catalog.conditions.values()),
        *(LedgerFact(a.key, "", "problem", a.name, (*a.say, *a.abbr)) for a in catalog.acutes.values()),
        *(LedgerFact(a.name, "", "allergy", a.name, a.also) for a in catalog.allergens.values()),
    ]
