"""Foreign words in a chart: sentences that are `unusual`, and what follows such a voice in its paragraph.

They are evidence of nothing but themselves. Facts of the other sentences are resolved as if these were not there, so
they change no statement; and each that tells something the rest of the chart does not say is shown beside it, word for
word and flagged, so that they hide nothing either. Where both cannot be true, a conflict shows the two sides.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chains.citations import Citer
from chains.evidence import Evidence, Group
from chains.unusual import OTHER_VOICE, unusual
from core.records import Action, Assertion, FactKind, Sentence
from extraction.dosing import canonical_dose
from extraction.timeline import ResolvedFact, TimedFact
from prompts import SectionPlan
from vectorstore.chart import Chart

_SHOWN = frozenset({"current", "changed", "held", "conflict"})
_NOT_OF_NOW = frozenset({Assertion.FAMILY, Assertion.HYPOTHETICAL, Assertion.POSSIBLE, Assertion.HISTORICAL})
_NEW_LINE = re.compile(r"[^\S\n]*\n")
_PARAGRAPH = re.compile(r"[^\S\n]*\n[^\S\n]*\n")
_ENDS = frozenset({Action.STOPPED, Action.HELD, Action.RESOLVED, Action.CORRECTED})


def foreign_sentences(chart: Chart, note_ids: Collection[str]) -> frozenset[tuple[str, int]]:
    """(note_id, ordinal) of foreign sentences of some notes.

    Behind an order to a machine or a mark of a prompt the rest of that paragraph is foreign too. An empty line ends it,
    and so does a heading that begins a line: the words of the author that follow must not be taken for the intruder's.
    """
    return frozenset(place for note_id in note_ids for place in _foreign_in(chart, note_id))


def _foreign_in(chart: Chart, note_id: str) -> Iterator[tuple[str, int]]:
    text = chart.note(note_id).text
    speaking, heading, end = False, "", 0
    for sentence in chart.sentences_of(note_id):
        reasons = frozenset((*unusual(text[sentence.start : sentence.end]), *unusual(sentence.heading)))
        if _PARAGRAPH.match(text, end, sentence.start) or (
            heading != sentence.heading and _NEW_LINE.match(text, end, sentence.start)
        ):
            speaking = False
        heading, end = sentence.heading, sentence.end
        speaking = speaking or bool(reasons & OTHER_VOICE)
        if reasons or speaking:
            yield note_id, sentence.ordinal


@dataclass(frozen=True, slots=True)
class _News:
    """A fact of foreign words that the rest of the chart does not tell, and what the rest says instead, if anything."""

    mention: TimedFact
    against: ResolvedFact | None


class ForeignFacts:
    """Facts of foreign sentences held against what the rest of the chart amounts to."""

    def __init__(
        self,
        facts: Sequence[TimedFact],
        resolved: Sequence[ResolvedFact],
        citer: Citer,
        sentences: Mapping[tuple[str, int], Sentence],
    ) -> None:
        self._citer = citer
        self._sentences = sentences
        known = {(r.kind, r.name): r for r in resolved}
        if status := next((r for r in resolved if r.kind is FactKind.CODE_STATUS), None):
            known |= {(f.fact.kind, f.fact.name): status for f in facts if f.fact.kind is FactKind.CODE_STATUS}
        self._allergy = next((r for r in resolved if _is_listed_allergy(r)), None)
        newest = sorted(facts, key=lambda f: f.when, reverse=True)
        self._news = [n for f in newest if (n := self._told(f, known.get((f.fact.kind, f.fact.name))))]

    def groups(self, plan: SectionPlan, first: int) -> tuple[Group, ...]:
        """A quoted sentence for all that foreign words add to a list section, numbered from `first`, newest first."""
        told: set[tuple[FactKind, str, bool]] = set()
        chosen: dict[tuple[str, int], None] = {}
        for fact in (n.mention.fact for n in self._news):
            key = (fact.kind, fact.name, fact.assertion is Assertion.NEGATED)
            if fact.kind in plan.facts and fact.name not in plan.leave_out and key not in told:
                told.add(key)
                chosen[fact.note_id, fact.sentence] = None
        return tuple(
            foreign_group(self._citer, self._sentences[place], plan.key, first + n) for n, place in enumerate(chosen)
        )

    def conflicts(self) -> tuple[ResolvedFact, ...]:
        """A fact in conflict wherever foreign words deny or end what the rest of the chart says to hold."""
        found: dict[tuple[FactKind, str], ResolvedFact] = {}
        for news in self._news:
            mention, against = news.mention, news.against
            if against is not None and against.state in _SHOWN and mention.fact.kind is not FactKind.RESULT:
                key = (mention.fact.kind, mention.fact.name)
                found.setdefault(
                    key, ResolvedFact(*key, "conflict", mention, against.latest, against.latest, (mention,))
                )
        return tuple(found.values())

    def _told(self, mention: TimedFact, known: ResolvedFact | None) -> _News | None:
        if mention.fact.kind is FactKind.ALLERGY:
            return self._told_of_allergy(mention, known)
        if mention.fact.assertion in _NOT_OF_NOW or (known is not None and known.latest.when > mention.when):
            return None
        denies = mention.fact.assertion is Assertion.NEGATED or mention.fact.action in _ENDS
        if known is None or known.state not in _SHOWN:
            return None if denies else _News(mention, None)
        return _News(mention, known) if denies or _differs(mention, known) else None

    def _told_of_allergy(self, mention: TimedFact, known: ResolvedFact | None) -> _News | None:
        """All but what is known already: an allergy may not be hidden by the words that foreign ones put round it."""
        if mention.fact.name == "none":
            return None if known and self._allergy is None else _News(mention, self._allergy)
        listed = known is not None and _is_listed_allergy(known)
        if mention.fact.assertion is not Assertion.NEGATED:
            return None if listed else _News(mention, None)
        return _News(mention, known if listed else None)


def foreign_group(citer: Citer, sentence: Sentence, section: str, index: int) -> Group:
    """A foreign sentence as it is shown: whole, in its own words, never rewritten."""
    citation = citer.cite_sentence(sentence)
    evidence = Evidence("E1", citation, sentence.kind, " ".join(citation.quote.split()), unusual=True)
    return Group(section, index, (evidence,), evidence)


def _is_listed_allergy(resolved: ResolvedFact) -> bool:
    return resolved.kind is FactKind.ALLERGY and resolved.name != "none" and resolved.state in _SHOWN


def _differs(mention: TimedFact, known: ResolvedFact) -> bool:
    fact, latest = mention.fact, known.latest.fact
    if fact.kind is FactKind.DRUG:
        return bool(fact.dose) and canonical_dose(fact.dose) != canonical_dose(latest.dose)
    if fact.kind is FactKind.RESULT:
        return fact.value != latest.value
    return fact.name != latest.name
