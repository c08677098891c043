"""What a chart amounts to whatever is asked of it: whose words it holds, and its facts resolved over time.

Worked out once for a chart that stays open, since most requests rest on all of its notes; a request for some of them
has its own.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from chains.doubtful import Place, Sifted, sift
from chains.evidence import Group
from chains.scope import Scope
from chains.sentence_reading import Reading
from chains.superseded import superseded_sentences
from chains.verification.chart import Remembered
from chains.voices import Voices, voices_in
from core.records import Fact, Sentence
from extraction.timeline import TimedFact
from prompts import SectionPlan
from vectorstore.chart import Chart


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What some notes of one chart amount to.

    `sentences` maps (note_id, ordinal) to the sentence, `stated` to the facts that it states, if any. `barred` are the
    sentences that later notes have superseded, `readings` what sentences were seen to look like, and `remembered` what
    checks said. Nothing here refers to the chart, which keeps it.
    """

    sentences: Mapping[Place, Sentence]
    stated: Mapping[Place, tuple[Fact, ...]]
    foreign: frozenset[Place]
    sifted: Sifted
    barred: frozenset[Place]
    readings: dict[Place, Reading] = field(default_factory=dict, repr=False, compare=False)
    remembered: Remembered = field(default_factory=Remembered, repr=False, compare=False)
    _lists: dict[int, tuple[SectionPlan, tuple[Group, ...]]] = field(default_factory=dict, repr=False, compare=False)

    def listed(self, plan: SectionPlan, make: Callable[[], tuple[Group, ...]]) -> tuple[Group, ...]:
        """The groups of a list section, made once. A template's sections live as long as the process."""
        found = self._lists.get(id(plan))
        if found is None or found[0] is not plan:
            found = self._lists[id(plan)] = (plan, make())
        return found[1]


def knowledge_of(chart: Chart, scope: Scope) -> Knowledge:
    """What the notes of a scope amount to; kept with the chart where these are all of its notes."""
    if len(scope.headers) == len(chart.headers):
        return chart.kept("knowledge", lambda: _work_out(chart, scope))
    return _work_out(chart, scope)


def _work_out(chart: Chart, scope: Scope) -> Knowledge:
    whole = len(scope.headers) == len(chart.headers)
    sentences = {(s.note_id, s.ordinal): s for s in chart.sentences() if whole or s.note_id in scope.note_ids}
    facts = chart.facts() if whole else tuple(f for f in chart.facts() if f.note_id in scope.note_ids)
    voices = _voices_in(chart, scope)
    sifted = sift(list(_timed(chart, facts, sentences)), voices.foreign, voices.doubtful)
    stated: dict[Place, list[Fact]] = {}
    for fact in facts:
        stated.setdefault((fact.note_id, fact.sentence), []).append(fact)
    return Knowledge(
        sentences,
        {place: tuple(found) for place, found in stated.items()},
        voices.foreign,
        sifted,
        superseded_sentences(sifted.resolved),
    )


def _voices_in(chart: Chart, scope: Scope) -> Voices:
    """Each note is judged by itself, so those of the whole chart hold for a part of it."""
    voices = chart.kept("voices", lambda: voices_in(chart, [h.note_id for h in chart.headers]))
    foreign, doubtful = (
        frozenset(place for place in places if place[0] in scope.note_ids)
        for places in (voices.foreign, voices.doubtful)
    )
    return Voices(foreign, doubtful)


def _timed(chart: Chart, facts: tuple[Fact, ...], sentences: Mapping[Place, Sentence]) -> Iterator[TimedFact]:
    """Facts with what their notes and sentences tell; those of one sentence, which stand together, share its words."""
    headers = {h.note_id: h for h in chart.headers}
    last: Place | None = None
    for fact in facts:
        place = (fact.note_id, fact.sentence)
        if place != last:
            header, sentence, last = headers[fact.note_id], sentences[place], place
            words = chart.text(fact.note_id)[sentence.start : sentence.end]
        yield TimedFact(
            fact, header.charted_at, header.note_type, words, sentence.kind, sentence.start, header.encounter_id
        )
