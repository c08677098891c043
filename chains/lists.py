"""Sections that must be complete: every fact of the chart, resolved to what holds now."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from chains.citations import Citer
from chains.days import days_between
from chains.evidence import Evidence, Group
from chains.former import former, is_like, route_of, with_route
from chains.remainder import goes_on, item_of
from chains.verification import Claim, first_refusal
from core.records import Action, FactKind, SectionKind, Sentence
from extraction.actions import verb_and_drug
from extraction.dosing import DOSE, canonical_dose
from extraction.drugs import find_drugs
from extraction.results import is_unusual
from extraction.timeline import ResolvedFact, TimedFact
from prompts import SectionPlan

RECENT_DAYS = 365
STALE_DAYS = 540
FEW = 4
SHORT_WORDS = 18
BESIDE_WORDS = 5
_MORE_THAN_A_NAME = re.compile(
    r"[\d;:.]|\b(?:last|recent|latest|stable|is|was|were|are|has|had|on|no|not|for|see)\b", re.IGNORECASE
)
_FLAG = re.compile(r"\s{0,8}(?:\*|\(\s?(?:[HL]|high|low)\s?\)|[HL]{1,2}(?![A-Za-z]))")
_SHOWN = {"current", "changed", "held", "conflict"}


class ListWriter:
    """Turns resolved facts into groups, one fact a group.

    `sentences` maps (note_id, ordinal) to the sentence, and `latest` is when the chart ends: stops older than a
    year before it are history, not news.
    """

    def __init__(self, citer: Citer, sentences: Mapping[tuple[str, int], Sentence], latest: str | None) -> None:
        self._citer = citer
        self._sentences = sentences
        self._latest = latest

    def groups(self, plan: SectionPlan, resolved: Sequence[ResolvedFact]) -> tuple[Group, ...]:
        """All groups of a list section, in the order in which a reader looks for them."""
        wanted = [r for r in resolved if r.name not in plan.leave_out]
        facts = [r for kind in plan.facts for r in self._ordered(kind, [r for r in wanted if r.kind is kind])]
        groups: dict[tuple[tuple[str, int, int], str], Group] = {}
        for fact in facts[: plan.limit]:
            group = _WRITERS[fact.kind](self, fact, plan.key, len(groups))
            groups.setdefault((_place(group), group.composed), group)
        more_said = {place for place, composed in groups if composed}
        kept = (g for (place, composed), g in groups.items() if composed or place not in more_said)
        return tuple(replace(group, index=index) for index, group in enumerate(kept))

    def about(self, plan: SectionPlan, resolved: Sequence[ResolvedFact], names: frozenset[str]) -> tuple[Group, ...]:
        """What the chart now says of facts of these names, of whatever kind; at most `plan.limit` groups."""
        asked = [r for r in resolved if r.name in names and r.name != "none"]
        return self.groups(replace(plan, facts=tuple(FactKind)), asked)

    def _ordered(self, kind: FactKind, facts: list[ResolvedFact]) -> list[ResolvedFact]:
        if kind is FactKind.DRUG:
            now = sorted((f for f in facts if f.state in _SHOWN and f.name != "none"), key=lambda f: f.name)
            stopped = [f for f in facts if f.state == "stopped" and self._is_recent(f.latest)]
            none = [f for f in facts if f.name == "none"] if not now else []
            return now + none + sorted(stopped, key=_when, reverse=True)
        if kind is FactKind.ALLERGY:
            listed = [f for f in facts if f.state in _SHOWN and f.name != "none"]
            disputed = all(f.state == "conflict" for f in listed)
            none = [f for f in facts if f.name == "none"] if disputed else []
            return [*sorted(listed, key=lambda f: f.name), *none]
        if kind is FactKind.RESULT:
            fresh = [f for f in facts if (days_between(_when(f) or None, self._latest) or 0.0) <= STALE_DAYS]
            return sorted(fresh if len(fresh) >= FEW else facts, key=self._telling, reverse=True)
        if kind is FactKind.PROBLEM:
            return sorted((f for f in facts if f.state in _SHOWN and not f.in_passing), key=_salience, reverse=True)
        return sorted((f for f in facts if f.state in _SHOWN), key=_when, reverse=True)

    def _telling(self, result: ResolvedFact) -> tuple[bool, bool, bool, bool, str, int]:
        """Findings of the last year before vital signs, out of range first, trends before single values, the newest."""
        fact = result.latest.fact
        sentence = self._sentences[fact.note_id, fact.sentence]
        newest = [m for m in result.mentions if m.charted_at == result.latest.charted_at]
        flagged = is_unusual(fact.name, fact.value) or any(self._is_flagged(m) for m in newest)
        found = sentence.kind is not SectionKind.VITALS
        fresh = self._is_recent(result.latest)
        return found, fresh, flagged, _values(result) > 1, _when(result), len(result.mentions)

    def _is_flagged(self, mention: TimedFact) -> bool:
        """Whether the laboratory marked the value as out of range: `2218*`, `9.1  *`, `133 (L)`."""
        sentence = self._sentences[mention.fact.note_id, mention.fact.sentence]
        return bool(_FLAG.match(self._citer.text(sentence), mention.fact.end - sentence.start))

    def _is_recent(self, mention: TimedFact) -> bool:
        age = days_between(mention.charted_at, self._latest)
        return age is None or age <= RECENT_DAYS

    def _evidence(
        self, mention: TimedFact, number: int, *, whole_sentence: bool = False, span: tuple[int, int] | None = None
    ) -> Evidence:
        fact = mention.fact
        sentence = self._sentences[fact.note_id, fact.sentence]
        part = None if whole_sentence else self._item(mention, *(span or (fact.start, fact.end)))
        more = self._continued(mention, part[1] if part else sentence.end)
        last = more or sentence
        if part is None:
            citation = self._citer.cite_sentences(sentence, last)
        else:
            citation = self._citer.cite(fact.note_id, part[0], more.end if more else part[1], sentence.heading)
        context = "\n".join(self._citer.text(s) for s in (sentence, more) if s)
        return Evidence(f"E{number}", citation, sentence.kind, context)

    def _continued(self, mention: TimedFact, end: int) -> Sentence | None:
        """The sentence right behind a drug quoted to `end` that still restricts it, as `Hold for INR > 5`."""
        fact = mention.fact
        sentence = self._sentences[fact.note_id, fact.sentence]
        more = self._sentences.get((fact.note_id, fact.sentence + 1))
        if fact.kind is not FactKind.DRUG or more is None or more.heading != sentence.heading:
            return None
        text = self._citer.text(more)
        between = self._citer.cite(fact.note_id, end, more.start, "").quote
        apart = between.strip(" .,\n)") or between.count("\n") > 1 or self._citer.is_item(more)
        return more if not apart and goes_on(text) and not find_drugs(text) else None

    def _item(self, mention: TimedFact, start: int, end: int) -> tuple[int, int] | None:
        """A drug's words with what restricts them behind; None where only the whole sentence says all of it."""
        fact = mention.fact
        if fact.kind is not FactKind.DRUG:
            return start, end
        sentence = self._sentences[fact.note_id, fact.sentence]
        text, offset = self._citer.text(sentence), sentence.start
        found = item_of(text, start - offset, end - offset, [drug.start for drug in find_drugs(text)])
        return (offset + found[0], offset + found[1]) if found else None

    def _reads_alone(self, mention: TimedFact) -> bool:
        """Whether the words that state the fact say it by themselves; "Lasix to 80 mg" wants its verb."""
        return mention.fact.action in (Action.NONE, Action.CONTINUED)

    def _fits_whole(self, mention: TimedFact) -> bool:
        sentence = self._sentences[mention.fact.note_id, mention.fact.sentence]
        return len(self._citer.text(sentence).split()) <= SHORT_WORDS

    def _quote(self, mention: TimedFact, section: str, index: int, *, whole_sentence: bool = False) -> Group:
        """The words that state the fact, or all of the sentence where they may not stand without the rest of it.

        That is so in `never give her sulfa (rash)`: alone, `sulfa (rash)` would leave out a "never".
        """
        evidence = self._evidence(mention, 1, whole_sentence=whole_sentence)
        if not whole_sentence and first_refusal(Claim(evidence.text, (evidence,))):
            evidence = self._evidence(mention, 1, whole_sentence=True)
        return Group(section, index, (evidence,), evidence)

    def _with_its_verb(self, mention: TimedFact, section: str, index: int) -> Group:
        """The drug and the verb that says what is done with it, without what else the sentence tells.

        All of the sentence where no such verb stands near, or where the part may not stand without the rest; but what
        is begun may stand alone, so that a drug it takes the place of is not told along with it.
        """
        fact = mention.fact
        sentence = self._sentences[fact.note_id, fact.sentence]
        span = verb_and_drug(self._citer.text(sentence), fact.start - sentence.start, fact.end - sentence.start, fact)
        if span is not None:
            evidence = self._evidence(mention, 1, span=(sentence.start + span[0], sentence.start + span[1]))
            if not first_refusal(Claim(evidence.text, (evidence,))):
                return Group(section, index, (evidence,), evidence)
        return self._quote(mention, section, index, whole_sentence=fact.action is not Action.STARTED)

    def _drug(self, drug: ResolvedFact, section: str, index: int) -> Group:
        if drug.name == "none":
            return self._quote(max(drug.mentions, key=_time), section, index)
        if drug.state == "held":
            return self._held(drug, section, index)
        if drug.state == "stopped":
            return self._with_its_verb(drug.latest, section, index)
        shown, before = drug.latest, former(drug)
        if not self._reads_alone(shown) and self._fits_whole(shown):
            return self._with_its_verb(shown, section, index)
        if drug.state != "changed" or before is None:
            return self._quote(shown, section, index)
        now = self._quote(shown, section, index).quote
        return self._with_former(now, shown, before, section, index)

    def _held(self, drug: ResolvedFact, section: str, index: int) -> Group:
        """That the drug is held, in the words that say so, and beside them the regimen it had where they name none."""
        hold = max((m for m in drug.mentions if m.fact.action is Action.HELD), key=_time, default=drug.latest)
        if self._fits_whole(hold):
            told = self._quote(hold, section, index, whole_sentence=True)
        else:
            told = self._with_its_verb(hold, section, index)
        if hold.fact.dose or not drug.latest.fact.dose:
            return told
        return self._with_former(told.quote, hold, drug.latest, section, index)

    def _with_former(self, now: Evidence, shown: TimedFact, before: TimedFact, section: str, index: int) -> Group:
        """What is quoted and, in words of code, the regimen before; the quote alone where it names that itself."""
        fact = before.fact
        if canonical_dose(fact.dose) != canonical_dose(shown.fact.dose) and _names_dose(now.text, fact.dose):
            return Group(section, index, (now,), now)
        way = "" if is_like(shown, before) else route_of(before)
        then = self._evidence(before, 2, span=with_route(before) if way else None)
        whose = f"; {fact.name}" if len(find_drugs(now.text)) > 1 else ","
        past = " ".join(filter(None, (fact.dose, way, fact.frequency)))
        text = f"{now.text.rstrip('. ')}{whose} previously {past}{_day(before)}"
        return Group(section, index, (now, then), now, composed=text)

    def _result(self, result: ResolvedFact, section: str, index: int) -> Group:
        now, before = self._quote(result.latest, section, index).quote, result.previous
        same_day = before is not None and _day(before) == _day(result.latest)
        if before is None or same_day or before.fact.value in now.text:
            return Group(section, index, (now,), now)
        then = self._evidence(before, 2)
        unit = f" {before.fact.unit}" if before.fact.unit else ""
        text = f"{now.text}{_day(result.latest)}, previously {before.fact.value}{unit}{_day(before)}"
        return Group(section, index, (now, then), now, composed=text)

    def _problem(self, problem: ResolvedFact, section: str, index: int) -> Group:
        """A short item of a list in full, as `emphysema and chronic bronchitis`; else the name with its side."""
        fact = problem.latest.fact
        item = self._citer.cite_item(self._sentences[fact.note_id, fact.sentence])
        ahead, behind = item.quote[: fact.start - item.start], item.quote[fact.end - item.start :]
        beside = f"{ahead} {behind}"
        if item.start > fact.start or len(beside.split()) > BESIDE_WORDS or _MORE_THAN_A_NAME.search(beside):
            return self._quote(problem.latest, section, index)
        sentence = self._sentences[fact.note_id, fact.sentence]
        evidence = Evidence("E1", item, sentence.kind, self._citer.text(sentence))
        return Group(section, index, (evidence,), evidence)

    def _plain(self, fact: ResolvedFact, section: str, index: int) -> Group:
        return self._quote(fact.latest, section, index)


_WRITERS: Mapping[FactKind, Callable[[ListWriter, ResolvedFact, str, int], Group]] = {
    FactKind.DRUG: ListWriter._drug,
    FactKind.ALLERGY: ListWriter._plain,
    FactKind.RESULT: ListWriter._result,
    FactKind.PROBLEM: ListWriter._problem,
    FactKind.CODE_STATUS: ListWriter._plain,
    FactKind.DEVICE: ListWriter._plain,
}


def _names_dose(text: str, dose: str) -> bool:
    """Whether a text already names a dose, as `26 units to 30 units` does the one before."""
    return canonical_dose(dose) in {canonical_dose(m.group()) for m in DOSE.finditer(text)}


def _place(group: Group) -> tuple[str, int, int]:
    citation = group.quote.citation
    return citation.note_id, citation.start, citation.end


def _time(mention: TimedFact) -> str:
    return mention.charted_at or ""


def _when(resolved: ResolvedFact) -> str:
    return _time(resolved.latest)


def _day(mention: TimedFact) -> str:
    return f" ({mention.charted_at[:10]})" if mention.charted_at else ""


def _values(resolved: ResolvedFact) -> int:
    return len({m.fact.value for m in resolved.mentions})


def _salience(problem: ResolvedFact) -> tuple[int, str]:
    return _notes(problem.mentions), _when(problem)


def _notes(mentions: Iterable[TimedFact]) -> int:
    return len({m.fact.note_id for m in mentions})
