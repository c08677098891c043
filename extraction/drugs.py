"""Drugs in a sentence: which, how much, how often, and what is being done with them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from core.records import Action, Assertion, SectionKind
from extraction.actions import Cue, cues_in
from extraction.assertion import context_of
from extraction.dosing import DOSE, FREQUENCY, NUMBER, ROUTE, canonical_frequency
from extraction.drug_lists import list_action, list_of
from extraction.exchanges import exchanges
from extraction.gated import Gated
from extraction.lexicon import drug_phrases, load
from extraction.regimen import CLAUSE, Regimen, regimen_of
from extraction.words import Words

_STOPPED_IT = Gated(
    r"\b(?:stop(?:ped)?|discontinued?|quit)\s+(?:it|taking it|(?:the|this) (?:drug|medication|medicine|pills?|"
    r"antibiotic))\b|\bself-(?:discontinued|stopped)\b|"
    r"\b(?:it|this|(?:the|this) (?:drug|medication|medicine|antibiotic|agent)|and|so|but|therefore|hence) "
    r"(?:(?:was|were|is|has been|had to be|is being|has now been|then|therefore|now|thus|subsequently) )+"
    r"(?:stopped|discontinued|withdrawn|dropped)\b",
    re.IGNORECASE,
)
_CONDITION = Gated(
    r"\b(?:if|unless|until|when|whenever|should|consider\w*|could|may|might|would|discuss\w*|plan\w*|before|prior to|"
    r"in case)\b",
    re.IGNORECASE,
)
_FOR_A_WHILE = Gated(
    r"\A(?=.*\b(?:stop|discontinu|hold))[^.;]*?\bfor (?:an?|one|two|three|five|seven|ten|\d{1,2}) (?:days?|"
    r"weeks?) (?:prior to|before)\b",
    re.IGNORECASE | re.DOTALL,
)
_MARKED = re.compile(
    r"[\s,)]*(?:[-–—:>→=*]+|\()\s*(?:please\s+|pls\s+|will\s+|to\s+)?(?P<what>stop|d/?c|discontinue|hold|do not take|"
    r"don.t take|no longer|not any ?more|none further|no further|finished|completed|done|gone)"
    r"(?=\s*(?:\Z|[.,;)*]|(?:today|now|as of|due|because|given|for now|until|on)\b))",
    re.IGNORECASE,
)
_NARRATIVE = frozenset({SectionKind.HOSPITAL_COURSE, SectionKind.HISTORY_OF_PRESENT_ILLNESS, SectionKind.OTHER})
_LASTING = (Action.STOPPED, Action.HELD)
_ONE_DOSE = re.compile(
    r"\b(?:given|offered|received|administered|got|gave|was given|bolus(?:ed)?|loaded with|load|treated with|s/p|x\s?1|"
    r"one dose|single dose)\b",
    re.IGNORECASE,
)
_HOSPITAL = Gated(
    r"\b(?:in (?:the )?(?:ed|er|emergency (?:department|room)|icu|micu|or|pacu|ambulance|clinic today|office today)|"
    r"by ems|en route|on arrival|at (?:an? |the )?(?:urgent care|outside hospital|osh)|"
    r"intraoperatively|overnight)\b",
    re.IGNORECASE,
)
_FORMERLY = Gated(
    r"\b(?:used to (?:take|be on|use|have)|(?:has |had |have |having )?(?:tried|failed)|tried and failed|"
    r"(?:failed|unsuccessful|previous|prior|past) trials? (?:of|with|on)|failure of)\s+(?:(?:and|or|both|also|"
    r"multiple|oral|iv|the|her|his|a)\s+)*"
    r"(?:[\w/-]+,?\s+(?:and\s+|or\s+)?){0,3}\Z",
    re.IGNORECASE,
)
_TOOK = Gated(
    r"\b(?:(?:has|have|had) (?:taken|used)|took|taking some|used some|using some)\s+(?:[\w/-]+,?\s+){0,4}\Z",
    re.IGNORECASE,
)
_TOLERATES = Gated(r"\btolerate[sd]\s+\Z")
_TIMES = re.compile(r"\bx\s?[1-3]\b", re.IGNORECASE)
_IN_HOUSE = Gated(
    r"\b(?:in[\s-]house|inpatient (?:therapy|treatment|course)|(?:during|throughout) (?:this|that|the|her|"
    r"his) (?:\w+ )?(?:admission|hospitali[sz]ation|stay)|"
    r"while (?:in (?:the )?hospital|inpatient|admitted|hospitali[sz]ed))\b",
    re.IGNORECASE,
)
_PROPHYLAXIS = Gated(r"\b(?:prophyla\w+|ppx)\b", re.IGNORECASE)
_MINERAL_DOSE = re.compile(rf"\s+(?:was\s+|of\s+)?{NUMBER}\s?(?:mg|meq|g|mcg)(?!\s?/)\b", re.IGNORECASE)
_LAB_WORD = Gated(
    r"[\s-]*(?:suppression test\w*|stimulation test\w*|challenge|levels?|trough|peak|random|concentration|screen|"
    r"toxicity|assay|level was|resistance|resistant|"
    r"sensitiv\w+|susceptib\w+|"
    r"deficien\w+|def(?![\w])|insufficien\w+|dependen\w+|abuse|misuse|withdrawal|overdose|poisoning|intoxication|"
    r"addiction|"
    r"naive)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DrugMention:
    """A drug's canonical name and the characters that name it."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DrugFact:
    """A drug mention with its attributes, as the author wrote them; `start:end` spans name and attributes."""

    name: str
    start: int
    end: int
    assertion: Assertion
    action: Action
    dose: str
    route: str
    frequency: str


@cache
def _named(group: str) -> frozenset[str]:
    return frozenset(load("drugs")[group])


def find_drugs(text: str, words: Words | None = None) -> tuple[DrugMention, ...]:
    """Names of drugs, canonical and generic, with their places. Drug levels and resistances are left out."""
    words = words or Words.of(text)
    found = [
        DrugMention(m.value, m.start, m.end) for m in drug_phrases().find(words) if not _LAB_WORD.match(text, m.end)
    ]
    supplements = _supplements(text, words, found)
    return tuple(sorted([*found, *supplements], key=lambda d: d.start) if supplements else found)


def _supplements(text: str, words: Words, drugs: Sequence[DrugMention]) -> list[DrugMention]:
    """Minerals that come with a dose, as `potassium 20 mEq`."""
    names = load("drugs")["supplements"]
    if not any(mineral in words.lower for mineral in names):
        return []
    return [
        DrugMention(names[word], start, end)
        for word, start, end in zip(words.lower, words.starts, words.ends, strict=True)
        if word in names and _MINERAL_DOSE.match(text, end) and not any(d.start <= start < d.end for d in drugs)
    ]


def drug_facts(
    text: str, words: Words, section: SectionKind, heading: str, *, in_discharge: bool = False
) -> tuple[DrugFact, ...]:
    """Facts about the drugs in one sentence; offsets are within the sentence. Discharge summaries look back."""
    mentions = _without_restated(text, find_drugs(text, words))
    if not mentions:
        return ()
    cues = cues_in(words)
    exchanged = exchanges(text, mentions)
    facts: list[DrugFact] = []
    taken = 0
    for i, mention in enumerate(mentions):
        stop = mentions[i + 1].start if i + 1 < len(mentions) else len(text)
        attributes = regimen_of(text, mention.start, mention.end, stop, taken)
        spans = [s for s in (attributes.dose, attributes.route, attributes.frequency) if s]
        start = min([mention.start, *(s[0] for s in spans)])
        end = max([mention.end, attributes.end, *(s[1] for s in spans)])
        start = _with_its_bracket(text, start, end)
        taken = max(taken, end)
        action = exchanged.get(i) or _action(text, mention, (start, end), cues, mentions)
        facts.append(_fact(text, mention, attributes, (start, end), action, section, heading, in_discharge))
    return tuple(facts)


def _with_its_bracket(text: str, start: int, end: int) -> int:
    """Where a span begins that closes a bracket opened before it, as `PNV (multivitamin) 1 tab`."""
    closed = text.find(")", start, end)
    if closed < 0 or "(" in text[start:closed]:
        return start
    opened = re.search(r"(?:[\w-]+\s*)?\([^()\n]{0,24}\Z", text[:start])
    return opened.start() if opened else start


def _without_restated(text: str, mentions: Sequence[DrugMention]) -> list[DrugMention]:
    """Drop a name that only repeats the one before it, as the brand in `furosemide (Lasix) 40 mg`."""
    kept: list[DrugMention] = []
    for mention in mentions:
        before = kept[-1] if kept else None
        if before and before.name == mention.name and not text[before.end : mention.start].strip(" (/-,:\n\t["):
            stop = mention.end + (text[mention.end : mention.end + 1] in (")", "]"))
            kept[-1] = replace(before, end=stop)
        else:
            kept.append(mention)
    return kept


def _fact(
    text: str,
    mention: DrugMention,
    attributes: Regimen,
    span: tuple[int, int],
    action: Action,
    section: SectionKind,
    heading: str,
    in_discharge: bool,
) -> DrugFact:
    words = {k: _words(text, getattr(attributes, k)) for k in ("dose", "route", "frequency")}
    if action is Action.NONE:
        action = list_action(heading)
    if attributes.changed and action in (Action.NONE, Action.CONTINUED):
        action = Action.CHANGED
    context = context_of(text, (mention.start, mention.end), section)
    assertion = context.of_treatment
    if (assertion is Assertion.HISTORICAL and not context.ended) and (
        section is SectionKind.PAST_HISTORY or attributes.changed or action not in (Action.NONE, Action.STOPPED)
    ):
        assertion = Assertion.PRESENT
    if mention.name in _named("vaccines") and assertion is Assertion.HYPOTHETICAL:
        assertion = Assertion.HISTORICAL
    if assertion is Assertion.HYPOTHETICAL and _PROPHYLAXIS.search(text):
        assertion = Assertion.PRESENT
    if assertion is Assertion.NEGATED and action in (Action.STOPPED, Action.HELD):
        assertion = Assertion.PRESENT
    if assertion is Assertion.HYPOTHETICAL and action is Action.STOPPED and not _CONDITION.search(text):
        assertion = Assertion.PRESENT
    if assertion is Assertion.PRESENT and action not in (Action.STOPPED, Action.HELD):
        assertion = _ongoing(text, mention, words, section, heading, action, in_discharge)
    return DrugFact(mention.name, *span, assertion, action, words["dose"], words["route"], words["frequency"])


def _words(text: str, span: tuple[int, int] | None) -> str:
    return " ".join(text[span[0] : span[1]].split()) if span else ""


def _ongoing(
    text: str,
    mention: DrugMention,
    words: dict[str, str],
    section: SectionKind,
    heading: str,
    action: Action,
    in_discharge: bool,
) -> Assertion:
    """PRESENT for a drug that is being taken, HISTORICAL for one that was given once or only in hospital."""
    if mention.name in _named("vaccines"):
        return Assertion.HISTORICAL
    frequency = canonical_frequency(words["frequency"])
    of_home, of_stay = list_of(heading) if section is SectionKind.MEDICATIONS else (False, False)
    listed = of_home and not of_stay
    if action is not Action.STARTED and not listed and _of_the_stay(text, mention):
        return Assertion.HISTORICAL
    around = max(0, mention.start - 60)
    if action is Action.NONE and _FORMERLY.search_in(text, around, mention.start):
        return Assertion.HISTORICAL
    once = "once" in frequency.split() or _TIMES.search(text[mention.end : mention.end + 40])
    lasting = action in (Action.STARTED, Action.CONTINUED, Action.CHANGED) or "as needed" in frequency
    if once and not listed and not lasting:
        return Assertion.HISTORICAL
    if of_stay and not of_home:
        return Assertion.HISTORICAL
    if mention.name in _named("hospital_only") and not listed and not frequency and action is Action.NONE:
        return Assertion.HISTORICAL
    if in_discharge and section in _NARRATIVE and action not in _LASTING and _in_hospital(mention, words):
        return Assertion.HISTORICAL
    unregulated = not words["dose"] and not frequency
    if action is Action.NONE and unregulated and _TOOK.search_in(text, around, mention.start):
        return Assertion.HISTORICAL
    if unregulated and _TOLERATES.search_in(text, around, mention.start):
        return Assertion.HISTORICAL
    given = _ONE_DOSE.search(text[around : mention.start])
    if (
        given
        and action not in (Action.STARTED, Action.CONTINUED, Action.CHANGED)
        and (not frequency or in_discharge or _HOSPITAL.search(text))
    ):
        return Assertion.HISTORICAL
    return Assertion.PRESENT


def _of_the_stay(text: str, mention: DrugMention) -> bool:
    """Whether the words round a drug say that it was for the time in hospital: those ahead, or those of its clause."""
    clause = CLAUSE.search(text, mention.end)
    return bool(
        _IN_HOUSE.search(text, max(0, mention.start - 300), mention.start)
        or _IN_HOUSE.search(text, mention.end, clause.start() if clause else len(text))
    )


def _in_hospital(mention: DrugMention, words: dict[str, str]) -> bool:
    intravenous = re.match(r"i\.?v|intravenous", words["route"], re.IGNORECASE)
    return bool(intravenous) or mention.name in _named("hospital_only") or mention.name in _named("courses")


def _action(
    text: str, mention: DrugMention, span: tuple[int, int], cues: Sequence[Cue], mentions: Sequence[DrugMention]
) -> Action:
    """The action of the nearest cue that governs the drug, one behind it (`was held`) before one ahead (`hold`)."""
    if len({m.name for m in mentions}) == 1 and _STOPPED_IT.search(text, mention.end):
        return Action.STOPPED
    marked = _MARKED.match(text, max(mention.end, span[1]))
    if _FOR_A_WHILE.search(text):
        return Action.HELD
    if marked:
        return Action.HELD if marked["what"].lower() == "hold" else Action.STOPPED
    behind = _cue_behind(text, mention, span, cues, mentions)
    ahead = _cue_ahead(text, mention, cues)
    if behind is None:
        return ahead.action if ahead else Action.NONE
    return behind.action


def _cue_behind(
    text: str, mention: DrugMention, span: tuple[int, int], cues: Sequence[Cue], mentions: Sequence[DrugMention]
) -> Cue | None:
    for cue in cues:
        if cue.start < mention.end or not cue.after:
            continue
        between = text[mention.end : cue.start]
        if len(between) > 90:
            return None
        others = [m for m in mentions if mention.end <= m.start < cue.start]
        for other in reversed(others):
            between = between[: other.start - mention.end] + between[other.end - mention.end :]
        if CLAUSE.search(between) or (others and not _coordinated(text, mention, others)):
            return None
        if _passive(between, cue, has_others=bool(others)):
            return cue
    return None


_AUXILIARY = re.compile(
    r"\A(?:[\s,()/:–—-]|[-=]+>|→|\b(?:which|that|we|i|patient|pt|can|may|hereby|officially|finally|had to be|no|was|"
    r"were|is|are|has|have|been|be|being|to|will|should|can|dose|doses|therapy|drip|gtt|"
    r"treatment|and|or|the|now|then|also|"
    r"recently|subsequently|initially|temporarily|currently|again|since|previously|on|in|due|her|his|at|both|all|"
    r"briefly|today|yesterday|just|"
    r"by|pcp|therefore|thus|continues|medication|infusion|tablets?|had|of|a|an|er|xl|xr)\b)*\Z",
    re.IGNORECASE,
)


def _passive(between: str, cue: Cue, *, has_others: bool) -> bool:
    """Whether only helping words, doses, routes and frequencies stand between a drug and the verb behind it."""
    bare = FREQUENCY.sub(" ", ROUTE.sub(" ", DOSE.sub(" ", between)))
    bare = re.sub(NUMBER, " ", bare)
    if not _AUXILIARY.match(bare):
        return False
    return (
        cue.bare
        or bool(
            re.search(r"\b(?:was|were|is|are|been|be|being|has|to|on|dose|will|had)\b|\A\W*\Z", between, re.IGNORECASE)
        )
        or not has_others
    )


def _coordinated(text: str, mention: DrugMention, others: Sequence[DrugMention]) -> bool:
    joins = [text[a.end : b.start] for a, b in zip([mention, *others], others, strict=False)]
    return any(re.search(r"\b(?:and|or)\b|/|&", j) for j in joins) and all(len(j) < 60 for j in joins)


_BESIDE = re.compile(rf"[\s:]*(?:(?:the|her|his|their|home|daily|oral|iv|dose|of|{DOSE.pattern})\s+)*", re.IGNORECASE)
_TREATED_WITH = re.compile(
    r"\b(?:him|her|them|patient|treatment|therapy|regimen|course|trial|back)\s+with\b", re.IGNORECASE
)


def _cue_ahead(text: str, mention: DrugMention, cues: Sequence[Cue]) -> Cue | None:
    best: Cue | None = None
    for cue in cues:
        if cue.end > mention.start:
            break
        if cue.before and not (cue.beside and not _BESIDE.fullmatch(text, cue.end, mention.start)):
            best = cue
    if best is None or mention.start - best.end > 140:
        return None
    between = _TREATED_WITH.sub("", text[best.end : mention.start])
    if re.search(r";|\.\s|:\s.*:\s|\n\s*[-*•]", between):
        return None
    clause = re.search(
        r",?\s(?:but|however|although|while|which|who|because|since|for|with|given|in addition to|due to|instead of)\s",
        between,
    )
    if clause and not re.search(r"\b(?:also|instead of)\b", between):
        return None
    if (best.phrase.endswith(" from") or best.phrase.startswith(("switch", "swap"))) and re.search(
        r"\bto\b|->|→", between
    ):
        return replace(best, action=Action.STARTED)
    if best.action is Action.STOPPED and re.search(
        r"\band\s+(?:then\s+)?(?:switch|chang|transition|convert)\w*\s+to\b", between
    ):
        return replace(best, action=Action.STARTED)
    return best
