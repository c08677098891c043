"""The terms of a text as support compares them: numbers, names and words, each in one spelling."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache

from chains.verification.spelled import in_figures
from chains.wording import STOPWORDS, stem
from extraction.dates import find_dates
from extraction.dosing import FREQUENCY, canonical_frequency, canonical_number, canonical_unit
from extraction.lexicon import drug_phrases, load, synonyms
from extraction.problems import find_problems
from extraction.words import Phrases, Words

_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_UNIT = re.compile(r"\b(?:milligrams?|micrograms?|grams?|gm|pounds?|lbs?|ounces?|kilograms?)\b", re.IGNORECASE)
_SPACED_UNIT = re.compile(r"(?<=\d )M ?([GL])\b")
_SPACED = re.compile(r"\b[A-Z](?: [A-Z]){1,5}\b(?!['’])")
_LIST_MARK = re.compile(r"(?:(?<=^)|(?<=\n)|(?<=[.:;]\s)|(?<=[.:;]\s\s))[ \t]*\(?\d{1,2}[.)](?=\s|$)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_GLUED = re.compile(r"(?<=\d)(?:st|nd|rd|th|s)\b|(?<=\d)(?=[A-Za-z])")
_HYPHEN = re.compile(r"(?<=[a-z])-(?=[a-z])")
_SHORTEST_ROOT = 4
_LONGEST_ENDING = 3
_DENIALS = frozenset(["no", "not", "never", "without", "nor", "denies", "denied", "deny", "nothing", "nobody"])


class Kind(Enum):
    """What sort of term it is, which says how much it matters that a source carries it."""

    NUMBER = "number"
    NAME = "name"
    WORD = "word"
    SEX = "sex"
    FRAME = "frame"
    VERDICT = "verdict"


@dataclass(frozen=True, slots=True)
class Term:
    """One term: its canonical `key`, and for each of its words the keys of which any one carries the word."""

    key: str
    kind: Kind
    words: tuple[frozenset[str], ...] = ()


@cache
def _concepts() -> Phrases[str]:
    named = (load("lay_terms")["terms"], load("results")["analytes"], load("status")["devices"])
    return Phrases(pair for table in named for pair in synonyms(table))


@cache
def _broader() -> dict[str, tuple[str, ...]]:
    above: dict[str, list[str]] = {}
    for table in (load("lay_terms")["broader"], load("problems")["broader"]):
        for broad, narrow in table.items():
            for name in narrow.split(","):
                above.setdefault(name.strip(), []).append(broad)
    return {narrow: tuple(names) for narrow, names in above.items()}


@cache
def _frame() -> frozenset[str]:
    return frozenset(stem(word) for word in load("lay_terms")["frame"])


@cache
def _sexes() -> dict[str, str]:
    return {word: sex for sex, words in load("lay_terms")["sexes"].items() for word in words}


@cache
def _sex_nouns() -> frozenset[str]:
    return frozenset(load("lay_terms")["sex_nouns"])


@cache
def _verdicts() -> frozenset[str]:
    return frozenset(load("lay_terms")["verdicts"])


def _plain(text: str) -> str:
    """One spelling of numbers, dates, units and spelled-out letters; no numbers of list items."""
    text = in_figures(_LIST_MARK.sub(" ", text))
    text = _SPACED.sub(lambda m: m.group().replace(" ", ""), _SPACED_UNIT.sub(lambda m: "m" + m[1].lower(), text))
    text = _UNIT.sub(lambda m: canonical_unit(m.group()), _GLUED.sub(" ", _HYPHEN.sub(" ", _THOUSANDS.sub("", text))))
    text = FREQUENCY.sub(_frequency, text)
    for date in reversed(find_dates(text)):
        parts = " ".join(str(int(part)) for part in date.value.split("-") if part)
        text = f"{text[: date.start]}{parts}{text[date.end :]}"
    return text


def _frequency(match: re.Match[str]) -> str:
    """*BID* and *twice a day* alike; *in the morning* may be said of one morning."""
    found = match.group()
    return found if found.lower().startswith("in ") else canonical_frequency(found) or found


def _named(text: str, words: Words) -> Iterator[tuple[int, int, str, Kind]]:
    """Drugs, problems, then everything else that has a name of its own, by first and last word."""
    for drug in drug_phrases().find(words):
        yield drug.first, drug.last, drug.value, Kind.NAME
    firsts = {start: i for i, start in enumerate(words.starts)}
    lasts = {end: i for i, end in enumerate(words.ends)}
    for problem in find_problems(text, words):
        yield firsts[problem.start], lasts[problem.end], problem.name, Kind.NAME
    for match in _concepts().find(words):
        if match.end - match.start > 1:
            yield match.first, match.last, match.value, Kind.WORD


@lru_cache(maxsize=4096)
def terms_of(text: str) -> tuple[Term, ...]:
    """The terms of a text, names first: its numbers, names of drugs and problems, and content words.

    A word belongs to one term. Stopwords and words of denial are none: whether a denial survives is a check of its own.
    """
    text = _plain(text)
    words = Words.of(text)
    taken: set[int] = set()
    found = [Term(_number(m.group()), Kind.NUMBER) for m in _NUMBER.finditer(text)]
    for first, last, name, kind in _named(text, words):
        span = range(first, last + 1)
        content = [w for w in words.lower[first : last + 1] if w not in STOPWORDS]
        if content and taken.isdisjoint(span) and _verdicts().isdisjoint(content):
            taken.update(span)
            found.append(Term(name, kind, tuple(_ways(w) for w in content)))
    found += [_word_term(word) for i, word in enumerate(words.lower) if i not in taken and _is_content(word)]
    return tuple(found)


def _is_content(word: str) -> bool:
    if word in _sex_nouns():
        return True
    return len(word) > 1 and word not in STOPWORDS and word not in _DENIALS and not word[0].isdigit()


def _word_term(word: str) -> Term:
    if word in _sex_nouns():
        return Term(_sexes()[word], Kind.SEX)
    if word in _verdicts():
        return Term(word, Kind.VERDICT, (_ways(word),))
    root = stem(word)
    return Term(root, Kind.FRAME if root in _frame() else Kind.WORD, (_ways(word),))


@lru_cache(maxsize=65536)
def _ways(word: str) -> frozenset[str]:
    """Keys that carry a word: its stem, what it stands for, and stems that differ by a short ending only."""
    root = stem(word)
    shorter = {root[:-cut] for cut in range(1, _LONGEST_ENDING + 1) if len(root) - cut >= _SHORTEST_ROOT}
    stands_for = {f"={m.value}" for m in _concepts().find(Words.of(word))}
    longer = {f"{root}~"} if len(root) >= _SHORTEST_ROOT else set()
    return frozenset({root, f"={word}"} | shorter | stands_for | longer)


@lru_cache(maxsize=16384)
def _stems(name: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in Words.of(name).lower)


def _number(figures: str) -> str:
    return canonical_number(figures) or figures


@lru_cache(maxsize=4096)
def keys_of(text: str) -> frozenset[str]:
    """Everything that a source carries.

    Numbers and stems as they are, `root~` for the beginnings of stems, `=name` for what is named and what is broader,
    `#female` or `#male` for the people spoken of.
    """
    text = _plain(text)
    words = Words.of(text)
    keys = {_number(m.group()) for m in _NUMBER.finditer(text)}
    for word in words.lower:
        root = stem(word)
        keys.add(root)
        keys.update(f"{root[:-c]}~" for c in range(1, _LONGEST_ENDING + 1) if len(root) - c >= _SHORTEST_ROOT)
        if word in _sexes():
            keys.add(f"#{_sexes()[word]}")
    for _, _, name, _ in _named(text, words):
        keys.update(f"={known}" for known in (name, *_broader().get(name, ())))
        keys.update(_stems(name))
    return frozenset(keys)


def whole_keys(term: Term) -> tuple[str, ...]:
    """Keys of which any one carries the whole term."""
    if term.kind is Kind.NUMBER:
        return (term.key,)
    return (f"#{term.key}",) if term.kind is Kind.SEX else (f"={term.key}",)
