"""A value stays with its side, a reaction with its allergen, and harm with what did it."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from chains.verification.claim import Claim, Refusal
from chains.verification.items import items_of
from chains.verification.names import agents
from chains.verification.reading import carried_by, content_stems, reading_of
from core.records import SectionKind
from extraction.drugs import find_drugs

_SIDE = Refusal("laterality", "a value is told of the other side than the lines give it for")
_REACTION = Refusal("reaction", "an allergy is told with another reaction than the lines give")
_TOLERATED = Refusal("contradiction", "it mixed up what is tolerated with what is not")
_HARM = Refusal("cause", "it told as treatment what the lines tell as the cause of harm")
_PARTS = re.compile(r"[,;\n]|\.\s|\b(?:and|but|while|whereas|versus|vs)\b", re.IGNORECASE)
_CLAUSES = re.compile(
    r"[;\n()]|\.\s|\b(?:but|while|whereas|though|although|despite)\b|(?:,|\band)\s*(?=(?:has |have )?tolerat)",
    re.IGNORECASE,
)
_REACTIONS = re.compile(
    r"\b(?:anaphyla\w+|hives|urticari\w+|rash\w*|angioedema|swelling|nausea|vomiting|diarrhea|itch\w*|prurit\w+|cough|"
    r"bronchospasm|stevens-johnson|wheez\w*|hypotension|headache|dizziness|confusion|flushing|upset)\b",
    re.IGNORECASE,
)
_HARM_PARTS = re.compile(rf"{_CLAUSES.pattern}|,", re.IGNORECASE)
_LAST = re.compile(r",|\band\b")
_TOLERATES = re.compile(
    r"(?<!not )(?<!n't )\b(?:tolera(?:tes|ted|ting|te|nt of|nce of)|can (?:take|have)|able to take|"
    r"okay with|ok with|fine with|"
    r"(?:has |have )?(?:takes?|taken|taking|took|had|received|uses?|used)\b"
    r"(?=.*\b(?:without|safely|no (?:issue|problem|reaction))))",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"\b(?:without|safely|safe|okay|ok|fine|takes|taking|is on|uses|given|received|instead|alternativ\w+|can|may)\b",
    re.IGNORECASE,
)
_NAMED_TO = re.compile(
    r"\b(?:with|able|can|has|have|having|tolera\w+|takes?|took|taken|on|causing|for)\b", re.IGNORECASE
)
_DOES_NOT = re.compile(
    r"\b(?:not|never|cannot|unable to|fail\w* to|poorly)\s+(?:\w+\s)?tolerat\w+|\bintoleran\w+", re.IGNORECASE
)
_ALLERGIC_TO = re.compile(
    r"\b(?:(?:allerg(?:y|ic|ies)|hypersensitiv\w+|anaphyla\w+|reaction) (?:to|with)|"
    r"(?<!seasonal )(?<!for )allergies(?:\s*:|"
    r" (?:include|are|is)\b))",
    re.IGNORECASE,
)
_ALLERGY_BEHIND = re.compile(r"[\w-]+ allerg(?:y|ies)\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:no|not|denie\w+)\b", re.IGNORECASE)
_HARMED = re.compile(
    r"\b(?:caus(?:es|ed|ing)|side effects?|induced|led to|leads to|(?:stopped|held|discontinued|dc'd) (?:\w+ )?"
    r"(?:for|due to|because of|after))\b|-induced\b",
    re.IGNORECASE,
)
_HELPED = re.compile(
    r"\b(?:treat\w*|given|start\w*|prescri\w+|takes?|taking|respon\w+|improv\w+|resolved with|relie\w+|for which)\b",
    re.IGNORECASE,
)
_TREATS = re.compile(
    r"\b(?:given|taken|takes?|taking|started|start|used|uses|prescribed|received|indicated|is)\b[^;.]*?\bfor\b"
    r"(?! (?:\d|one|two|three|a (?:day|week|month)))|\b(?:treated|managed|relieved|controlled) (?:with|by)\b",
    re.IGNORECASE,
)


def values_keep_their_sides(claim: Claim) -> Refusal | None:
    """Refuses a value by the other side than in the cited words, which give each side one of its own."""
    cited: dict[str, set[str]] = {}
    for evidence in claim.cited:
        for value, side in _sided(evidence.context):
            cited.setdefault(value, set()).add(side)
    for value, side in _sided(claim.text):
        given = cited.get(value, set())
        if len(given) == 1 and {side} | given == {"left", "right"} and side not in given:
            return _SIDE
    return None


def reactions_keep_their_allergens(claim: Claim) -> Refusal | None:
    """Refuses a reaction by another drug or food than in the cited words, which give that one a reaction of its own."""
    cited = frozenset(pair for e in claim.cited for pair in _reacting(e.context))
    for agent, reaction in _reacting(claim.text):
        own = {r for a, r in cited if a == agent}
        if own and reaction not in own and any(r == reaction for a, r in cited if a != agent):
            return _REACTION
    return None


def tolerated_is_not_allergic(claim: Claim) -> Refusal | None:
    """Refuses as an allergy what the cited words call tolerated, and as tolerated what they list as an allergy."""
    bad = frozenset(n for e in claim.cited for n in _by_word(e.context, e.kind is SectionKind.ALLERGIES)[0])
    good = frozenset(n for e in claim.cited for n in _by_word(e.context, e.kind is SectionKind.ALLERGIES)[1])
    told_bad, told_good = _by_word(claim.text, False)
    return _TOLERATED if told_bad & (good - bad) or told_good & (bad - good) else None


def harm_is_no_treatment(claim: Claim) -> Refusal | None:
    """Refuses a drug told as given for what the cited words say it caused, or for which it was stopped."""
    text = reading_of(claim.text).plain
    link = _TREATS.search(text)
    if link is None or _HARMED.search(text):
        return None
    drugs = {d.name for d in find_drugs(text)}
    what = _effects(text)
    for line in (line for e in claim.cited for line in _HARM_PARTS.split(reading_of(e.context).plain)):
        if not _HARMED.search(line) or _HELPED.search(line):
            continue
        if drugs & {d.name for d in find_drugs(line)} and what & carried_by(_effects(line)):
            return _HARM
    return None


def _effects(plain: str) -> frozenset[str]:
    """Stems of all that is no drug nor a word of giving."""
    kept = plain
    for drug in sorted(find_drugs(plain), key=lambda d: -d.start):
        kept = f"{kept[: drug.start]} {kept[drug.end :]}"
    return frozenset(content_stems(_HARMED.sub(" ", _TREATS.sub(" ", kept)))) - _SAYS_LITTLE


_SAYS_LITTLE = frozenset(
    content_stems(
        "patient was stopped started given taken takes used avoid held drip treated for discontinued mg daily"
    )
)


@lru_cache(maxsize=4096)
def _sided(text: str) -> frozenset[tuple[str, str]]:
    return frozenset(_find_sided(text))


def _find_sided(text: str) -> Iterator[tuple[str, str]]:
    """Values with the only side of their part of the sentence."""
    items = items_of(text)
    ends = [0, *(m.end() for m in _PARTS.finditer(items.plain)), len(items.plain)]
    for low, high in pairwise(ends):
        within = [i for i in items.found if low <= i.start < high]
        sides = {i.name for i in within if i.kind == "side"}
        if len(sides) == 1:
            side = sides.pop()
            yield from ((i.name, side) for i in within if i.kind.startswith("number"))


@lru_cache(maxsize=4096)
def _reacting(text: str) -> frozenset[tuple[str, str]]:
    """Drugs and foods with the reactions of their part of the sentence, where it names one of them alone."""
    found = set()
    for part in _PARTS.split(reading_of(text).plain):
        names = agents(part)
        if len(names) == 1:
            name = next(iter(names))
            found |= {
                (name, content_stems(m.group())[0]) for m in _REACTIONS.finditer(part) if content_stems(m.group())
            }
    return frozenset(found)


@lru_cache(maxsize=4096)
def _by_word(text: str, listed: bool) -> tuple[frozenset[str], frozenset[str]]:
    """What a text calls an allergy, and what it calls tolerated; `listed` where it stands in a list of allergies."""
    bad: set[str] = set()
    good: set[str] = set()
    for clause in _CLAUSES.split(reading_of(text).plain):
        if _DOES_NOT.search(clause):
            continue
        if tolerates := _TOLERATES.search(clause):
            good |= agents(clause[tolerates.end() :]) or agents(_LAST.split(clause[: tolerates.start()])[-1])
        elif not _DENIED.search(clause) and not _HARMLESS.search(clause):
            bad |= agents(clause) if listed else _named_as_allergy(clause)
    return frozenset(bad), frozenset(good)


def _named_as_allergy(clause: str) -> frozenset[str]:
    """What stands behind *allergic to* or before *allergy*."""
    if to := _ALLERGIC_TO.search(clause):
        return agents(_NAMED_TO.split(clause[to.end() :])[0])
    behind = _ALLERGY_BEHIND.search(clause)
    return agents(behind.group()) if behind else frozenset()
