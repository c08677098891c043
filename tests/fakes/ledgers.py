"""A hand-made ledger, its one note, and summaries of it to judge."""

from core.records import Citation
from mlops.evaluation.ledger import LedgerFact, PatientLedger, Span
from mlops.evaluation.metrics.names import NameFinder
from mlops.evaluation.metrics.telling import ToldStatement

NOTE_ID = "ava/n1"
CHARTED = "2021-06-01T09:00:00"
NOTE = """She has hypertension and prior pneumonia, resolved. Her mother had breast cancer.
She denies chest pain. No reaction to latex.
Lisinopril went from 10 mg to 20 mg once daily. Warfarin 5 mg was stopped in May.
Allergies: penicillin (rash). Creatinine 1.4 mg/dL (was 1.2). Sodium 139.
Pain in the left hip. Full code. Metoprolol 25 mg twice daily.
"""


def fact(kind: str, name: str, words: str = "", **fields: object) -> LedgerFact:
    """A fact stated where `words` stand in the note; nowhere where they are left out."""
    assertion, action = str(fields.pop("assertion", "present")), str(fields.pop("action", ""))
    spans: tuple[Span, ...] = ()
    if words:
        start = NOTE.index(words)
        spans = (Span(NOTE_ID, start, start + len(words), assertion, action),)
    return LedgerFact(f"{kind}-{name}-{fields.get('value', '')}", "ava", kind, name, spans=spans, **fields)  # type: ignore[arg-type]


OVER = "2021-05-15T00:00:00"
FACTS = (
    fact("problem", "hypertension", "hypertension", synonyms=("HTN",)),
    fact("problem", "pneumonia", "prior pneumonia", valid_until=OVER, assertion="historical", action="resolved"),
    fact("problem", "gout", correct=False),
    fact("family_history", "breast cancer", "mother had breast cancer", assertion="family", value="mother"),
    fact("symptom", "chest pain", "chest pain", assertion="negated", value="absent"),
    fact("drug", "lisinopril", "10 mg", value="10 mg", valid_until=CHARTED, superseded_by="x", assertion="historical"),
    fact("drug", "lisinopril", "Lisinopril went from 10 mg to 20 mg", value="20 mg", synonyms=("Zestril",)),
    fact("drug", "warfarin", "Warfarin 5 mg was stopped", value="5 mg", valid_until=OVER, action="stopped"),
    fact("drug", "metoprolol", "Metoprolol 25 mg", value="25 mg"),
    fact("allergy", "penicillin", "penicillin (rash)", value="rash"),
    fact("allergy", "latex", "latex", correct=False, assertion="negated", action="corrected"),
    fact("result", "creatinine", "was 1.2", value="1.2", superseded_by="y", valid_from="2021-01-01T08:00:00"),
    fact(
        "result",
        "creatinine",
        "Creatinine 1.4",
        value="1.4",
        valid_from="2021-06-01T08:00:00",
        attributes={"abnormal": "yes"},
    ),
    fact("result", "sodium", "Sodium 139", value="139", valid_from="2021-06-01T08:00:00", synonyms=("Na",)),
    fact("code_status", "full code", "Full code"),
)
LEDGER = PatientLedger("ava", FACTS, CHARTED)
NAMES = NameFinder(FACTS)


def cite(words: str) -> Citation:
    """A citation of words of the note."""
    start = NOTE.index(words)
    return Citation(NOTE_ID, "Progress note", CHARTED, "", start, start + len(words), words)


def sentence_of(citation: Citation) -> str:
    """The line of the note a citation lies in."""
    start = NOTE.rfind("\n", 0, citation.start) + 1
    return NOTE[start : NOTE.index("\n", citation.end - 1)]


def quote(words: str, section: str = "") -> ToldStatement:
    """A statement that quotes words of the note."""
    return ToldStatement("q", words, (cite(words),), section, "quoted")


def say(text: str, *cited: str, section: str = "") -> ToldStatement:
    """A statement in other words."""
    return ToldStatement("s", text, tuple(map(cite, cited)), section)
