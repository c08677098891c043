"""What foreign words (`chains.voices`) and those of a doubtful voice (`chains.doubtful`) tell, beside the rest.

They are evidence of nothing but themselves. Facts of the other sentences are resolved as if these were not there, so
they change no statement; and each that tells something the rest of the chart does not say is shown beside it, word for
word and flagged, so that they hide nothing either. Where both cannot be true, a conflict shows the two sides.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chains.citations import Citer
from chains.doubtful import ENDS, NONE, SHOWN, Place, Sifted, status_of
from chains.evidence import Evidence, Group
from core.records import Assertion, FactKind, Sentence
from extraction.dosing import canonical_dose
from extraction.timeline import ResolvedFact, TimedFact
from prompts import SectionPlan

_NOT_OF_NOW = frozenset({Assertion.FAMILY, Assertion.HYPOTHETICAL, Assertion.POSSIBLE, Assertion.HISTORICAL})


@dataclass(frozen=True, slots=True)
class _News:
    """A fact of foreign words that the rest of the chart does not tell, and what the rest says instead, if anything."""

    mention: TimedFact
    against: ResolvedFact | None


class ForeignFacts:
    """Facts of foreign sentences, and doubtful ones, held against what the rest of the chart amounts to."""

    def __init__(self, sifted: Sifted, citer: Citer, sentences: Mapping[Place, Sentence]) -> None:
        self._citer = citer
        self._sentences = sentences
        self._known = {(r.kind, r.name): r for r in sifted.resolved}
        self._status = status_of(sifted.resolved)
        self._allergy = next((r for r in sifted.resolved if _is_listed_allergy(r)), None)
        news = [n for f in sifted.foreign if (n := self._told(f, self._about(f)))]
        news += [_News(f, self._about(f)) for f in sifted.against]
        self._news = sorted(news, key=lambda n: n.mention.when, reverse=True)

    def groups(self, plan: SectionPlan, first: int) -> tuple[Group, ...]:
        """A quoted sentence for all that foreign words add to a list section, numbered from `first`, newest first."""
        told: set[tuple[FactKind, str, bool, bool]] = set()
        chosen: dict[tuple[str, int], None] = {}
        for fact in (n.mention.fact for n in self._news):
            key = (fact.kind, fact.name, fact.assertion is Assertion.NEGATED, fact.action in ENDS)
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
            if against is not None and against.state in SHOWN and mention.fact.kind is not FactKind.RESULT:
                key = (mention.fact.kind, mention.fact.name)
                found.setdefault(
                    key, ResolvedFact(*key, "conflict", mention, against.latest, against.latest, (mention,))
                )
        return tuple(found.values())

    def _about(self, mention: TimedFact) -> ResolvedFact | None:
        if mention.fact.kind is FactKind.CODE_STATUS:
            return self._status
        known = self._known.get((mention.fact.kind, mention.fact.name))
        return self._allergy or known if mention.fact.kind is FactKind.ALLERGY and mention.fact.name == NONE else known

    def _told(self, mention: TimedFact, known: ResolvedFact | None) -> _News | None:
        if mention.fact.kind is FactKind.ALLERGY:
            return self._told_of_allergy(mention, known)
        if mention.fact.assertion in _NOT_OF_NOW or (known is not None and known.latest.when > mention.when):
            return None
        denies = mention.fact.assertion is Assertion.NEGATED or mention.fact.action in ENDS
        if known is None or known.state not in SHOWN:
            return None if denies else _News(mention, None)
        return _News(mention, known) if denies or _differs(mention, known) else None

    def _told_of_allergy(self, mention: TimedFact, known: ResolvedFact | None) -> _News | None:
        """All but what is known already: an allergy may not be hidden by the words that foreign ones put round it."""
        if mention.fact.name == NONE:
            return _News(mention, self._allergy) if self._allergy or not known else None
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
    return resolved.kind is FactKind.ALLERGY and resolved.name != NONE and resolved.state in SHOWN


def _differs(mention: TimedFact, known: ResolvedFact) -> bool:
    fact, latest = mention.fact, known.latest.fact
    if fact.kind is FactKind.DRUG:
        return bool(fact.dose) and canonical_dose(fact.dose) != canonical_dose(latest.dose)
    if fact.kind is FactKind.RESULT:
        return fact.value != latest.value
    return fact.name != latest.name
