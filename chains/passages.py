"""Sections that are retrieved: hybrid search within the patient, weighed, diversified and cut to sentences."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chains.citations import Citer
from chains.days import days_between
from chains.evidence import Evidence, Group
from chains.focus import Focus
from chains.foreign import foreign_group
from chains.knowledge import Knowledge
from chains.scope import Scope
from chains.sentence_reading import Reading, read
from chains.wording import content_words
from core.records import Chunk, Fact, FactKind, SectionKind, Sentence
from prompts import SectionPlan
from vectorstore.chart import Chart, Hit
from vectorstore.ranking import Instead

CHUNKS = 24
RRF_CONSTANT = 60
LONGEST_WORDS = 48
SHORTEST_WORDS = 4
SHORTEST_PLAN = 2
SAME_TEXT = 0.6
SHARED_WORDS = 2
NOTHING_NEW = 0.9
MOST_FOREIGN = 2
HOME = 2.0
FAINTEST = 0.1
DENIAL = 0.3
_NO_NAMES: frozenset[str] = frozenset()
_NO_FACTS: tuple[Fact, ...] = ()
_LISTED_ELSEWHERE = frozenset({SectionKind.MEDICATIONS, SectionKind.ALLERGIES, SectionKind.VITALS})
_BACKGROUND = frozenset({SectionKind.FAMILY_HISTORY, SectionKind.SOCIAL_HISTORY, SectionKind.REVIEW_OF_SYSTEMS})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may be shown, with its score."""

    sentence: Sentence
    text: str
    stems: frozenset[str]
    score: float


class PassageFinder:
    """Finds passages in one chart for the sections of one template.

    Sentences that are superseded by what is `known` are left out. A kind of section that one of `plans` is the
    home of (weight of at least 2) counts less in the others, so that each sentence lands where a reader looks for it.
    Foreign sentences are ranked apart: what they would have displaced stays, and they are shown beside it.
    """

    def __init__(
        self,
        chart: Chart,
        citer: Citer,
        scope: Scope,
        known: Knowledge,
        plans: Sequence[SectionPlan],
    ) -> None:
        self._chart = chart
        self._citer = citer
        self._scope = scope
        self._known = known
        self._foreign = known.foreign | known.sifted.places
        self._own_words = self._without_foreign() if self._foreign else {}
        self._told: set[tuple[str, int]] = set()
        self._elsewhere = dict.fromkeys((k for p in plans for k, w in p.kinds.items() if w >= HOME), 0.3)
        self._elsewhere |= dict.fromkeys(_LISTED_ELSEWHERE, 0.3) | dict.fromkeys(_BACKGROUND, 0.1)
        self._shown: list[frozenset[str]] = []

    def groups(self, plan: SectionPlan, *, word_limit: int, focus: Focus | None = None) -> tuple[Group, ...]:
        """The best passages for a section, at most `plan.limit` and about `word_limit` words, none twice.

        With a `focus` only sentences that speak of it count as evidence, in whatever section they stand.
        """
        before, own = list(self._shown), self._rankings(plan, self._own_words)
        candidates = [c for c in self._candidates(plan, focus, own) if not self._is_foreign(c)]
        chosen = self._choose(candidates, plan, word_limit, self._shown)
        runs = _adjacent(chosen, self._citer.is_item)
        groups = [self._group(run, plan, i) for i, run in enumerate(runs)]
        if self._foreign:
            found = self._candidates(plan, focus, self._rankings(plan, {}))
            rivals = self._choose(found, plan, word_limit, before)
            groups += self._apart([c for c in rivals if self._is_foreign(c)], plan, len(groups))
        return tuple(groups)

    def _apart(self, rivals: Sequence[Candidate], plan: SectionPlan, first: int) -> list[Group]:
        """Foreign sentences that would have been chosen, a few and each once, beside what the section holds anyway."""
        new = [c.sentence for c in rivals if (c.sentence.note_id, c.sentence.ordinal) not in self._told][:MOST_FOREIGN]
        self._told.update((s.note_id, s.ordinal) for s in new)
        return [foreign_group(self._citer, s, plan.key, first + n) for n, s in enumerate(new)]

    def _is_foreign(self, candidate: Candidate) -> bool:
        return (candidate.sentence.note_id, candidate.sentence.ordinal) in self._foreign

    def _without_foreign(self) -> dict[tuple[str, int], str]:
        """For each chunk with foreign sentences, (note_id, start), the words of its other ones."""
        own: dict[tuple[str, int], str] = {}
        for chunk in self._chart.chunks():
            sentences = self._chart.sentences_of(chunk.note_id)[chunk.first_sentence : chunk.last_sentence + 1]
            kept = [s for s in sentences if (s.note_id, s.ordinal) not in self._foreign]
            if len(kept) < len(sentences):
                own[chunk.note_id, chunk.start] = " ".join(map(self._citer.text, kept))
        return own

    def _rankings(self, plan: SectionPlan, instead: Instead) -> list[list[Hit]]:
        """For each query the best chunks; those that `instead` names by the words that it gives."""
        retriever = self._chart.retriever(k=CHUNKS, note_ids=self._recent(plan.within_days), instead=instead)
        return [retriever.hits(query) for query in plan.queries]

    def _candidates(self, plan: SectionPlan, focus: Focus | None, rankings: Sequence[Sequence[Hit]]) -> list[Candidate]:
        asked = frozenset(stem for query in plan.queries for stem in content_words(query))
        found: dict[tuple[str, int], Candidate] = {}
        for chunk, rank_score in _fuse(rankings):
            header = self._chart.header(chunk.note_id)
            weight = rank_score * self._weigh(chunk.kind, chunk.heading, header.note_type, header.charted_at, plan)
            if weight <= 0:
                continue
            for sentence in self._chart.sentences_of(chunk.note_id)[chunk.first_sentence : chunk.last_sentence + 1]:
                candidate = self._candidate(sentence, weight, plan, asked, focus)
                if candidate:
                    found[sentence.note_id, sentence.ordinal] = candidate
        for sentence in self._stating(focus.names) if focus else ():
            key = (sentence.note_id, sentence.ordinal)
            if key not in found and (
                candidate := self._candidate(sentence, self._faint(sentence, plan), plan, asked, focus)
            ):
                found[key] = candidate
        return sorted(found.values(), key=lambda c: (-c.score, c.sentence.note_id, c.sentence.ordinal))

    def _stating(self, names: frozenset[str]) -> Iterator[Sentence]:
        """Sentences of the scope that state a fact of one of the names: a question about it is never a top-k."""
        for (note_id, ordinal), stated in self._known.stated.items():
            if note_id in self._scope.note_ids and any(fact.name in names for fact in stated):
                yield self._chart.sentences_of(note_id)[ordinal]

    def _faint(self, sentence: Sentence, plan: SectionPlan) -> float:
        """What a sentence weighs that no query ranked: as if it stood behind the last chunk that one did."""
        header = self._chart.header(sentence.note_id)
        weight = self._weigh(sentence.kind, sentence.heading, header.note_type, header.charted_at, plan)
        return weight / (RRF_CONSTANT + CHUNKS)

    def _recent(self, within_days: float | None) -> frozenset[str]:
        """Notes to search: those within so many days of the chart's end; undated ones always."""
        if within_days is None:
            return frozenset(self._scope.note_ids)
        ages = {h.note_id: days_between(h.charted_at, self._scope.latest) for h in self._scope.headers}
        return frozenset(n for n, age in ages.items() if age is None or age <= within_days)

    def _weigh(
        self, kind: SectionKind, heading: str, note_type: str, charted_at: str | None, plan: SectionPlan
    ) -> float:
        if plan.only_kinds and kind not in plan.kinds:
            return 0.0
        weight = plan.kinds.get(kind, self._elsewhere.get(kind, 1.0))
        weight *= plan.note_types.get(note_type.casefold(), 1.0)
        heading = heading.casefold()
        weight *= math.prod(factor for name, factor in plan.headings.items() if name in heading)
        age = days_between(charted_at, self._scope.latest)
        return float(weight * 0.5 ** ((age or 0.0) / plan.half_life_days))

    def _candidate(
        self, sentence: Sentence, weight: float, plan: SectionPlan, asked: frozenset[str], focus: Focus | None
    ) -> Candidate | None:
        """The sentence as a candidate; None where it stands in the wrong kind of section and shares no word."""
        place = (sentence.note_id, sentence.ordinal)
        if place in self._known.barred:
            return None
        reading = self._reading(sentence)
        shortest = SHORTEST_PLAN if sentence.kind is SectionKind.FOLLOW_UP else SHORTEST_WORDS
        stated = self._known.stated.get(place, _NO_FACTS)
        named = frozenset(fact.name for fact in stated) if focus else _NO_NAMES
        # A row of a table reads badly, but where it holds what was asked it is the answer.
        asked_for = focus is not None and bool(named & focus.names)
        if reading.words > LONGEST_WORDS:
            return None
        if not asked_for and (reading.words < shortest or reading.is_label or not reading.is_prose):
            return None
        text, stems = reading.text, reading.stems
        shared = len(asked & stems)
        if focus:
            if not focus.is_answered_by(stems, named):
                return None
        elif shared < _words_to_share(plan.kinds.get(sentence.kind, 0.0)) or _belongs_elsewhere(stated, text, plan):
            return None
        if plan.avoid and plan.avoid.search(text):
            return None
        if plan.prefer and plan.prefer.search(text):
            weight *= 2
        if reading.is_denial:
            weight *= DENIAL
        overlap = shared / max(1, min(len(asked), len(stems)))
        return Candidate(sentence, text, stems, weight * (0.4 + overlap))

    def _reading(self, sentence: Sentence) -> Reading:
        """What a sentence looks like, which several queries of several sections ask."""
        place = (sentence.note_id, sentence.ordinal)
        found = self._known.readings.get(place)
        if found is None:
            found = self._known.readings[place] = read(self._citer.text(sentence), sentence.heading)
        return found

    def _choose(
        self, candidates: Sequence[Candidate], plan: SectionPlan, word_limit: int, shown: list[frozenset[str]]
    ) -> list[Candidate]:
        """The best of them that say something beyond what is `shown`, which grows by what is chosen."""
        chosen: list[Candidate] = []
        left = word_limit
        best = candidates[0].score if candidates else 0.0
        for candidate in candidates:
            if candidate.score < FAINTEST * best:
                break
            length = len(candidate.text.split())
            if len(chosen) == plan.limit:
                break
            # The first is shown whatever its length: what was found is never cut to nothing.
            if (chosen and length > left) or any(_alike(candidate.stems, other) for other in shown):
                continue
            chosen.append(candidate)
            shown.append(candidate.stems)
            left -= length
        return chosen

    def _group(self, run: Sequence[Candidate], plan: SectionPlan, index: int) -> Group:
        first, last = run[0].sentence, run[-1].sentence
        evidence = tuple(
            Evidence(f"E{n}", self._citer.cite_sentence(c.sentence), c.sentence.kind, c.text)
            for n, c in enumerate(run, 1)
        )
        whole = self._citer.cite_sentences(first, last)
        quote = Evidence("E1", whole, first.kind, whole.quote)
        return Group(plan.key, index, evidence, quote, rewritable=True)


def _fuse(rankings: Sequence[Sequence[Hit]]) -> list[tuple[Chunk, float]]:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009) of one ranking a query."""
    scores: dict[tuple[str, int], float] = {}
    chunks: dict[tuple[str, int], Chunk] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking):
            key = (hit.chunk.note_id, hit.chunk.start)
            chunks[key] = hit.chunk
            scores[key] = scores.get(key, 0.0) + 1.0 / (RRF_CONSTANT + rank + 1)
    return [(chunks[key], score) for key, score in scores.items()]


def _adjacent(chosen: Sequence[Candidate], alone: Callable[[Sentence], bool]) -> list[list[Candidate]]:
    """Runs of neighbouring sentences of one section, each run in chart order, best run first.

    A sentence that is to stand `alone`, being an item of a list, is a run by itself.
    """
    runs: list[list[Candidate]] = []
    for candidate in chosen:
        home = None
        if not alone(candidate.sentence):
            home = next((run for run in runs if _touches(run, candidate) and not alone(run[0].sentence)), None)
        if home is None:
            runs.append([candidate])
        else:
            home.append(candidate)
            home.sort(key=lambda c: c.sentence.ordinal)
    return runs


def _touches(run: Sequence[Candidate], candidate: Candidate) -> bool:
    sentence = candidate.sentence
    ends = (run[0].sentence, run[-1].sentence)
    same_place = ends[0].note_id == sentence.note_id and ends[0].heading == sentence.heading
    return same_place and len(run) < 2 and sentence.ordinal in (ends[0].ordinal - 1, ends[1].ordinal + 1)


def _alike(left: frozenset[str], right: frozenset[str]) -> bool:
    """Whether two sentences say much the same, or one says nothing beyond the other."""
    shared = len(left & right)
    contained = shared >= NOTHING_NEW * max(1, min(len(left), len(right)))
    return contained or shared >= SAME_TEXT * max(1, len(left | right))


def _words_to_share(weight: float) -> int:
    """How many words asked for a sentence must hold, by the weight of its kind of section: none at home."""
    if weight >= HOME:
        return 0
    return 1 if weight else SHARED_WORDS


def _belongs_elsewhere(stated: Sequence[Fact], text: str, plan: SectionPlan) -> bool:
    """Whether what a sentence states has a section of its own, and this one is not about it.

    Wishes about resuscitation are no procedure, and a line of results introduces nobody.
    """
    kinds = {fact.kind for fact in stated}
    if plan.kinds.get(SectionKind.PROCEDURES, 0.0) >= HOME and FactKind.CODE_STATUS in kinds:
        return True
    introduces = plan.kinds.get(SectionKind.HISTORY_OF_PRESENT_ILLNESS, 0.0) >= HOME
    return introduces and kinds == {FactKind.RESULT} and not (plan.prefer and plan.prefer.search(text))
