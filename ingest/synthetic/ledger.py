"""The ledger of facts: what is true when, and every span of every note that says so."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ingest.synthetic.catalog import Catalog, Condition
from ingest.synthetic.state import ALWAYS, Course, Life, Prescription, Result
from ingest.synthetic.writer import Stated


@dataclass(slots=True)
class LedgerFact:
    """One fact. Times are ISO 8601, None where open; `correct` is False for what the chart once got wrong."""

    fact_id: str
    patient_id: str
    kind: str
    name: str
    synonyms: tuple[str, ...] = ()
    value: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    valid_from: str | None = None
    valid_until: str | None = None
    superseded_by: str | None = None
    correct: bool = True
    statements: list[dict[str, Any]] = field(default_factory=list)

    def line(self) -> str:
        """The fact as one line of JSON."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, ensure_ascii=False)


class Ledger:
    """All facts of one patient, and what their notes state."""

    def __init__(self, life: Life, catalog: Catalog) -> None:
        self._life, self._catalog = life, catalog
        self._patient = life.person.subject_id
        self.facts: dict[str, LedgerFact] = {}
        for course in life.courses.values():
            self._add_course(course)
        for item in life.prescriptions.values():
            self._add_prescription(item)
        for item in life.wrong_drugs.values():
            self._add_prescription(item, correct=False)
        self._add_allergies()
        for result in life.results:
            self._add_result(result)
        for t in life.timed.values():
            self._add(
                t.fact,
                t.kind,
                t.name,
                (*t.synonyms, t.value) if t.kind != "family_history" else t.synonyms,
                t.value,
                dict(t.attributes),
                t.start,
                t.end,
                t.superseded_by,
            )
        self._add_slips()

    def _add(
        self,
        fact: str,
        kind: str,
        name: str,
        synonyms: tuple[str, ...] = (),
        value: str = "",
        attributes: dict[str, str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        superseded_by: str = "",
        *,
        correct: bool = True,
    ) -> None:
        self.facts[fact] = LedgerFact(
            fact,
            self._patient,
            kind,
            name,
            synonyms,
            value,
            attributes or {},
            start.isoformat() if start and start != ALWAYS else None,
            end.isoformat() if end else None,
            superseded_by or None,
            correct,
        )

    def _add_course(self, course: Course) -> None:
        p = course.problem
        chronic = isinstance(p, Condition)
        self._add(
            course.fact,
            "problem",
            p.name,
            _names(p.say + p.abbr),
            "",
            {"course": "chronic" if chronic else "acute"},
            course.onset,
            course.resolved,
            course.superseded_by,
        )

    def _add_prescription(self, item: Prescription, *, correct: bool = True) -> None:
        drug = item.drug
        words = {
            "dose": item.dose.strength,
            "route": drug.route,
            "frequency": item.dose.frequency,
            "indication": self._what(item.indication),
        }
        if drug.prn:
            words["prn"] = drug.prn
        if item.end_reason:
            words["end_reason"] = item.end_reason
        if item.replaced_by:
            words["replaced_by"] = item.replaced_by
        if not item.home:
            words["setting"] = "inpatient"
        self._add(
            item.fact,
            "drug",
            drug.name.lower(),
            (drug.brand, *drug.also),
            item.dose.strength,
            words,
            item.start,
            item.end,
            item.successor or item.replaced_by,
            correct=correct,
        )

    def _what(self, key: str) -> str:
        known = self._catalog.conditions.get(key) or self._catalog.acutes.get(key)
        return known.name if known else key

    def _add_allergies(self) -> None:
        for s in self._life.sensitivities:
            a = s.allergen
            self._add(
                s.fact,
                "allergy",
                a.name if a else "none",
                a.also if a else _NO_ALLERGIES,
                s.reaction,
                {"reaction": s.reaction} if a else {},
                s.known,
                s.until,
                s.superseded_by,
            )

    def _add_result(self, r: Result) -> None:
        self._add(
            r.fact,
            "result",
            r.lab.name,
            (*r.lab.say, r.lab.mimic),
            r.text,
            {"unit": r.lab.unit, "abnormal": "yes" if r.abnormal else "no"},
            r.at,
        )

    def _add_slips(self) -> None:
        for slip in self._life.slips:
            at = self._life.encounters[slip.encounter].start
            if slip.kind == "problem":
                self._add(
                    slip.wrong,
                    "problem",
                    slip.text["name"],
                    (slip.text["say"], slip.text["abbr"]),
                    "",
                    {},
                    at,
                    correct=False,
                )
            elif slip.kind == "allergy":
                allergen = self._catalog.allergens[slip.text["name"]]
                self._add(
                    slip.wrong,
                    "allergy",
                    allergen.name,
                    allergen.also,
                    slip.text["reaction"],
                    {"reaction": slip.text["reaction"]},
                    at,
                    correct=False,
                )

    def observe(self, fact: str, kind: str, name: str, value: str, at: datetime, **attributes: str) -> str:
        """A fact that belongs to one moment: a symptom asked about, a vital sign."""
        if fact not in self.facts:
            self._add(fact, kind, name, (), value, attributes, at, at)
        return fact

    def state(self, note_id: str, since: datetime, spans: list[Stated]) -> None:
        """Keep what a finished note states; what was over before its encounter began (`since`) is stale."""
        for s in spans:
            fact = self.facts[s.ref.fact]
            told = s.ref.assertion == "present" and s.ref.action in ("", "continued", "started", "changed")
            over = fact.valid_until is not None and fact.valid_until < since.isoformat() and fact.kind in _LASTING
            fact.statements.append(
                {
                    "note_id": note_id,
                    "start": s.start,
                    "end": s.end,
                    "assertion": s.ref.assertion,
                    "action": s.ref.action,
                    "stale": bool(told and over),
                    "copied": s.copied,
                }
            )

    def rows(self) -> Iterator[LedgerFact]:
        """Facts the chart states, each result linked to the next stated value of the same lab."""
        stated = [f for f in self.facts.values() if f.statements]
        chain: dict[str, LedgerFact] = {}
        for fact in stated:
            if fact.kind == "result":
                before = chain.get(fact.name)
                if before is not None:
                    before.superseded_by, before.valid_until = fact.fact_id, fact.valid_from
                chain[fact.name] = fact
        kept = {f.fact_id for f in stated}
        while more := {f.superseded_by for i in kept if (f := self.facts[i]).superseded_by} - kept:
            kept |= {i for i in more if i}
        return (f for i, f in self.facts.items() if i in kept)


def _names(told: tuple[str, ...]) -> tuple[str, ...]:
    """Names with and without their article."""
    bare = (n.removeprefix("a ").removeprefix("an ") for n in told)
    return tuple(dict.fromkeys((*told, *bare)))


_NO_ALLERGIES = ("no known drug allergies", "no known allergies", "NKDA", "NKA", "no drug allergies")
_LASTING = frozenset({"drug", "problem", "allergy", "code_status", "device", "social_history"})
