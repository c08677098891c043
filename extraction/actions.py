"""Verbs that say what is being done with a drug."""

import re
from dataclasses import dataclass
from functools import cache

from core.records import Action, Fact
from extraction.lexicon import load
from extraction.words import Phrases, Words

_NEAR = 48
_CLAUSE = re.compile(r"[;|]|\.\s|\n\s*[-*•]")
_ACTIONS = (Action.STARTED, Action.CHANGED, Action.CONTINUED, Action.HELD, Action.STOPPED)


@dataclass(frozen=True, slots=True)
class _Verb:
    action: Action
    before: bool
    after: bool
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Cue:
    """A verb at characters `start:end`; it governs drugs that follow it (`before`), precede it (`after`), or both.

    `bare` verbs are participles or more, which need no helping verb behind a drug. `beside` ones, which often mean
    something else, govern ahead only what stands right behind them.
    """

    action: Action
    start: int
    end: int
    before: bool
    after: bool
    bare: bool
    phrase: str
    beside: bool = False


@cache
def _verbs() -> Phrases[_Verb]:
    data = load("actions")
    entries = [(phrase, _Verb(Action.NONE, False, False)) for phrase in data["none"]]
    for action in _ACTIONS:
        entries += [(phrase, _Verb(action, True, True)) for phrase in data[action.value]["both"]]
        entries += [(phrase, _Verb(action, True, False)) for phrase in data[action.value]["before"]]
        beside, after = (frozenset(data[action.value].get(group, ())) for group in ("beside", "after"))
        entries += [(phrase, _Verb(action, phrase in beside, phrase in after, True)) for phrase in beside | after]
    return Phrases(entries)


def cues_in(words: Words) -> tuple[Cue, ...]:
    """All action verbs of a sentence, in order."""
    return tuple(
        Cue(
            m.value.action,
            m.start,
            m.end,
            m.value.before,
            m.value.after,
            m.value.after,
            words.text[m.start : m.end].lower(),
            m.value.beside,
        )
        for m in _verbs().find(words)
        if m.value.action is not Action.NONE
    )


def verb_and_drug(text: str, start: int, end: int, fact: Fact) -> tuple[int, int] | None:
    """The span of a drug told at `start:end` of a sentence with the nearest verb of its action, None without one."""
    found = [(start, end) for c in cues_in(Words.of(text)) if c.action is fact.action and start <= c.start < end]
    for cue in cues_in(Words.of(text)):
        ahead, behind = text[cue.end : start], text[end : cue.start]
        if cue.action is not fact.action:
            continue
        if cue.before and cue.end <= start and len(ahead) <= _NEAR and not _CLAUSE.search(ahead):
            found.append((cue.start, end))
        elif cue.after and cue.start >= end and len(behind) <= _NEAR and not _CLAUSE.search(behind):
            found.append((start, cue.end))
    return min(found, key=lambda span: span[1] - span[0], default=None)
