"""Negation, uncertainty, condition and whose it is must survive the rewriting."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import bare_stem, carried_by, reading_of
from chains.wording import STOPWORDS, word_spans
from core.records import SectionKind
from extraction.assertion import context_of

_FLAGS = {
    "negated": Refusal("negation", 'a "no" was lost or added'),
    "family": Refusal("subject", "it mixed up the patient and a relative"),
    "possible": Refusal("uncertainty", "it made sure what was only possible, or the other way round"),
    "hypothetical": Refusal("condition", "it took for real what the lines only plan or fear"),
}
_NEGATED, _FAMILY, _POSSIBLE, _HYPOTHETICAL = range(4)
_CUES = {
    _NEGATED: re.compile(
        r"\b(?:no|not|none|never|nor|neither|without|denie[sd]|deny|denying|negative|absen\w+|free of|lack\w*|"
        r"rul\w+ out|exclud\w+|declin\w+|refus\w+|unlikely|nothing|nil|unable|fail(?:s|ed|ing)?|non-?\w+|"
        r"un(?:able|controlled|stable|changed|clear|steady|aware|safe))\b",
        re.IGNORECASE,
    ),
    _POSSIBLE: re.compile(
        r"\b(?:possib\w+|probab\w+|likely|suspect\w*|suspicio\w+|concern\w*|may|might|could|rule out|questionabl\w*|"
        r"presum\w+|exclude|differential|versus|vs|suggest\w*|potential\w*|perhaps|equivocal|unclear|uncertain|"
        r"appear\w*|"
        r"seem\w*|think|thought|believed?|felt to|consider\w*|question\w*|worri\w+|evaluat\w+|workup|consistent with|"
        r"favor\w*|unlikely|either|not sure|reflect\w*|represent\w*|assess\w*|look\w* for|whether)\b|\?",
        re.IGNORECASE,
    ),
    _HYPOTHETICAL: re.compile(
        r"\b(?:if|should|would|could|may|might|unless|in case|return for|call for|risk\w*|prevent\w*|prophyla\w+|"
        r"monitor\w*|"
        r"watch\w*|screen\w*|consider\w*|avoid\w*|goal\w*|target\w*|counsel\w*|educat\w*|precaution\w*|discuss\w*|"
        r"option\w*|"
        r"candidate|side effects?|signs? of|symptoms? of|any|when|plan\w*|advis\w+|instruct\w*|recommend\w*|test\w*|"
        r"return|seek|call|until|vaccin\w+|for|need\w*|ensur\w+|look out)\b",
        re.IGNORECASE,
    ),
}  # fmt: skip
_SURE = re.compile(r"\b(?:rule out|evaluat\w+|workup)\b", re.IGNORECASE)
_RELATIVES = re.compile(
    r"\b(?:famil\w+|mother|father|mom|dad|sisters?|brothers?|siblings?|parents?|aunts?|uncles?|cousins?|sons?|"
    r"daughters?|"
    r"child(?:ren)?|grand\w+|maternal|paternal|relatives?|wife|husband|spouse|niece|nephew|hereditary)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[;:]|\.\s|\b(?:but|however|although|though|except|whereas|while|yet)\b", re.IGNORECASE)
_PASSIVE_NO = re.compile(
    r"\b(?:was|were|is|are|been|being)\s+(?:also\s+)?(?:denied|declined|refused|ruled out|excluded)\b", re.IGNORECASE
)
_JUST_NO = re.compile(r"\b(?:not|never|no|denies|denied|without)\s+(?:[\w-]+\s+){0,3}\Z", re.IGNORECASE)
_ADJOINING = re.compile(
    r"\b(?:(?:not|never|no|without)\s+(?:[\w-]+\s+){0,2}|den(?:ies|ied|ying)\s+(?:[\w-]+\s+){0,5})\Z", re.IGNORECASE
)
_PART = re.compile(r"[,;:]|\.\s|\b(?:but|however|although|though|except|whereas|while|which|who)\b", re.IGNORECASE)
_AND_VERB = re.compile(
    r"\band (?=(?:\w+ly )?(?:has|had|is|was|were|are|drinks|takes|uses|lives|walks|reports|states|does|did|can|will|"
    r"remains|continues|works|smokes|eats|sleeps|denies|notes|showed|shows|received|underwent|presents|feels)\b)",
    re.IGNORECASE,
)
_NO = re.compile(r"\b(?:no|not|never|neither|without|denie[sd]|denying)\b(?! only\b)", re.IGNORECASE)
_SOME_NO = re.compile(
    r"\b(?:no|not|none|never|nor|neither|without|den(?:ie[sd]|y|ying)|negative|absen\w+|free|lack\w*|rul\w+ out|"
    r"exclud\w+|"
    r"declin\w+|refus\w+|unlikely|nothing|nil|fail(?:s|ed|ing)?|non\w*|un\w+|in(?:dependent\w*|tact|active|complete\w*|"
    r"ability)|normal|"
    r"clear|clean|dry|off|stop\w*|held|hold|resol\w+|discontinu\w+|quit|former|only|except|alone|avoid\w*|remov\w+|"
    r"ceas\w+|"
    r"a(?:symptomatic|febrile|traumatic|mbulatory)|nka|nkda|stable|same|rarely|seldom|barely|hardly|limit\w*|poor\w*|"
    r"prevent\w*|miss\w*|loss|lost|less|better|improv\w*|gone|healed|controlled|good|well|full|within|soft|regular|"
    r"benign|\w+less)\b|\b0\b|\bno\b|[-–(]\s*\)",
    re.IGNORECASE,
)
_HEDGED = re.compile(
    r"\b(?:likely|probably|possibly|maybe|may|might|could|perhaps|presumably|suspected|thought)\b[^,;.]*\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Word:
    """A content word's stem, which flags govern it, and which of their cues its clause has at all."""

    stem: str
    signs: tuple[bool, ...]
    cues: tuple[bool, ...]
    part_has_no: bool
    is_concept: bool


def assertion_survives(claim: Claim) -> Refusal | None:
    """Refuses a text in which a word stands under another sign than wherever the cited sentences have it.

    Word by word, by the scopes of ConText: *denies chest pain* must not become *chest pain*, nor *mother had breast
    cancer* the patient's. Where the sign differs but the clause has words of that sign in both texts, only a named
    finding, site or problem counts: how far a "no" reaches is told differently by different wordings. Of a quote cut
    from a sentence the whole sentence is asked, and its heading stands beside it.
    """
    cited: dict[str, list[_Word]] = {}
    for evidence in claim.cited:
        kind = None if claim.is_verbatim else evidence.kind
        for word in _words(evidence.context, kind):
            cited.setdefault(word.stem, []).append(word)
    if not claim.is_verbatim and (_turned(claim) or _adjoining_no(claim)):
        return _FLAGS["negated"]
    for word in _words(claim.text, None):
        known = cited.get(word.stem) or _synonyms(word, cited)
        if known and (refusal := next(_disagreements(word, known), None)):
            return refusal
    return None


def _turned(claim: Claim) -> bool:
    """Whether the text says "no" where nothing in the cited words does, or nothing like it where they say it of a word.

    Whatever ConText takes for no negation (*not doing well*) counts here, since the other side has no "no" at all.
    """
    text, cited = reading_of(claim.text).plain, "\n".join(reading_of(e.context).plain for e in claim.cited)
    if _NO.search(text) and not _SOME_NO.search(cited):
        return True
    if _SOME_NO.search(text) or not _NO.search(cited):
        return False
    said = _governed(cited)
    return any(all(part.adjoining for part in said[stem]) for stem in _governed(text) if stem in said)


def _adjoining_no(claim: Claim) -> bool:
    """Whether a "no" stands right before a word that the other side has, and has without any "no" in that part."""
    text = _governed(reading_of(claim.text).plain)
    given: dict[str, list[_Part]] = {}
    for evidence in claim.cited:
        for word, parts in _governed(reading_of(evidence.context).plain).items():
            given.setdefault(word, []).extend(parts)
    for word in text.keys() & given.keys():
        for one, other in ((text[word], given[word]), (given[word], text[word])):
            if all(p.adjoining for p in one) and not any(p.has_no for p in other):
                return True
    return False


class _Part(NamedTuple):
    """How a word stands in its part of a sentence: a "no" right before it, or in the part or the list it belongs to."""

    adjoining: bool
    has_no: bool


@lru_cache(maxsize=4096)
def _governed(plain: str) -> Mapping[str, list[_Part]]:
    """For each content word's stem how each of its places is governed by simple negations."""
    found: dict[str, list[_Part]] = {}
    bounds = list(_PART.finditer(plain))
    ends = [0, *(m.end() for m in bounds), len(plain)]
    carried = False
    for number, (low, high) in enumerate(pairwise(ends)):
        part = plain[low:high]
        listed = number > 0 and bounds[number - 1].group() == ","
        has_no = carried = bool(_CUES[_NEGATED].search(part)) or (listed and carried)
        for word, start, _ in word_spans(part):
            if word not in STOPWORDS and not word[0].isdigit():
                base, turned = bare_stem(word)
                adjoining = turned or bool(has_no and _ADJOINING.search(part[max(0, start - 60) : start]))
                found.setdefault(base, []).append(_Part(adjoining, has_no or turned))
    return found


def _synonyms(word: _Word, cited: dict[str, list[_Word]]) -> list[_Word]:
    """Named findings only: *edema* is looked for as *swelling*, but a "no" of a plain word is its own."""
    if not word.is_concept:
        return []
    return [w for s in carried_by(frozenset({word.stem})) if s in cited for w in cited[s] if w.is_concept]


def _disagreements(word: _Word, known: list[_Word]) -> Iterator[Refusal]:
    for flag, refusal in enumerate(_FLAGS.values()):
        if all(other.signs[flag] != word.signs[flag] for other in known):
            same_cues = all(other.cues[flag] == word.cues[flag] for other in known)
            if (
                not same_cues
                or (word.is_concept and flag == _FAMILY)
                or (word.is_concept and flag == _NEGATED and _is_apart(word, known))
            ):
                yield refusal


def _is_apart(word: _Word, known: list[_Word]) -> bool:
    """Whether the "no" that governs one side stands in no part of a sentence with the word on the other."""
    if word.signs[_NEGATED]:
        return not any(other.part_has_no for other in known)
    return not word.part_has_no


@lru_cache(maxsize=4096)
def _words(text: str, kind: SectionKind | None) -> tuple[_Word, ...]:
    reading = reading_of(text)
    plain = _AND_VERB.sub(lambda m: ";" + " " * (len(m.group()) - 1), reading.plain)
    parts = [m.start() for m in _PART.finditer(plain)]
    concepts = [(c.start, c.end) for c in reading.concepts if c.group in ("symptom", "procedure", "test", "substance")]
    ends = [m.start() for m in _CLAUSE.finditer(plain)]
    found = []
    for word, start, end in word_spans(plain):
        if word in STOPWORDS or word[0].isdigit():
            continue
        context = context_of(plain, (start, end), kind)
        clause = plain[max([0, *(e for e in ends if e <= start)]) : min([len(plain), *(e for e in ends if e >= end)])]
        ahead = plain[:start][-60:]
        base, turned = bare_stem(word)
        negated = context.negated or bool(_PASSIVE_NO.search(clause) or _JUST_NO.search(ahead))
        possible = context.possible or bool(_HEDGED.search(ahead))
        signs = (negated != turned, context.family, possible, context.hypothetical)
        part = plain[max([0, *(e for e in ends if e <= start)]) : min([len(plain), *(e for e in parts if e >= end)])]
        family = kind is SectionKind.FAMILY_HISTORY or bool(_RELATIVES.search(clause))
        cues = (
            bool(_CUES[_NEGATED].search(clause)),
            family,
            bool(_CUES[_POSSIBLE].search(clause)),
            bool(_CUES[_HYPOTHETICAL].search(clause)),
        )
        found.append(
            _Word(
                base,
                signs,
                cues,
                bool(_CUES[_NEGATED].search(part)) or turned,
                any(a <= start < b for a, b in concepts),
            )
        )
    return tuple(found)
