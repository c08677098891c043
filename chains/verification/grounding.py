"""How far a source carries a text: a score without a model, clause by clause.

Each clause of the text is held against every source sentence and takes the best, as SummaC takes for each sentence of
a summary the best sentence of its document (Laban et al., TACL 2022). Where SummaC asks an entailment model, the terms
that the sentence carries are weighed here; what only other sentences carry costs a little, so the window is one
sentence with soft edges. A term is a number, a name of a drug or problem, or a content word; numbers and names weigh
more than words, and words with which any note is framed ("presents", "significant for") little. Abbreviations, generic
names, lay terms, spelled numbers and inflected words count as carried when the source has the same thing in another
spelling.

What is not looked at: whether a term is denied, possible or somebody else's. Checks of their own refuse that.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from chains.verification.entailment import Entailment
from chains.verification.terms import Kind, Term, keys_of, terms_of, whole_keys

WEIGHTS = {Kind.NUMBER: 1.5, Kind.NAME: 1.5, Kind.WORD: 1.0, Kind.SEX: 0.5, Kind.FRAME: 0.2, Kind.VERDICT: 1.0}
ELSEWHERE = 0.3
VERDICT_ALONE = 0.5
VERDICT_BESIDE = 0.05

_TELLING = (Kind.NUMBER, Kind.NAME, Kind.WORD)

_SENTENCE_END = re.compile(
    r"(?<!\b[A-Z])(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bSt)(?<!\bvs)(?<![\n.:;]\s\d)(?<!\A\d)[.!?;]+(?=\s)|\n+"
)


@dataclass(frozen=True, slots=True)
class ClauseSupport:
    """Support of the clause `text[start:end]`, from 0 to 1.

    The source sentence that carries most of it is `sources[source][source_start:source_end]`; `novel` are the clause's
    terms that no source carries.
    """

    start: int
    end: int
    score: float
    source: int
    source_start: int
    source_end: int
    novel: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grounding:
    """How far sources carry a text: `score` from 0 (made up) to 1 (every term carried), and where it falls short."""

    score: float
    clauses: tuple[ClauseSupport, ...]
    novel: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Sentence:
    source: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A term with the sentences, as bits, that carry it whole, and those that carry each of its words."""

    term: Term
    whole: int
    words: tuple[int, ...]

    def missing(self, sentences: int) -> float:
        """The weight of what the sentences, as bits, leave out of the term."""
        if self.whole & sentences:
            return 0.0
        share = sum(not mask & sentences for mask in self.words) / len(self.words) if self.words else 1.0
        return WEIGHTS[self.term.kind] * share


def grounding(text: str, sources: Sequence[str], *, entailment: Entailment | None = None) -> Grounding:
    """Support of a text by its sources, in [0, 1].

    A clause with terms of weight `t`, of which no sentence carries `n` and others than the best carry `e`, scores
    `(1 - (n + ELSEWHERE e) / (t + 1)) exp(-n)`. The first factor is containment, smoothed for short clauses; the second
    makes one invented name in a long clause count as much as in a short one. The score of the text is the product over
    its clauses: at most that of its worst clause, and less for every further doubt. A verdict that names nothing
    ("Noncontributory.") and that no source gives is held for half carried when it is the whole text, and for made up
    beside findings. A text without terms scores 1; without sources, every other scores 0.

    An entailment model may only lift a clause, and only where no number and no name is missing.
    """
    sentences = [
        _Sentence(number, start, end, source[start:end])
        for number, source in enumerate(sources)
        for start, end in _clauses(source)
    ]
    spans = [(start, end, terms) for start, end in _clauses(text) if (terms := terms_of(text[start:end]))]
    if not sentences:
        return _ungrounded(spans)
    carried = _carriers([keys_of(sentence.text) for sentence in sentences])
    clauses = []
    for start, end, terms in spans:
        weighed = [_weigh(term, carried) for term in terms]
        clause = _support(start, end, weighed, sentences, alone=len(spans) == 1)
        if entailment is not None and clause.score < 1.0 and _may_be_lifted(clause, terms):
            premise = sources[clause.source][clause.source_start : clause.source_end]
            score = max(clause.score, entailment.probability(premise, text[start:end]))
            clause = replace(clause, score=score)
        clauses.append(clause)
    novel = tuple(dict.fromkeys(key for clause in clauses for key in clause.novel))
    return Grounding(math.prod(clause.score for clause in clauses), tuple(clauses), novel)


def _ungrounded(spans: Sequence[tuple[int, int, tuple[Term, ...]]]) -> Grounding:
    clauses = tuple(
        ClauseSupport(start, end, 0.0, 0, 0, 0, tuple(t.key for t in terms if t.kind in _TELLING))
        for start, end, terms in spans
    )
    return Grounding(0.0 if clauses else 1.0, clauses, tuple(dict.fromkeys(k for c in clauses for k in c.novel)))


def _support(
    start: int, end: int, terms: Sequence[_Weighed], sentences: Sequence[_Sentence], *, alone: bool
) -> ClauseSupport:
    everywhere = (1 << len(sentences)) - 1
    nowhere = sum(w.missing(everywhere) for w in terms)
    here, best = min((sum(w.missing(1 << i) for w in terms), i) for i in range(len(sentences)))
    left_out = nowhere + ELSEWHERE * (here - nowhere)
    score = (1.0 - left_out / (sum(WEIGHTS[w.term.kind] for w in terms) + 1.0)) * math.exp(-nowhere)
    if left_out and all(w.term.kind in (Kind.FRAME, Kind.VERDICT) for w in terms):
        score = VERDICT_ALONE if alone else VERDICT_BESIDE
    found = sentences[best]
    novel = tuple(w.term.key for w in terms if w.missing(everywhere) and w.term.kind in _TELLING)
    return ClauseSupport(start, end, score, found.source, found.start, found.end, novel)


def _weigh(term: Term, carried: dict[str, int]) -> _Weighed:
    whole = 0
    for key in whole_keys(term):
        whole |= carried.get(key, 0)
    masks = []
    for ways in term.words:
        mask = 0
        for key in ways:
            mask |= carried.get(key, 0)
        masks.append(mask)
    return _Weighed(term, whole, tuple(masks))


def _carriers(keys: Sequence[frozenset[str]]) -> dict[str, int]:
    """For each key the sentences that carry it, as bits."""
    carried: dict[str, int] = {}
    for position, held in enumerate(keys):
        bit = 1 << position
        for key in held:
            carried[key] = carried.get(key, 0) | bit
    return carried


def _may_be_lifted(clause: ClauseSupport, terms: Sequence[Term]) -> bool:
    return not any(term.kind in (Kind.NUMBER, Kind.NAME) and term.key in clause.novel for term in terms)


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    """Sentences and what semicolons and line ends part, without the blanks around them."""
    start = 0
    for end in [*(m.end() for m in _SENTENCE_END.finditer(text)), len(text)]:
        piece = text[start:end]
        if piece.strip():
            yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
        start = end
