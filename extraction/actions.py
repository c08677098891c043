"""Verbs that say what is being done with a drug."""

from dataclasses import dataclass
from functools import cache

from core.records import Action
from extraction.lexicon import load
from extraction.words import Phrases, Words

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
