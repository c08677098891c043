"""Questions that a chart answers, and questions that it cannot answer, made from the ledger."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from ingest.synthetic.catalog_files import load_catalog
from mlops.evaluation.ledger import LedgerFact, PatientLedger
from vectorstore.chart import Chart

WORDINGS: Mapping[str, tuple[str, ...]] = {
    "drug": (
        "{x}",
        "is the patient on {x}?",
        "what dose of {x} does the patient take?",
        "when was {x} started or changed?",
        "anything about {x}",
    ),
    "problem": ("{x}", "does the patient have {x}?", "history of {x}", "how is the {x} doing?"),
    "result": ("{x}", "last {x}", "{x} trend", "what was the most recent {x}?"),
    "allergy": ("{x} allergy", "is the patient allergic to {x}?", "any reaction to {x}?"),
    "procedure": ("{x}", "when did the patient have {x}?", "what did the {x} show?"),
}
"""Ways of asking, by kind of fact."""

# What answers a question about a problem without naming it: what it is measured by, and names of its parts.
_KIN: Mapping[str, str] = {
    "diabet": r"A1c|gluc|sugars?|FSBG|BG",
    "anemia": r"h(?:emoglobin|gb|b|ct)|hematocrit|ferritin|iron",
    "embol": r"embol|thromb|PE|DVT",
    "thromb": r"embol|thromb|PE|DVT",
    "kidney": r"creat|Cr|GFR|renal|dialysis",
    "lipid": r"LDL|cholesterol|lipid",
    "thyroid": r"TSH|thyr",
    "hypertens": r"blood pressure|BP",
    "gout": r"uric",
    "heart failure": r"BNP|proBNP|NT-proBNP|ejection|LVEF|EF",
    "prostat": r"PSA|prostat",
    "cirrhosis": r"albumin|bilirubin|INR|ascites|liver",
    "obesity": r"BMI|weight|obes",
}
_SHORTEST = 3
_STEM = 6
_WORD = re.compile(r"[a-z]{4,}")


@dataclass(frozen=True, slots=True)
class Question:
    """One question to one chart, after a fact of its own or of another patient's ledger."""

    patient_id: str
    fact: LedgerFact
    text: str

    @property
    def unit(self) -> str:
        """What an observation of it is called."""
        return f"{self.patient_id}/{self.fact.kind}/{self.text}"


def answerable(ledger: PatientLedger, *, seed: int, each: int) -> list[Question]:
    """Up to `each` questions of every kind after facts that notes state and that are no mistake of the chart's."""
    random = Random(f"answerable-{seed}-{ledger.patient_id}")
    found: list[Question] = []
    for kind in WORDINGS:
        stated = [f for f in ledger.facts if f.kind == kind and f.correct and f.spans and f.name != "none"]
        keys = sorted({f.key for f in stated})
        for key in random.sample(keys, min(each, len(keys))):
            fact = next(f for f in stated if f.key == key)
            found.append(_ask(ledger.patient_id, fact, random))
    return found


def foreign(
    ledger: PatientLedger, chart: Chart, others: Iterable[LedgerFact], *, seed: int, each: int
) -> list[Question]:
    """Up to `each` questions of every kind after other patients' facts of which this chart holds no trace."""
    random = Random(f"foreign-{seed}-{ledger.patient_id}")
    text = "\n".join(chart.note(h.note_id).text for h in chart.headers)
    found: list[Question] = []
    by_key = {f.key: f for f in others if f.name != "none" and f.key not in ledger.by_key}
    for kind in WORDINGS:
        keys = sorted(k for k, f in by_key.items() if k[0] == kind and not traces(f).search(text))
        found += [_ask(ledger.patient_id, by_key[key], random) for key in random.sample(keys, min(each, len(keys)))]
    return found


def traces(fact: LedgerFact) -> re.Pattern[str]:
    """What in a text could be evidence of a fact: its names, the beginning of its name's longest word, and its kin.

    Wider than the name on purpose: where *diabetes* is to be gone, *diabetic* and the A1c have to go as well, and for
    an allergy the drugs of its class.
    """
    names = sorted(map(re.escape, (*fact.names, *_members(fact))), key=len, reverse=True)
    spelled = "|".join(name.replace(r"\ ", r"[\s-]+").replace(r"\-", r"[\s-]+") for name in names)
    words = _WORD.findall(fact.name.lower())
    stem = rf"|\b{max(words, key=len)[:_STEM]}" if words else ""
    kin = "".join(rf"|\b(?:{words})" for part, words in _KIN.items() if fact.kind == "problem" and part in fact.name)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{spelled})(?![A-Za-z0-9]){stem}{kin}", re.IGNORECASE)


def _members(fact: LedgerFact) -> tuple[str, ...]:
    """The drugs of an allergen's class, by all their names."""
    catalog = load_catalog()
    allergen = catalog.allergens.get(fact.name) if fact.kind == "allergy" else None
    drugs = [d for d in catalog.drugs.values() if allergen and {d.key, d.name} & allergen.members]
    return tuple(name for drug in drugs for name in (drug.name, drug.brand, *drug.also))


def without_facts(chart: Chart, ledger: PatientLedger, facts: Sequence[LedgerFact]) -> dict[str, str]:
    """The notes of a chart, text by note id, without any sentence that holds evidence of one of the facts.

    A sentence goes where it shows a trace of the fact, where the ledger states the fact in it, or where ingest found a
    fact of its name. A note of which nothing is left is left out.
    """
    patterns = [traces(fact) for fact in facts]
    keys = {fact.key for fact in facts}
    names = {name.lower() for fact in facts for name in fact.names}
    found = {(f.note_id, f.sentence) for f in chart.facts() if f.name in names}
    kept: dict[str, str] = {}
    for header in chart.headers:
        text, parts, position = chart.note(header.note_id).text, [], 0
        spans = [s for s, f in ledger.spans_by_note.get(header.note_id, ()) if f.key in keys]
        for sentence in chart.sentences_of(header.note_id):
            words = text[sentence.start : sentence.end]
            gone = (header.note_id, sentence.ordinal) in found or any(p.search(words) for p in patterns)
            if gone or any(s.start < sentence.end and s.end > sentence.start for s in spans):
                parts.append(text[position : sentence.start])
                position = sentence.end
        left = "".join([*parts, text[position:]])
        # What stands outside of any sentence, a heading for one, may hold a trace too.
        lines = [line for line in left.splitlines(keepends=True) if not any(p.search(line) for p in patterns)]
        if "".join(lines).strip():
            kept[header.note_id] = "".join(lines)
    return kept


def _ask(patient_id: str, fact: LedgerFact, random: Random) -> Question:
    named = [name for name in fact.names if len(name) >= _SHORTEST] or [fact.name]
    return Question(patient_id, fact, random.choice(WORDINGS[fact.kind]).format(x=random.choice(named)))
