"""All facts of a note, sentence by sentence."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from core.records import Action, Assertion, Fact, FactKind, Note, SectionKind, Sentence
from extraction.allergies import allergy_facts
from extraction.drugs import drug_facts
from extraction.gated import Gated
from extraction.no_drugs import no_drugs_fact
from extraction.problems import problem_facts
from extraction.reactions import tried_without_reaction
from extraction.readable import Readable, readable
from extraction.results import result_facts
from extraction.status import code_status_facts, device_facts
from extraction.words import Words

_RETRACTION = re.compile(
    r"\W*(?:this|that|which|the above|it)\s+(?:is|was)\s+(?:incorrect|not correct|not accurate|inaccurate|wrong|"
    r"erroneous|an? (?:\w+ )?error|(?:entered |charted |documented |listed )?in error|a mistake|not true|"
    r"(?:entered|charted|documented|listed) (?:by mistake|erroneously))\b",
    re.IGNORECASE,
)
_IN_ERROR = Gated(
    r"\W*(?:(?:was|were|is|has been|had been)\s+)?(?:\w+\s+){0,5}?(?:in error|by mistake|erroneously|incorrectly|"
    r"mistakenly)\b",
    re.IGNORECASE,
)
_NOT_THIS_CHART = Gated(
    r"\b(?:belong(?:s|ed)? to (?:another|a different|someone|somebody)|does not belong|do not belong|"
    r"(?:another|a different|the wrong|wrong) (?:patient|person|chart)(?:'s)?|should not (?:be|have been) (?:listed|on|"
    r"charted|in)|(?:strike|delete|retract)(?:d|ed)? (?:the )?|erratum|does not apply to)\b|"
    r"\b(?:remove|removed|delete|deleted|struck|taken) (?:\S+ ){0,5}?from (?:the |her |his )?(?:\w+ )?"
    r"(?:list|history|chart)\b|"
    r"\b(?:listed|charted|documented|recorded|carried|copied|noted|entered)\b[^.;]{0,60}?\b(?:in error|by mistake|"
    r"erroneously|incorrectly|mistakenly)\b",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r"\b(?:should read|correct (?:diagnosis|entry|name)|instead|rather|in fact|actually)\b", re.IGNORECASE
)
_AMENDS = re.compile(r"\W*(?:addendum|correction|erratum|amendment|late entry|clarification)\b", re.IGNORECASE)
_DISREGARD = Gated(r"\b(?:disregard|ignore)\s+(?:the\s+)?(?:[\w-]+\s+){0,3}\Z", re.IGNORECASE)
_WRONG = Gated(
    r"\b(?:incorrect\w*|erroneous\w*|in error|mistaken\w*|by mistake|correction|corrected|errat\w+|amend\w*|"
    r"clarif\w+)\b",
    re.IGNORECASE,
)


def extract_facts(note: Note, sentences: Sequence[Sentence]) -> tuple[Fact, ...]:
    """Every mention of a drug, allergy, problem, result, code status or device in the note's sentences.

    Facts come in the order of the text; their offsets count code points of `note.text`. What is denied, possible, past
    or a relative's is kept, with its assertion: the reader of a fact decides what it is good for.
    """
    discharge = note.note_type == "DS" or "discharge" in note.note_type.lower()
    amends = "addendum" in note.note_type.lower() or _AMENDS.match(note.text) is not None
    found: list[Fact] = []
    for i, sentence in enumerate(sentences):
        read = readable(note.text[sentence.start : sentence.end])
        facts = _facts_in(read.text, sentence.kind, sentence.heading, discharge)
        following = sentences[i + 1] if i + 1 < len(sentences) else None
        if facts and following and _RETRACTION.match(note.text, following.start, following.end):
            facts = tuple(replace(f, assertion=Assertion.NEGATED, action=Action.CORRECTED) for f in facts)
        if amends:
            facts = tuple(map(_amended, facts))
        found.extend(_placed(fact, sentence, read) for fact in facts)
    return tuple(found)


def _amended(fact: Fact) -> Fact:
    """What an addendum denies was wrongly stated before it."""
    denied = fact.assertion is Assertion.NEGATED
    listed = fact.kind is FactKind.PROBLEM or (fact.kind is FactKind.ALLERGY and fact.name != "none")
    return replace(fact, assertion=Assertion.NEGATED, action=Action.CORRECTED) if denied and listed else fact


def _placed(fact: Fact, sentence: Sentence, read: Readable) -> Fact:
    """A fact of a sentence's readable text as one of the sentence, with places in the stored text."""
    start, end = read.stored(fact.start, fact.end)
    start, end = sentence.start + start, sentence.start + end
    return Fact(
        fact.kind, fact.name, sentence.note_id, sentence.ordinal, start, end, fact.assertion, fact.action,
        fact.dose, fact.route, fact.frequency, fact.reaction, fact.value, fact.unit,
    )  # fmt: skip


@lru_cache(maxsize=16384)
def _facts_in(text: str, kind: SectionKind, heading: str, discharge: bool) -> tuple[Fact, ...]:
    """Facts of a sentence's text, offsets within it, in order. Remembered: two sentences in five are copied forward."""
    facts = sorted(_facts_of(text, kind, heading, discharge), key=lambda f: (f.start, f.end))
    return tuple(_correct(text, fact) for fact in facts)


def _correct(text: str, fact: Fact) -> Fact:
    """Mark what the sentence itself takes back: `20 mg was entered by mistake`, `incorrect, she has no gout`."""
    if fact.action is Action.CORRECTED or fact.kind is FactKind.ALLERGY:
        return fact
    if (
        _IN_ERROR.match(text, fact.end)
        or _DISREGARD.search(text, 0, fact.start)
        or (fact.assertion is Assertion.NEGATED and _WRONG.search(text))
        or (fact.kind is FactKind.PROBLEM and _NOT_THIS_CHART.search(text) and not _INSTEAD.search(text[: fact.start]))
    ):
        return replace(fact, assertion=Assertion.NEGATED, action=Action.CORRECTED)
    return fact


def _facts_of(text: str, section: SectionKind, heading: str, discharge: bool) -> Iterator[Fact]:
    words = Words.of(text)

    def fact(kind: FactKind, name: str, start: int, end: int, **rest: object) -> Fact:
        return Fact(kind, name, "", 0, start, end, **rest)  # type: ignore[arg-type]

    allergies = allergy_facts(text, words, section)
    for a in allergies:
        yield fact(
            FactKind.ALLERGY, a.name, a.start, a.end, assertion=a.assertion, action=a.action, reaction=a.reaction
        )
    if none := no_drugs_fact(text, section):
        yield fact(FactKind.DRUG, none.name, none.start, none.end, assertion=none.assertion)
    in_list = section is SectionKind.ALLERGIES
    for d in drug_facts(text, words, section, heading, in_discharge=discharge):
        if any(a.start <= d.start < a.end for a in allergies) or (in_list and not d.dose):
            continue
        if not d.dose and section is not SectionKind.MEDICATIONS and tried_without_reaction(text, d.end):
            continue
        yield fact(
            FactKind.DRUG, d.name, d.start, d.end, assertion=d.assertion, action=d.action,
            dose=d.dose, route=d.route, frequency=d.frequency,
        )  # fmt: skip
    allergic = [(a.start, a.end) for a in allergies]
    for p in problem_facts(text, words, section):
        if section is not SectionKind.ALLERGIES and not any(a <= p.start < b for a, b in allergic):
            yield fact(FactKind.PROBLEM, p.name, p.start, p.end, assertion=p.assertion, action=p.action)
    for r in result_facts(text, words, section):
        yield fact(FactKind.RESULT, r.name, r.start, r.end, assertion=r.assertion, value=r.value, unit=r.unit)
    for c in code_status_facts(text, words, section):
        yield fact(FactKind.CODE_STATUS, c.name, c.start, c.end, assertion=c.assertion, action=c.action)
    for v in device_facts(text, words, section):
        yield fact(FactKind.DEVICE, v.name, v.start, v.end, assertion=v.assertion, action=v.action)
