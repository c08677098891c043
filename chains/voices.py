"""Whose words stand in a note: its author's, or somebody's who speaks to a machine that reads the chart.

Sentences are judged with the heading that they stand under, with the lines before them that they go on with, and with
the marks that they stand between, so that no line break divides an order from what makes it one.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from chains.doubtful import Place
from chains.machine_talk import orders_a_machine
from chains.unusual import OTHER_VOICE, Reason, enclosed, unusual
from core.records import Sentence
from vectorstore.chart import Chart

_NEW_LINE = re.compile(r"[^\S\n]*\n")
_PARAGRAPH = re.compile(r"[^\S\n]*\n[^\S\n]*\n")
_WORD = re.compile(r"[^\W_]")
_SENTENCE_ENDS = (".", "!", "?", "。", "।")
_LONGEST_ORDER = 200
_NOTHING: frozenset[Reason] = frozenset()


@dataclass(frozen=True, slots=True)
class Voices:
    """(note_id, ordinal) of `foreign` sentences, and of `doubtful` ones: others behind a foreign voice in its note."""

    foreign: frozenset[Place]
    doubtful: frozenset[Place]


def voices_in(chart: Chart, note_ids: Collection[str]) -> Voices:
    """Whose words the sentences of some notes may be.

    Behind an order to a machine or a mark of a prompt the rest of that paragraph is foreign too. An empty line ends it,
    and so does a heading that begins a line: the words of the author that follow must not be taken for the intruder's.
    They may be the intruder's all the same, and are doubtful to the end of the note.
    """
    foreign: set[Place] = set()
    doubtful: set[Place] = set()
    for note_id in note_ids:
        for ordinal, is_foreign in _not_of_the_author(chart.text(note_id), chart.sentences_of(note_id)):
            (foreign if is_foreign else doubtful).add((note_id, ordinal))
    return Voices(frozenset(foreign), frozenset(doubtful))


def _not_of_the_author(text: str, sentences: Sequence[Sentence]) -> Iterator[tuple[int, bool]]:
    """Ordinals of sentences that may be another's than the author's, and whether they surely are."""
    speaking, spoke, heading, end = False, False, "", 0
    headed = _NOTHING
    marked = _between_marks(text, sentences)
    for index, sentence in enumerate(sentences):
        start = sentence.start
        if heading != sentence.heading or _WORD.search(text, end, start):
            headed = frozenset((*unusual(text[end:start]), *unusual(sentence.heading)))
            start = end
        reasons = headed.union(unusual(text[start : sentence.end]), marked.get(sentence.ordinal, _NOTHING))
        if _PARAGRAPH.match(text, end, sentence.start) or (
            heading != sentence.heading and _NEW_LINE.match(text, end, sentence.start)
        ):
            speaking = False
        if _ends_an_order(text, sentences, index):
            reasons |= OTHER_VOICE
        heading, end = sentence.heading, sentence.end
        speaking = speaking or bool(reasons & OTHER_VOICE)
        spoke = spoke or speaking
        if reasons or spoke:
            yield sentence.ordinal, bool(reasons) or speaking


def _ends_an_order(text: str, sentences: Sequence[Sentence], index: int) -> bool:
    """Whether a sentence and unfinished lines before it make up an order: `IGNORE ALL PREVIOUS`, `INSTRUCTIONS;`."""
    end, first = sentences[index].end, index
    while first and _goes_on(text, sentences[first - 1], sentences[first]):
        if end - sentences[first - 1].start > _LONGEST_ORDER:
            break
        first -= 1
    if first == index or not _is_order(text[sentences[first].start : end]):
        return False
    return not _is_order(text[sentences[first].start : sentences[index - 1].end])


def _goes_on(text: str, sentence: Sentence, following: Sentence) -> bool:
    if _PARAGRAPH.match(text, sentence.end, following.start):
        return False
    return not text.endswith(_SENTENCE_ENDS, sentence.start, sentence.end)


@lru_cache(maxsize=16384)
def _is_order(lines: str) -> bool:
    return orders_a_machine(lines)


def _between_marks(text: str, sentences: Sequence[Sentence]) -> dict[int, frozenset[Reason]]:
    """For sentences that stand within marks of markup or of a dialogue, by ordinal, what these are."""
    spans = list(enclosed(text))
    if not spans:
        return {}
    return {
        s.ordinal: frozenset(reason for start, end, reason in spans if start < s.end and s.start < end)
        for s in sentences
        if any(start < s.end and s.start < end for start, end, _ in spans)
    }
