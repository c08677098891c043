"""Problems in a text: diseases, events and complaints, by name or abbreviation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from core.records import Action, Assertion, SectionKind
from extraction.abbreviations import means_other
from extraction.assertion import Context, context_of
from extraction.extent import problem_extent
from extraction.gated import Gated
from extraction.lexicon import load, synonyms
from extraction.words import Phrases, Words

ProblemClass = Literal["chronic", "acute", "symptom"]

_RESOLVED_AFTER = re.compile(
    r"\A[\s,()-]*(?:(?:has|have|had|is|are|was|were|now|since|fully|completely|largely|all|also|been|can|be|"
    r"previously|formerly|infection|"
    r"exacerbation|symptoms?|[-–,:(])\s*){0,5}"
    r"(?:resolved(?!\s+(?:enough|when|with each))|cured|healed|cleared|eradicated|in (?:complete |full |"
    r"sustained )?remission|no longer (?:present|"
    r"active|an issue|a problem|an active issue)|inactive|settled|subsided|abated|recovered(?!\s+from)|gone|remitted|"
    r"closed|corrected|over(?=[\s.;,)]*\Z)|lifted|no longer (?:a concern|troubles|bothers|an? \w+ (?:issue|problem|"
    r"concern)|needs|requires)|fully treated|behind (?:him|her|them)|put to rest|a thing of the past|"
    r"(?:off|struck from|taken off|removed from|come off|dropped from) the (?:active )?(?:problem )?list|"
    r"(?:has |have )?run its course)\b",
    re.IGNORECASE,
)
_RESOLVED_BEFORE = Gated(
    r"\b(?:resolved|resolution of|cured of|cleared of|recovered from|no longer has|healed|successfully treated|"
    r"successful treatment of|cure of)[\s:]+(?:[\w-]+\s+){0,2}\Z",
    re.IGNORECASE,
)
_OVER_BEFORE = Gated(
    r"\b(?:prior|previous(?:ly)?|former(?:ly)?|remote|childhood)\s+(?:h/o\s+|history of\s+)?"
    r"(?:[\w-]+\s+)?\Z|\bpast\s+(?:history of\s+)?\Z|"
    r"\b(?:repair|resection|excision|removal|clipping|coiling|drainage|evacuation|banding|ligation)\s+of\s+"
    r"(?:(?:an?|the|her|his)\s+)?(?:[\w-]+\s+)?\Z",
    re.IGNORECASE,
)
_OVER_AFTER = Gated(
    r"[\s,(–:-]*(?:treated(?!\s+(?:with|for|by))|previously(?!\s+\w)|formerly(?!\s+\w)|in childhood|as a child|"
    r"in the past|remote(?:ly)?|in remission|"
    r"(?:now )?(?:over|past)(?=[\s.;,)]*\Z)|"
    r"behind (?:her|him|"
    r"them))\b|"
    r"\s+(?:is|was|to be)\s+behind",
    re.IGNORECASE,
)
_NEXT_IN_LIST = re.compile(
    r"[^,]*,[^,]*?\b(?:resolved|cured|healed|cleared|inactive|recovered)\s+(?!(?:with|w|after|in|on|since|by|s/p|"
    r"following|"
    r"without|now|and|but|fully|completely|today|spontaneously|prior|per|at|to|as|from|last|years?|is|was|has|then|"
    r"uneventfully|quickly|nicely|well|overnight)\b)[a-z]",
    re.IGNORECASE,
)
_RELATIVE_BEHIND = Gated(
    r"\s*(?:\(|[-–:]\s|\bin\s+(?:the\s+|his\s+|her\s+|an?\s+)?)\s*(?:(?:paternal|maternal|half|older|younger|twin|his|"
    r"her|both)[\s-]+)*"
    r"(?:mother|father|mom|dad|brothers?|sisters?|siblings?|sons?|daughters?|aunts?|uncles?|cousins?|grand(?:mother|"
    r"father|parents?)|"
    r"parents?|nephew|niece|family|MGM|MGF|PGM|PGF)\b(?!\s+(?:present|aware|notified|at bedside|contacted|updated))",
    re.IGNORECASE,
)
_SUPPOSED = Gated(
    r"\b(?:he|she|they|patient|pt|mother|father|wife|husband|family)\s+(?:\w+\s+)?(?:thinks?|thought|believe[sd]?|"
    r"fear(?:s|ed)|"
    r"wonder(?:s|ed)|assume[sd]|felt)\b[^.;]{0,40}\Z|"
    r"\b(?:worr(?:y|ied|ies)|afraid|anxious|concerned)\s+(?:about|of|that)\s+(?:\w+\s+){0,4}\Z|"
    r"\bsuggest\s+(?:\w+\s+(?:or|and)\s+)?\Z",
    re.IGNORECASE,
)
_HAD_SURGERY = re.compile(
    r"\b(?:s/p|status post|history of|h/o|hx of|underwent|had|prior|previous|after|following|"
    r"since)\s+(?:[\w-]+\s+){0,4}\Z",
    re.IGNORECASE,
)
_SURGERY = re.compile(r"\s+(?:surgery|removal|repair|resection|excision|extraction)\b", re.IGNORECASE)
_EPISODE = Gated(r"aecopd|adhf|exacerbation|flare|attack|episode|decompensat|crisis|acute", re.IGNORECASE)
_NOT_RESOLVED = re.compile(
    r"\b(?:not|un|partially|nearly|almost|never|hasn't|until)\s*(?:yet\s+|fully\s+|completely\s+)?\Z", re.IGNORECASE
)
_VACCINE = Gated(r"\b(?:vaccin|immuni[sz]ation|immuni[sz]ed|(?:flu|tetanus|pneumonia|booster) shot)", re.IGNORECASE)
_SHOUTED = re.compile(r"[a-z]{3}")


_BY_ENDING: tuple[tuple[str, ProblemClass], ...] = (
    ("itis", "acute"), ("osis", "chronic"), ("oma", "chronic"), ("emia", "chronic"), ("pathy", "chronic"),
    ("penia", "chronic"), ("megaly", "chronic"), ("plegia", "chronic"), ("plasia", "chronic"), ("uria", "symptom"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProblemMention:
    """A problem's canonical name, what class it is of, and the characters that name it."""

    name: str
    kind: ProblemClass
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ProblemFact:
    """A problem that is no mere complaint; offsets are within the sentence."""

    name: str
    start: int
    end: int
    assertion: Assertion
    action: Action


@cache
def _phrases() -> Phrases[tuple[str, ProblemClass] | None]:
    data = load("problems")
    entries: list[tuple[str, tuple[str, ProblemClass] | None]] = [(phrase, None) for phrase in data["not_problems"]]
    groups: tuple[tuple[str, ProblemClass], ...] = (("chronic", "chronic"), ("acute", "acute"), ("symptoms", "symptom"))
    for group, kind in groups:
        entries += [(phrase, (name, kind)) for phrase, name in synonyms(data[group])]
    return Phrases(entries)


_ENDINGS = tuple(ending for ending, _ in _BY_ENDING)


@cache
def _not_by_ending() -> frozenset[str]:
    return frozenset(load("problems")["not_by_ending"])


@cache
def lasting_events() -> frozenset[str]:
    """Events that are over within days and matter for good, as a stroke: their treatment goes on."""
    return frozenset(load("problems")["lasting_events"])


@cache
def _ambiguous() -> frozenset[str]:
    return frozenset(load("problems")["ambiguous"])


def find_problems(text: str, words: Words | None = None) -> tuple[ProblemMention, ...]:
    """Problems in order, by canonical name: `HTN` and `high blood pressure` both give `hypertension`.

    Abbreviations that are also words or orders (`MS`, `PE`, `AS`) are left out where all is in capitals.
    """
    return tuple(_mentions(text, words or Words.of(text)))


def _mentions(text: str, words: Words) -> Iterator[ProblemMention]:
    shouted = not _SHOUTED.search(text)
    free = 0
    for match in _phrases().find(words):
        yield from _by_ending(words, free, match.first)
        free = match.last + 1
        if match.value is None:
            continue
        surface = text[match.start : match.end]
        if means_other(text, match.start, match.end):
            continue
        if shouted and len(words.lower) > 6 and surface in _ambiguous():
            continue
        yield ProblemMention(*match.value, match.start, match.end)
    yield from _by_ending(words, free, len(words.lower))


def _by_ending(words: Words, first: int, stop: int) -> Iterator[ProblemMention]:
    """Rarer diseases by how their names end, as `meralgia` never but `sialadenitis` does; the word is the name."""
    for i in range(first, stop):
        word = words.lower[i]
        if len(word) > 7 and word.endswith(_ENDINGS) and word not in _not_by_ending():
            kind = next(k for ending, k in _BY_ENDING if word.endswith(ending))
            yield ProblemMention(word, kind, words.starts[i], words.ends[i])


def problem_facts(text: str, words: Words, section: SectionKind) -> tuple[ProblemFact, ...]:
    """Problems in one sentence with their assertion; complaints are left out, and so is what a vaccine is against.

    Vital signs hold none, and in an examination short forms mean something else: AF is afebrile there, MS the mind.
    """
    if section in (SectionKind.IMMUNIZATIONS, SectionKind.VITALS) or _VACCINE.search(text):
        return ()
    examined = section in (SectionKind.EXAM, SectionKind.REVIEW_OF_SYSTEMS)
    facts = []
    for mention in _mentions(text, words):
        if mention.kind == "symptom" or (examined and text[mention.start : mention.end] in _ambiguous()):
            continue
        context = context_of(text, (mention.start, mention.end), section)
        resolved = _resolved(text, mention)
        assertion = _assertion(text, context, mention, resolved=resolved)
        if section is SectionKind.PAST_HISTORY and assertion is Assertion.HISTORICAL and not resolved:
            assertion = _listed_event(text, mention)
        action = Action.RESOLVED if resolved and assertion is not Assertion.FAMILY else Action.NONE
        start, end = problem_extent(text, mention.start, mention.end)
        facts.append(ProblemFact(mention.name, start, end, assertion, action))
    return tuple(facts)


def _listed_event(text: str, mention: ProblemMention) -> Assertion:
    """An event with lasting consequences that a past history lists without a word of its being over: it is kept."""
    kept = mention.name in lasting_events() and mention.kind == "acute"
    in_words = not kept or context_of(text, (mention.start, mention.end)).historical
    over = in_words or _OVER_AFTER.match(text, mention.end)
    return Assertion.HISTORICAL if over else Assertion.PRESENT


def _resolved(text: str, mention: ProblemMention) -> bool:
    """Whether it is over; a flare of a lasting disease that is over leaves the disease."""
    if mention.kind == "chronic" and _EPISODE.search(text, mention.start, min(len(text), mention.end + 24)):
        return False
    after = _RESOLVED_AFTER.match(text[mention.end : mention.end + 80])
    if after:
        return not _NEXT_IN_LIST.match(text[mention.end :])
    before = _RESOLVED_BEFORE.search_in(text, max(0, mention.start - 60), mention.start)
    return bool(before) and not _NOT_RESOLVED.search(
        text[max(0, mention.start - 90) : mention.start - 60 + before.start() if before else 0]
    )


def _assertion(text: str, context: Context, mention: ProblemMention, *, resolved: bool) -> Assertion:
    """A disease that lasts is present although the words are "history of" or the section is the past history.

    It is past where the author says more than that: `prior depression`, `asthma in childhood`, `IDA, treated`.
    """
    assertion = Assertion.FAMILY if _RELATIVE_BEHIND.match(text, mention.end) else context.assertion
    if resolved and assertion is not Assertion.FAMILY:
        return Assertion.HISTORICAL
    ahead = max(0, mention.start - 70)
    if assertion is Assertion.PRESENT and _SUPPOSED.search_in(text, ahead, mention.start):
        return Assertion.POSSIBLE
    if assertion in (Assertion.HISTORICAL, Assertion.PRESENT) and mention.kind == "chronic":
        over = _OVER_BEFORE.search_in(text, max(0, mention.start - 40), mention.start) or _OVER_AFTER.match(
            text, mention.end
        )
        over = over or (_SURGERY.match(text, mention.end) and _HAD_SURGERY.search(text[ahead : mention.start]))
        return Assertion.HISTORICAL if over else Assertion.PRESENT
    return assertion
