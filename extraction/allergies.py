"""Allergies in a sentence, with their reactions, and the statement that there are none."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from core.records import Action, Assertion, SectionKind
from extraction.assertion import context_of
from extraction.dosing import DOSE
from extraction.gated import Gated
from extraction.lexicon import allergen_phrases, load
from extraction.reactions import blamed, is_remedy, tolerated_behind
from extraction.results import result_facts
from extraction.unlisted import unlisted
from extraction.words import Match, Phrases, Words

_WHAT = (
    r"(?:(?:known|drugs?|medications?|medicines?|medical|medicinal|foods?|environmental|seasonal|latex|other|reported|"
    r"documented|significant|or|and|,|/)\s*)*"
)
_RELEVANT = Gated(
    r"allerg|nkd?a|avoid|contraind|cannot take|can.t take|unable to|red band|must not|intoler|hypersens|anaphyl|"
    r"react|tolerat|sensitiv|hives|rash|angioedema|swell|rxn|\badr|never|do not|don.t|not to be|not be|urticaria|"
    r"welts|wheez|itch|prurit|bronchospasm|serum sick|off.limits|\bsjs\b",
    re.IGNORECASE,
)
_EXCEPT = r"\s*,?\s*(?:except|other than|besides|apart from|aside from|excluding|save|but)(?:\s+for)?\b"
_NONE = Gated(
    rf"\bnkd?a\b|\bno\s+(?:(?:history of|hx of|evidence of)\s+)?{_WHAT}allerg(?:y|"
    rf"ies)\b(?:\s*/\s*adverse drug reactions)?|"
    rf"\b(?:denies|denied|without)\s+(?:having\s+|any\s+|history of\s+)*{_WHAT}allergies\b|\ballergies\s*(?::|-|"
    rf"–)?\s*(?:are\s+|is\s+)?none\b|"
    r"\bnone known to medications?\b|\b(?:not|nothing)\s+allergic to any(?:thing)?(?:\s+(?:medications?|medicines?|"
    r"drugs?))?",
    re.IGNORECASE,
)
_AVOIDED = re.compile(
    r"\b(?:not tolerate|unable to tolerate|cannot|can't|can not|must not|should not|do not|don't|never|not to be|no)"
    r"(?:\s+(?:be|to|ever|take|have|receive|tolerate|give|given|get|use|used|prescribe\w*|administer\w*|her|him|any|"
    r"more|again))*\s+\Z",
    re.IGNORECASE,
)
_CORRECTING = re.compile(r"\b(?:correction|corrected|erratum|amend\w*)\b", re.IGNORECASE)
_PARTIAL = re.compile(r"food|environmental|seasonal|latex", re.IGNORECASE)
_WHOLE = re.compile(r"drug|medic", re.IGNORECASE)
_ALONE_NONE = re.compile(
    r"[\s\-•*]*(?:none|none known|none reported|no known|negative|n/a|nil|denies|denied)(?:\s+(?:known|reported|"
    r"noted))?[\s.]*\Z",
    re.IGNORECASE,
)
_TRIGGER = Gated(
    r"\b(?:severely\s+|highly\s+)?allergic\s+(?:reactions?\s+)?to\b|\ballerg(?:y|ies)\s+(?:to|include[sd]?|are|is|"
    r"listed as|list includes|of|:)|\b(?:drug|medication|known|listed)\s+allerg(?:y|ies)\b|"
    r"\ballerg(?:y|ies)\s*(?::|-|–|=)|\b(?:intoleran(?:t|ces?)|hypersensitiv\w+|sensitiv(?:e|ity|ities))\s+(?:of|"
    r"to)\b|\banaphyla\w+\s+(?:to|with|from|after)\b|\b(?:adverse\s+)?reactions?\s+to\b|"
    r"\ballerg(?:y|ies)\s+(?:band|bracelet|alert|list|status|history)\b[^.;:]{0,14}:|"
    r"\b(?:cannot|can't|can not|unable to|must not|should not)\s+(?:take|have|receive|tolerate)\b|"
    r"\bred (?:allergy )?(?:wrist)?band\s*:|\breact(?:s|ed)\s+(?:badly\s+)?to\b|\bdoes not tolerate\b|"
    r"\bunable to tolerate\b|\bintolerances?\s*:|"
    rf"(?:\bnkd?a\b|\ballerg(?:y|ies)){_EXCEPT}|\bhypersensitiv\w+\s*:|\bknown to react to\b|"
    r"\ballerg(?:y|ies)\s+(?:list\s+|record\s+)?(?:was\s+|has been\s+|now\s+)?updated(?:\s+with|\s+to include|\s*:)|"
    r"\b(?:adrs?|adverse (?:drug )?(?:reactions?|events?))"
    r"(?:\s+(?:entered|recorded|on file|noted|logged|listed|documented|reported|history|known|added|updated|"
    r"today))*\s*[:=]|"
    r"\b(?:breaks?|broke) out (?:in hives )?(?:with|from|after|to|on)\b|\b(?:gets?|got|had|developed|has)\s+(?:a\s+)?"
    r"(?:hives|rash|anaphylaxis|angioedema|swelling)\s+(?:with|from|after|to|on)\b|\b(?:rxn|adr)s?\s*(?:to\b|:)",
    re.IGNORECASE,
)
_AVOID = Gated(
    r"\b(?:do not|don't|did not tolerate|didn't tolerate|could not tolerate|cannot have|never|must not be|"
    r"should not be|not to be|cannot be|avoid)\s+(?:ever\s+)?"
    r"(?:(?:give|given|prescribe|prescribed|use|used|administer|administered|expose|exposed to|rechallenge\w*)\b\s*)?"
    r"(?:(?:her|him|them|patient|with)\b)?",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"\A[\s\-–:]*(?:(?:is |are )?(?:(?:must|should|to) be avoided|contraindicated|off[\s-]limits|not tolerated|"
    r"poorly tolerated))\b(?=[^.;]{0,6}[(,:–-])|\A[\s\-]*(?:(?:was |"
    r"has been )?(?:added )?(?:to|as) (?:the |her |his |a |an |known )?|drug |medication |"
    r"antibiotic )?(?:allerg(?:y|ies|ic)|anaphylaxis|hypersensitivity|"
    r"intolerance)\b(?!\s+(?:to|clinic|testing|shots?))",
    re.IGNORECASE,
)
_REACTION_BEHIND = re.compile(r"\s*\((?:allergy|anaphylaxis|hives|rash|angioedema|intolerance)", re.IGNORECASE)
_REMOVED = Gated(
    r"\b(?:remov(?:e|es|ed|al|ing)|de-?label\w*|disprov\w+|ruled out|refuted|entered in error|erroneous\w*|"
    r"not (?:truly |actually |really )?allergic|does not belong|belongs to (?:another|a different|someone|a family)|"
    r"another patient's|wrong (?:patient|chart)|(?:listed|charted|entered|documented|recorded) by mistake|outgr\w+|"
    r"incorrect\w*|mistaken\w*|in error|no longer allergic)\b",
    re.IGNORECASE,
)
_TAKEN = Gated(
    r"\b(?:takes|taking|tablets?|pharmacy|fill(?:s|ed)?|refill\w*|doses?|daily|bid|reconcil\w*|discrepan\w*|bottles?|"
    r"med(?:ication)?s? list|mg|prescri\w*)\b",
    re.IGNORECASE,
)
_CULTURE = Gated(
    r"\b(?:cultur\w+|grew|growth|grow\w*|isolate\w*|organism\w*|bacter\w+|e\.? ?coli|staph\w*|strep\w*|mssa|mrsa|"
    r"enterococc\w+|"
    r"klebsiella|pseudomonas|proteus|susceptib\w+|resistan\w+|strain\w*|ucx|bcx)\b",
    re.IGNORECASE,
)
_FALSE_TRIGGER = re.compile(
    r"\b(?:seasonal|environmental|fall|spring)\s+allerg|\ballergy\s+(?:clinic|testing|shots?|season|medicine|"
    r"medication)\b",
    re.IGNORECASE,
)
_CUT = re.compile(r";|\.\s|\n\s*[-*•]|,?\s+(?:but|however|although)\s")
_SEPARATORS = " ,;/&\n\t().-–—:=→>[]•*+\"'0123456789"


@dataclass(frozen=True, slots=True)
class AllergyFact:
    """An allergy, or "none"; `start:end` spans substance and reaction within the sentence."""

    name: str
    start: int
    end: int
    assertion: Assertion
    action: Action
    reaction: str


@cache
def _reactions() -> Phrases[str]:
    return Phrases((phrase, phrase) for phrase in load("allergens")["reactions"])


def allergy_facts(text: str, words: Words, section: SectionKind) -> tuple[AllergyFact, ...]:
    """Allergies in one sentence; all substances of an allergy section count, elsewhere those that a trigger governs."""
    listed = section is SectionKind.ALLERGIES
    if not listed and not _RELEVANT.search(text):
        return ()
    substances = list(allergen_phrases().find(words))
    facts = [_fact(text, m, words, section, substances) for m in _governed(text, substances, listed=listed)]
    if listed:
        facts += _in_own_words(text, words, substances)
    else:
        facts += _avoided(text, words, section, substances, facts)
    none = _none(text, listed=listed)
    if none is not None and not _about_family(text, none.start(), section):
        facts = [f for f in facts if f.start >= none.end() or f.end <= none.start()]
        if all(f.assertion is Assertion.NEGATED for f in facts):
            start, end = _trim(text, none.start(), none.end())
            facts.append(AllergyFact("none", start, end, Assertion.NEGATED, Action.NONE, ""))
    return tuple(sorted(facts, key=lambda f: f.start))


def _avoided(
    text: str, words: Words, section: SectionKind, substances: Sequence[Match[str]], facts: Sequence[AllergyFact]
) -> list[AllergyFact]:
    """What is to be avoided because of a reaction that stands behind it: `never give her sulfa again (rash)`."""
    ends = [m.end() for m in _AVOID.finditer(text)]
    found = []
    for match in substances:
        told = any(f.start <= match.start < f.end for f in facts)
        if not told and any(end <= match.start and not text[end : match.start].strip() for end in ends):
            fact = _fact(text, match, words, section, substances)
            found += [replace(fact, assertion=Assertion.PRESENT)] if fact.reaction else []
    return found


def _in_own_words(text: str, words: Words, substances: Sequence[Match[str]]) -> Iterator[AllergyFact]:
    """The items of a list whose words no lexicon knows: a new drug or a rare food is none the less an allergy.

    Behind a measured value nothing is: vital signs that follow the list without a heading are read in the same form.
    """
    measured = min((r.start for r in result_facts(text, words, SectionKind.RESULTS)), default=len(text))
    for item in unlisted(text[:measured], [s for s in substances if s.end <= measured]):
        removed = _REMOVED.search(text, item.start, item.end) is not None
        family = context_of(text, (item.start, item.end), SectionKind.ALLERGIES).family
        assertion = Assertion.NEGATED if removed else Assertion.FAMILY if family else Assertion.PRESENT
        action = Action.CORRECTED if removed else Action.NONE
        yield AllergyFact(item.name, item.start, item.end, assertion, action, item.reaction)


def _none(text: str, *, listed: bool) -> re.Match[str] | None:
    """The statement that there are no allergies; that there are none to food or latex says nothing of drugs."""
    for match in _NONE.finditer(text):
        partial = _PARTIAL.search(match.group()) and not _WHOLE.search(match.group())
        if re.match(_EXCEPT, text[match.end() :], re.IGNORECASE):
            continue
        to_something = re.match(r"\s+to\s+(?!(?:any\s+|known\s+)*(?:medic|drug))", text[match.end() : match.end() + 24])
        if not partial and not to_something:
            return match
    return _ALONE_NONE.fullmatch(text) if listed else None


def _about_family(text: str, at: int, section: SectionKind) -> bool:
    return section is SectionKind.FAMILY_HISTORY or context_of(text, (at, at + 1)).family


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in " -•*\n\t":
        start += 1
    while end > start and text[end - 1] in " .\n\t":
        end -= 1
    return start, end


def _governed(text: str, substances: Sequence[Match[str]], *, listed: bool) -> list[Match[str]]:
    found: list[Match[str]] = []
    if listed and _is_other_news(text, substances):
        return []
    if listed:
        return [m for m in substances if not (_in_reaction(text, m) or _dosed(text, m) or _tolerated(text, m))]
    cultured = _CULTURE.search(text) is not None
    triggers = [
        t
        for t in _TRIGGER.finditer(text)
        if not (cultured and t.group().lower().startswith("sensitiv"))
        if not _FALSE_TRIGGER.search(text[max(0, t.start() - 16) : t.end() + 12])
    ]
    answerable = list(blamed(text, substances))
    for match in substances:
        ahead = [t for t in triggers if t.end() <= match.start]
        if is_remedy(match.value):
            ahead = [t for t in ahead if not t.group().lower().endswith((" with", " after"))]
        listed_here = bool(ahead) and _reaches(text, ahead[-1].end(), match, substances)
        named_behind = _BEHIND.match(text[match.end : match.end + 60])
        if match in answerable or listed_here or named_behind or (triggers and _REACTION_BEHIND.match(text, match.end)):
            found.append(match)
    return [m for m in found if not _tolerated(text, m)]


def _is_other_news(text: str, substances: Sequence[Match[str]]) -> bool:
    """Whether a sentence under the heading of allergies tells of drugs that are taken, and of no reaction.

    So do notes that go on about the reconciled drugs without a new heading. Where in doubt it is an allergy.
    """
    opens = bool(substances) and not text[: substances[0].start].strip(" -•*\n\t")
    return not opens and not _RELEVANT.search(text) and _TAKEN.search(text) is not None


def _reaches(text: str, start: int, match: Match[str], substances: Sequence[Match[str]]) -> bool:
    """Whether only other substances, their reactions and list words stand between a trigger and a substance."""
    between = text[start : match.start]
    if _CUT.search(between) and not re.fullmatch(r"[^.]*;[^.]*", between):
        return False
    for other in reversed([s for s in substances if start <= s.start < match.start]):
        between = between[: other.start - start] + between[other.end - start :]
    between = re.sub(r"\([^)]*\)|\bwith (?:a )?\w+(?: \w+)?|\bcaus\w+ (?:a )?\w+|\bwhich \w+ (?:a )?\w+", " ", between)
    rest = [w for w in re.findall(r"[a-z']+", between.lower()) if w not in _list_words() and w not in _reaction_words()]
    return len(rest) <= 2


@cache
def _list_words() -> frozenset[str]:
    return frozenset(load("allergens")["list_words"])


@cache
def _reaction_words() -> frozenset[str]:
    return frozenset(w for phrase in load("allergens")["reactions"] for w in re.findall(r"[a-z']+", phrase))


def _dosed(text: str, match: Match[str]) -> bool:
    """A drug with a dose is being taken, whatever the heading says."""
    dose = DOSE.search(text, match.end, match.end + 24)
    return dose is not None and not text[match.end : dose.start()].strip(" ,:(-")


def _in_reaction(text: str, match: Match[str]) -> bool:
    before = text[max(0, match.start - 24) : match.start].rstrip(" (").lower()
    return before.endswith(("treated with", "given", "requiring")) and not re.search(r"\bnot\b|\bnever\b", before)


def _tolerated(text: str, match: Match[str]) -> bool:
    """Whether this very substance is said to be tolerated: `tolerates penicillin`, not `does not tolerate codeine`."""
    before = text[max(0, match.start - 40) : match.start].lower()
    good = re.search(
        r"\b(?:has |have |had )?(?:tolerat(?:es|ed|ing|e)|can take|takes|able to take)\b(?:\s+[\w,]+){0,3}\s*\Z", before
    )
    if good and not re.search(r"\b(?:not|unable to|cannot|can't|couldn't|didn't|doesn't|never|poorly)\b", before):
        return True
    return tolerated_behind(text, match.end)


def _fact(
    text: str, match: Match[str], words: Words, section: SectionKind, substances: Sequence[Match[str]]
) -> AllergyFact:
    following = [s.start for s in substances if s.start > match.start]
    stop = min([following[0] if following else len(text), match.end + 90])
    reaction = _reaction(text, words, match.end, stop) or _reaction_ahead(text, words, match.start)
    start, end = match.start, match.end
    if reaction:
        start, end = min(start, reaction[0]), max(end, reaction[1])
        if text[end : end + 1] == ")" and "(" in text[match.end : end]:
            end += 1
    context = context_of(text, (match.start, match.end), section)
    assertion = context.assertion
    taken_back = assertion is Assertion.NEGATED and _CORRECTING.search(text)
    removed = bool(_is_removed(text, match, substances) or taken_back)
    if assertion in (Assertion.HISTORICAL, Assertion.HYPOTHETICAL):
        assertion = Assertion.PRESENT
    if assertion is Assertion.NEGATED and section is SectionKind.ALLERGIES and not _denied(text, match):
        assertion = Assertion.PRESENT
    if assertion is Assertion.NEGATED and reaction and _AVOIDED.search(text[: match.start]):
        assertion = Assertion.PRESENT
    if removed:
        assertion = Assertion.NEGATED
    words_of = " ".join(text[reaction[0] : reaction[1]].split()) if reaction else ""
    return AllergyFact(match.value, start, end, assertion, Action.CORRECTED if removed else Action.NONE, words_of)


def _is_removed(text: str, match: Match[str], substances: Sequence[Match[str]]) -> bool:
    """Whether a sentence takes a substance off the list; what stands in brackets is said of the one before them."""
    for told in _REMOVED.finditer(text):
        opened = text.rfind("(", 0, told.start())
        bracketed = opened >= 0 and ")" not in text[opened : told.start()]
        before = [s for s in substances if s.end <= opened] if bracketed else []
        if not before or before[-1].end == match.end:
            return True
    return False


def _denied(text: str, match: Match[str]) -> bool:
    return bool(re.search(r"\b(?:no|not|denies|denied|without)\b[^.;]*\Z", text[: match.start], re.IGNORECASE))


def _reaction(text: str, words: Words, start: int, stop: int) -> tuple[int, int] | None:
    """The reaction that follows a substance: `(hives)`, `- rash and itching`, `causes a cough`."""
    clause = re.search(r";|\.\s|\n\s*[-*•]", text[start:stop])
    stop = start + clause.start() if clause else stop
    span: tuple[int, int] | None = None
    for match in _reactions().find(words):
        if match.start < start or match.end > stop:
            continue
        gap = text[start : match.start] if span is None else text[span[1] : match.start]
        if span is None:
            if len(gap) > 60:
                return None
            span = (match.start, match.end)
        elif not re.sub(r"\b(?:and|or|with|severe|mild|facial|skin|diffuse)\b", "", gap).strip(_SEPARATORS):
            span = (span[0], match.end)
    return span


def _reaction_ahead(text: str, words: Words, start: int) -> tuple[int, int] | None:
    """The reaction that comes first: `anaphylaxis to penicillin`, `rash with sulfa`."""
    for match in _reactions().find(words):
        if match.end <= start and re.fullmatch(
            r"\s*(?:\(?\w*\)?\s*)?(?:to|with|from|after|on|when taking)\s+"
            r"(?:(?:\w+ )?(?:days?|doses?|weeks?|tablets?) of )?(?:iv |oral |the )?",
            text[match.end : start],
            re.IGNORECASE,
        ):
            return match.start, match.end
    return None
