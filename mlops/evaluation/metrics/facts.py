"""Fact recall and precision: which facts of the ledger a summary tells, and which told facts are not so.

Recall: of the handoff facts (`handoff.handoff_facts`), the share told. Told means that a statement names the fact (or a
synonym), not as denied, ended, possible or someone else's, and, where the kind has one, with the right value: a drug
with its present dose, a result with its value. An allergy counts where the statement is about allergies; its reaction
is not asked for. Omission: the share that no statement names in this way, with whatever dose or value.

Precision: of all claims, the share that the ledger holds to be true when the chart ends. A claim is one statement
naming one fact; a list statement that names nothing the ledger knows of its kind is a claim too, an untraceable one,
but for "none" under the medications, which is right where the ledger holds no drug when the chart ends. A claim is
wrong where the ledger says otherwise and the statement does not say so: an ended drug or resolved problem told as
present, a superseded dose or value, a fact that was never the patient's, a current fact told as denied or ended.
With `dated`, statements outside of lists are read by the date of the note they cite, which is shown with them: what was
so on that day is right, and a note's own words about what the ledger does not know at all are no claim. Namings as
possible, or of what is no handoff kind, are no claims.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mlops.evaluation.ledger import LedgerFact, PatientLedger
from mlops.evaluation.metrics.amounts import amounts_in, numbers_in
from mlops.evaluation.metrics.handoff import HANDOFF_KINDS
from mlops.evaluation.metrics.names import NameFinder
from mlops.evaluation.metrics.stance import Stance
from mlops.evaluation.metrics.telling import Told, ToldStatement, told_in

LIST_SECTIONS = {
    "problems": frozenset({"problem"}),
    "medications": frozenset({"drug"}),
    "allergies": frozenset({"allergy"}),
    "results": frozenset({"result", "vital"}),
    "safety": frozenset({"code_status", "device"}),
}
_ALLERGY_WORDS = re.compile(
    r"\b(?:allerg\w+|intoleran\w+|adverse reaction|reactions?|sensitivit\w+|anaphyla\w+|hives|rash|swelling|"
    r"angioedema|dermatitis|NKDA|NKA)\b",
    re.IGNORECASE,
)
_NONE_KNOWN = re.compile(
    r"\b(?:no (?:known )?(?:drug |medication |food )?(?:allerg\w+|reactions?)|NKDA|NKA|NKMA|denies (?:any )?(?:drug )?"
    r"allerg\w+|allerg\w+\W{1,3}(?:none|no\b|denied))",
    re.IGNORECASE,
)
_NO_DRUGS = re.compile(
    r"\W*(?:none|nil|n/a|(?:takes |on )?no (?:(?:current|home|regular|active|daily) )*"
    r"(?:medications?|medicines|meds|drugs))\W*",
    re.IGNORECASE,
)
_NO_ALLERGY = ("allergy", "none")


class Verdict(StrEnum):
    """What became of a handoff fact or of a claim."""

    RIGHT = "right"
    OMITTED = "omitted"
    NO_VALUE = "named without its value"
    WRONG_VALUE = "wrong or superseded value"
    ENDED = "told as present, but it is over"
    NEVER = "told as present, but it never was the patient's"
    NOT_SO = "told as ended, but it holds"
    DENIED = "told as denied, but it holds"
    FAMILY = "a relative's, told as the patient's"
    UNKNOWN = "nothing the ledger knows"


_OVER = frozenset({Verdict.ENDED, Verdict.WRONG_VALUE, Verdict.NOT_SO, Verdict.DENIED})


@dataclass(frozen=True, slots=True)
class Due:
    """A handoff fact and what became of it."""

    fact: LedgerFact
    verdict: Verdict
    told_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """What one statement tells of one fact; `name` is "" where it names nothing the ledger knows."""

    statement: ToldStatement
    kind: str
    name: str
    verdict: Verdict


def judge_due(
    due: Iterable[LedgerFact], statements: Sequence[ToldStatement], ledger: PatientLedger, names: NameFinder
) -> list[Due]:
    """For each handoff fact whether a summary tells it."""
    told = [(t, told_in(t, ledger, names)) for t in statements]
    return [_due(fact, told) for fact in due]


def judge_claims(
    statements: Sequence[ToldStatement], ledger: PatientLedger, names: NameFinder, *, dated: bool
) -> list[Claim]:
    """Everything a summary claims, a statement and a fact each, read by each note's date or as of the chart's end."""
    return [claim for statement in statements for claim in _claims(statement, ledger, names, dated=dated)]


def _due(fact: LedgerFact, summary: Sequence[tuple[ToldStatement, list[Told]]]) -> Due:
    if fact.key == _NO_ALLERGY:
        by = tuple(s.statement_id for s, _ in summary if _NONE_KNOWN.search(s.text))
        return Due(fact, Verdict.RIGHT if by else Verdict.OMITTED, by)
    verdict = Verdict.OMITTED
    by = ()
    for statement, all_told in summary:
        for told in all_told:
            if fact.key not in told.keys or not _is_told(fact, told):
                continue
            found = _valued(fact, told)
            if found is Verdict.RIGHT:
                by = (*by, statement.statement_id)
                verdict = found
            elif verdict is not Verdict.RIGHT:
                verdict = found
    return Due(fact, verdict, by)


def _is_told(fact: LedgerFact, told: Told) -> bool:
    if fact.kind == "code_status":
        return True
    if fact.kind == "allergy":
        return is_of_allergies(told) and told.stance is not Stance.DENIED
    if fact.kind in {"problem", "result"}:
        return told.stance in {Stance.PRESENT, Stance.PAST}
    return told.stance is Stance.PRESENT


def _valued(fact: LedgerFact, told: Told) -> Verdict:
    if fact.kind == "drug":
        if not told.amounts:
            return Verdict.NO_VALUE
        return Verdict.RIGHT if set(amounts_in(fact.value)) & set(told.amounts) else Verdict.WRONG_VALUE
    if fact.kind == "result":
        if not told.numbers:
            return Verdict.NO_VALUE
        return Verdict.RIGHT if set(numbers_in(fact.value)) & set(told.numbers) else Verdict.WRONG_VALUE
    return Verdict.RIGHT


def is_of_allergies(told: Told) -> bool:
    """Whether the statement speaks of allergies where it names this."""
    if told.spans:
        return any(kind == "allergy" for kind, _ in told.keys)
    return told.statement.section == "allergies" or bool(_ALLERGY_WORDS.search(told.statement.text))


def _claims(statement: ToldStatement, ledger: PatientLedger, names: NameFinder, *, dated: bool) -> list[Claim]:
    all_told = told_in(statement, ledger, names)
    claims: dict[tuple[str, str], Claim] = {}
    for told in all_told:
        for key in claimed(told, ledger):
            verdict = _verdict(key, told, all_told, ledger)
            if dated and statement.section not in LIST_SECTIONS:
                verdict = _as_of_its_note(verdict, key, told, ledger)
            before = claims.get(key)
            if verdict and (before is None or verdict is Verdict.RIGHT):
                claims[key] = Claim(statement, *key, verdict)
        for key in _relatives(told, ledger):
            claims.setdefault(key, Claim(statement, *key, Verdict.FAMILY))
    expected = LIST_SECTIONS.get(statement.section)
    if expected and _NONE_KNOWN.search(statement.text) and "allergy" in expected:
        held = [f for f in ledger.facts if f.kind == "allergy" and f.name != "none" and ledger.holds(f)]
        claims[_NO_ALLERGY] = Claim(statement, *_NO_ALLERGY, Verdict.DENIED if held else Verdict.RIGHT)
    if statement.section == "medications" and _NO_DRUGS.fullmatch(statement.text) and not all_told:
        taken = any(f.kind == "drug" and ledger.holds(f) for f in ledger.facts)
        return [Claim(statement, "drug", "none", Verdict.DENIED if taken else Verdict.RIGHT)]
    if expected and not any(kind in expected for t in all_told for kind, _ in t.keys) and not claims:
        return [Claim(statement, sorted(expected)[0], "", Verdict.UNKNOWN)]
    return list(claims.values())


def _as_of_its_note(verdict: Verdict | None, key: tuple[str, str], told: Told, ledger: PatientLedger) -> Verdict | None:
    """What the verdict becomes when the statement is read by the date of its note.

    A note's own words about something the ledger knows nothing of ("oseltamivir given") cannot be judged by it.
    """
    if verdict is Verdict.NEVER and told.verbatim and key not in ledger.by_key:
        return None
    return Verdict.RIGHT if verdict in _OVER and _was_so(key, told, ledger) else verdict


def _was_so(key: tuple[str, str], told: Told, ledger: PatientLedger) -> bool:
    """Whether what is told was true on the day of a cited note: stated there in these words, or within its period."""
    if any(span.stale or not fact.correct for span, fact in told.spans):
        return False
    if any(fact.key == key for _, fact in told.spans):
        return True
    days = [c.charted_at[:10] for c in told.statement.citations if c.charted_at]
    facts = [f for f in ledger.by_key.get(key, ()) if f.correct and _valued(f, told) is not Verdict.WRONG_VALUE]
    return any((f.valid_from or "")[:10] <= day <= (f.valid_until or "9999")[:10] for f in facts for day in days)


def claimed(told: Told, ledger: PatientLedger) -> list[tuple[str, str]]:
    """The facts a naming is about: of one kind where the name could stand for several, the patient's own before others.

    "Migraine" is the migraine that the patient has, and not the status migrainosus of someone else.
    """
    keys = sorted(k for k in told.keys if k[0] in HANDOFF_KINDS and k != _NO_ALLERGY)
    kinds = {kind for kind, _ in keys}
    if {"drug", "allergy"} <= kinds:
        wanted = "allergy" if is_of_allergies(told) else "drug"
        keys = [k for k in keys if k[0] not in {"drug", "allergy"} or k[0] == wanted]
    elif kinds == {"allergy"} and not is_of_allergies(told):
        keys = []
    own = {kind for kind, name in keys if (kind, name) in ledger.by_key}
    return [k for k in keys if k in ledger.by_key or k[0] not in own]


def told_facts(key: tuple[str, str], told: Told, ledger: PatientLedger) -> tuple[LedgerFact, ...]:
    """The ledger facts of a key that the naming tells: those with a dose or value given beside it, all where none is.

    Of a drug with a dose the ledger never had, or a test with a value it never had, none.
    """
    facts = ledger.by_key.get(key, ())
    return tuple(f for f in facts if _valued(f, told) is not Verdict.WRONG_VALUE)


def _relatives(told: Told, ledger: PatientLedger) -> list[tuple[str, str]]:
    """Diseases that only a relative has and that are told as if the patient did."""
    own = {name for kind, name in told.keys if kind == "problem" and ledger.by_key.get((kind, name))}
    family = {name for kind, name in told.keys if kind == "family_history" and ledger.by_key.get((kind, name))}
    return [("problem", name) for name in sorted(family - own)] if told.stance is Stance.PRESENT else []


def _verdict(key: tuple[str, str], told: Told, all_told: Sequence[Told], ledger: PatientLedger) -> Verdict | None:
    holding, known = ledger.holding(key), ledger.by_key.get(key, ())
    if told.stance in {Stance.POSSIBLE, Stance.FAMILY}:
        return None
    if key[0] == "code_status":
        return _code_status(holding, all_told, ledger)
    if told.stance in {Stance.DENIED, Stance.ENDED}:
        return _not_so(key, told, holding)
    if key[0] == "result":
        return _result(told, known, holding)
    if holding:
        values = {_valued(f, told) for f in holding}
        past_dose = key[0] == "drug" and told.stance is Stance.PAST
        return Verdict.RIGHT if values & {Verdict.RIGHT, Verdict.NO_VALUE} or past_dose else Verdict.WRONG_VALUE
    if told.stance is Stance.PAST and any(f.correct for f in known):
        return Verdict.RIGHT
    if key[0] == "problem" and ledger.by_key.get(("family_history", key[1])) and not known:
        return Verdict.FAMILY
    return Verdict.ENDED if any(f.correct for f in known) else Verdict.NEVER


def _not_so(key: tuple[str, str], told: Told, holding: Sequence[LedgerFact]) -> Verdict | None:
    if not holding:
        return Verdict.RIGHT
    # A dose that was stopped for another one, "metformin 500 mg stopped", is told rightly beside the present one.
    other_dose = key[0] == "drug" and told.amounts and all(_valued(f, told) is not Verdict.RIGHT for f in holding)
    if other_dose or key[0] == "result":
        return None
    return Verdict.DENIED if told.stance is Stance.DENIED else Verdict.NOT_SO


def _code_status(holding: Sequence[LedgerFact], all_told: Sequence[Told], ledger: PatientLedger) -> Verdict:
    named = {key for t in all_told for key in t.keys if key[0] == "code_status"}
    return Verdict.RIGHT if holding or any(ledger.holding(k) for k in named) else Verdict.ENDED


def _result(told: Told, known: Sequence[LedgerFact], holding: Sequence[LedgerFact]) -> Verdict | None:
    if not told.numbers:
        return None
    if any(_valued(f, told) is Verdict.RIGHT for f in holding):
        return Verdict.RIGHT
    if any(_valued(f, told) is Verdict.RIGHT for f in known):
        return Verdict.RIGHT if told.stance is Stance.PAST else Verdict.WRONG_VALUE
    return Verdict.NEVER if known else None
