"""A text as the checks read it: abbreviations spelled out, concepts found, its words by their stems."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

from chains.verification.claim import Claim
from chains.wording import STOPWORDS, stem, words
from extraction.words import Match, Phrases, Words

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_DIGITS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip
_COUNT = "|".join(_DIGITS)
_RANGE = re.compile(rf"\b({_COUNT})(?:\s+(?:to|or)\s+|-)({_COUNT})\b", re.IGNORECASE)
_AGE = re.compile(r"\b(\d{1,3})\s?-?(?:yo|y/o|y\.o\.?)(?![a-z])", re.IGNORECASE)
_AGE_SEX = re.compile(r"\b(\d{1,3})\s?(?:yo|y/o|y\.o\.)?\s?([MF])\b(?!\.\d)")
_SEX = {"M": "male", "F": "female"}
_TWICE = re.compile(r"\b([a-z]{4,}) \1\b", re.IGNORECASE)
_PAIR = re.compile(r"(?<![\w/])([A-Z]{2,4})/([A-Z]{2,4})(?![\w/])")
_STAGE = re.compile(r"\bCKD[\s-]?(?=(?:[1-5][ab]?|I{1,3}|IV|V)\b)")
_NEGATIVE = re.compile(
    r"(?:non-?(?!e\b|etheless|steroid|sense)(\w{3,})|un(?!der|lock|load|plug|wrap|it|iv|iq|iform|til|less|ion|dergo|dul|guent|gual|specified)"
    r"(\w{2,}(?:ed|able|ful|ing|ive|al)|aware|clear|safe|sure|steady|stable|adherent|compliant|tender))\Z",
    re.IGNORECASE,
)
_NOT_SO = (
    (re.compile(r"\b(?:afebrile)\b", re.IGNORECASE), "no fever"),
    (re.compile(r"\basymptomatic\b", re.IGNORECASE), "(no symptoms)"),
    (re.compile(r"\b((?:cough|spitt?|throw|vomit)(?:ing|ed|s)?) up of\b", re.IGNORECASE), r"\1 up"),
    (re.compile(r"\bmat\b\.?(?= (?:aunt|uncle|cousin|grand|g\.?[mf]\b))", re.IGNORECASE), "maternal"),
    (re.compile(r"\bpat\b\.?(?= (?:aunt|uncle|cousin|grand|g\.?[mf]\b))", re.IGNORECASE), "paternal"),
    (re.compile(r"\b(maternal|paternal) gm\b", re.IGNORECASE), r"\1 grandmother"),
    (re.compile(r"\b(maternal|paternal) gf\b", re.IGNORECASE), r"\1 grandfather"),
    (re.compile(r"\bin (?:the )?a\.?m\.?(?=\W|\Z)", re.IGNORECASE), "in the morning"),
    (re.compile(r"(?<![\w)])\+\s?(?=[a-z])", re.IGNORECASE), "positive for "),
    (re.compile(r"\b(\w+)-free\b", re.IGNORECASE), r"no \1"),
    (
        re.compile(
            r"\b((?:chest )?pain|symptoms?|drainage|fever|seizure|infection|disease|angina) free\b", re.IGNORECASE
        ),
        r"no \1",
    ),
    (re.compile(r"\b(for|to|in|from) (the )?OR\b"), r"\1 \2operating room"),
    (
        re.compile(
            r"\bdiscontinue(d?) (?=(?:to )?(?:home|skilled|nursing|rehab\w*|hospice|facility|today|tomorrow)\b)"
        ),
        r"discharge\1 ",
    ),
    (re.compile(r"\b(\w+)-like\b", re.IGNORECASE), r"possible \1"),
    (re.compile(r"\bex-?\s?smoker\b", re.IGNORECASE), "former smoker"),
    (re.compile(r"\b(possible|probable|suspected)\.(?=\s[a-z])"), r"\1"),
    (re.compile(r"\b(\d+) out of (\d+)\b", re.IGNORECASE), r"\1/\2"),
    (
        re.compile(
            r",? but (?:the )?(?:patient|pt|he|she|they|family) (declined|refused)(?=\s*(?:[.;,)]|\Z))", re.IGNORECASE
        ),
        r" \1",
    ),
    # Strengths in which aspirin is sold, in mg alone.
    (
        re.compile(
            r"\b(ASA|aspirin|acetylsalicylic acid) (81|162|325)"
            r"(?=\s+(?:daily|qd|po|every|once|at|and|for|by)\b|[.,;)]|\Z)",
            re.IGNORECASE,
        ),
        r"\1 \2 mg",
    ),
    (re.compile(r"\bpainless\b", re.IGNORECASE), "no pain"),
    (re.compile(r"\banicteric\b", re.IGNORECASE), "not icteric"),
    (re.compile(r"\bnon-?\s?smoker\b", re.IGNORECASE), "not a smoker"),
    (re.compile(r"\b(?:is |was |are |were |has been )?unable to\b", re.IGNORECASE), "can not"),
    (re.compile(r"\bcan(?:not|'t|’t)\b", re.IGNORECASE), "can not"),
    (re.compile(r"n['’]t\b", re.IGNORECASE), " not"),
    (
        re.compile(
            r"\b(?:poorly|inadequately|suboptimally|not (?:well|adequately|optimally)) controlled\b", re.IGNORECASE
        ),
        "uncontrolled",
    ),
    (re.compile(r"\bnot an? ((?:\w+ )?candidate)\b", re.IGNORECASE), r"no \1"),
    (
        re.compile(
            r"\b(?:may|can) (?:be )?(?=(?:taken?|used?|repeat(?:ed)?|return|resumed?|shower|bear|drive|eat|"
            r"continued?|go)\b)",
            re.IGNORECASE,
        ),
        "",
    ),
    (re.compile(r"\btimes (?=(?:\d|two|three|four)\b)", re.IGNORECASE), "x "),
)


@dataclass(frozen=True, slots=True)
class Concept:
    """Something a statement may have only where the cited words have it: `group` says of what kind, `name` which."""

    group: str
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """`plain` is the text with abbreviations spelled out; places are characters of it.

    `stems` are those of all words in it that carry meaning, other meanings of its abbreviations included; `bare_stems`
    are those without the phrases that only look like a concept.
    """

    plain: str
    concepts: tuple[Concept, ...]
    stems: frozenset[str]
    bare_stems: frozenset[str]

    @property
    def named(self) -> frozenset[tuple[str, str]]:
        """Group and name of every concept."""
        return frozenset((c.group, c.name) for c in self.concepts)


@cache
def table(name: str) -> Any:
    """One word list of this package, by its file's name without ending."""
    return yaml.load(files("chains.verification").joinpath("words", f"{name}.yaml").read_text("utf-8"), Loader=_LOADER)  # noqa: S506


@cache
def _abbreviations() -> tuple[re.Pattern[str], Mapping[str, tuple[str, ...]]]:
    meanings = {key: tuple(m.strip() for m in value.split("|")) for key, value in table("abbreviations").items()}
    longest_first = sorted(meanings, key=len, reverse=True)
    joined = "|".join(re.escape(k) for k in longest_first)
    return re.compile(rf"(?<![\w/.'’-])(?:{joined})(?![\w'’]|/\w|-\w)", re.IGNORECASE), meanings


def _meanings(match: re.Match[str]) -> tuple[str, ...]:
    _, meanings = _abbreviations()
    written = match.group()
    return meanings.get(written) or meanings.get(written.lower(), ())


def _is_short(word: str) -> bool:
    _, meanings = _abbreviations()
    return word in meanings or word.lower() in meanings


@lru_cache(maxsize=8192)
def spelled_out(text: str) -> str:
    """The text with abbreviations in full, ages and ranges in one form, and "poorly controlled" as one word."""
    pattern, _ = _abbreviations()
    plain = _AGE_SEX.sub(lambda m: f"{m[1]} year old {_SEX[m[2]]}", _AGE.sub(r"\1 year old", " ".join(text.split())))
    plain = _STAGE.sub("chronic kidney disease stage ", plain)
    plain = _PAIR.sub(lambda m: f"{m[1]}, {m[2]}" if _is_short(m[1]) and _is_short(m[2]) else m[0], plain)
    plain = pattern.sub(lambda m: (_meanings(m) or (m.group(),))[0], plain)
    plain = _RANGE.sub(lambda m: f"{_DIGITS[m[1].lower()]}-{_DIGITS[m[2].lower()]}", plain)
    for negative, turned in _NOT_SO:
        plain = negative.sub(turned, plain)
    return _TWICE.sub(r"\1", plain)


@cache
def _concept_phrases() -> Phrases[tuple[str, str] | None]:
    entries: list[tuple[str, tuple[str, str] | None]] = []
    for group, names in table("concepts").items():
        if group == "none":
            entries = [(phrase, None) for phrase in names] + entries
            continue
        for name, others in names.items():
            entries += [(phrase, (group, name)) for phrase in (name, *others)]
    return Phrases(entries)


@lru_cache(maxsize=8192)
def reading_of(text: str) -> Reading:
    """Read a text. Remembered, since a cited sentence is read for every draft that may cite it."""
    plain = spelled_out(text)
    found = tuple(_concept_phrases().find(Words.of(plain)))
    concepts = tuple(Concept(*m.value, m.start, m.end) for m in found if m.value is not None)
    stems = frozenset(_stems(text, plain))
    feigned = {s for m in found if m.value is None for s in content_stems(plain[m.start : m.end])}
    kept = stems if not feigned else stems - feigned.difference(content_stems(_without(plain, found)))
    return Reading(plain, concepts, stems, kept)


def _without(plain: str, found: Sequence[Match[tuple[str, str] | None]]) -> str:
    """The text without phrases that only look like a concept, as *back* does in *came back*."""
    kept = list(plain)
    for match in found:
        if match.value is None:
            kept[match.start : match.end] = " " * (match.end - match.start)
    return "".join(kept)


def _stems(text: str, plain: str) -> Iterator[str]:
    yield from content_stems(plain)
    pattern, _ = _abbreviations()
    for match in pattern.finditer(text):
        for meaning in _meanings(match)[1:]:
            yield from content_stems(meaning)
    yield from content_stems(text)


@lru_cache(maxsize=8192)
def content_stems(text: str) -> tuple[str, ...]:
    """Stems of the words of a text that carry meaning, numbers left out; *nontender* is read as *tender*."""
    return tuple([bare_stem(w)[0] for w in words(text) if w not in STOPWORDS and not w[0].isdigit()])


@lru_cache(maxsize=65536)
def bare_stem(word: str) -> tuple[str, bool]:
    """The stem of a lower-case word without *un-* or *non-*, and whether it had one of them."""
    negative = _NEGATIVE.fullmatch(word)
    return (stem(negative[1] or negative[2]), True) if negative else (stem(word), False)


@cache
def _same() -> Mapping[str, frozenset[str]]:
    """Stems that may stand for a stem."""
    rows = [frozenset(stem(w) for w in row.split()) for row in table("same")]
    found: dict[str, frozenset[str]] = {}
    for row in rows:
        for word in row:
            found[word] = found.get(word, frozenset()) | row
    return found


@lru_cache(maxsize=4096)
def carried_by(stems: frozenset[str]) -> frozenset[str]:
    """Stems that stand for one of these."""
    same = _same()
    return stems.union(*(same.get(s, frozenset()) for s in stems))


def cited_reading(claim: Claim) -> Reading:
    """All that is cited, with the headings it stands under, as one reading."""
    return reading_of(claim.contexts)
