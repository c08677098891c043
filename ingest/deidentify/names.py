"""Names of people, where something next to them says that they are names, and wherever they come again in the note."""

import re
from collections.abc import Iterator

from extraction.gated import Gated
from ingest.deidentify.identifiers import Identifier, IdentifierKind, Rule
from ingest.deidentify.words import NEVER_NAMES, WORDS_TOO

_LETTERS = r"A-Za-zÀ-ÖØ-öø-ſ"
_WORD_PART = rf"[A-ZÀ-ÖØ-Þ][{_LETTERS}\d'’]{{1,30}}"
_TOKEN = rf"{_WORD_PART}(?:-{_WORD_PART}){{0,2}}"
# Its capital first, what may not stand before it second: a search runs from one capital to the next.
_FIRST = rf"[A-ZÀ-ÖØ-Þ](?<![{_LETTERS}\d].)[{_LETTERS}\d'’]{{1,30}}(?:-{_WORD_PART}){{0,2}}"
_PART = rf"(?:{_TOKEN}|[A-Z]\.?(?![{_LETTERS}\d]))"
_PARTICLE = r"(?:(?:de|del|della|da|di|van|von|der|den|la|le|bin|al|ter)(?: la| der)? )?"
_JOIN = rf"(?:,? {_PARTICLE})"
_NAME = rf"(?P<value>{_PARTICLE}{_PART}(?:{_JOIN}{_PART}){{0,3}})"
_FULL = rf"(?P<value>{_FIRST}(?:{_JOIN}{_PART}){{1,3}})"
_GAP = r"[ \t]{0,3}\n?[ \t]{0,3}"
_AGED = rf"(?P<value>{_FIRST}(?: {_PART}){{0,2}})"

_CREDENTIAL = (
    r"(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|P\.?A\.?(?:-C)?|Ph\.?D\.?|LPN|CRNA|Pharm\.?D|FNP|APRN|LCSW|DDS|DPM|MBBS"
    r"|FACP|FACS)\b"
)
_SIGNED = r"(?:[Ss]igned|[Dd]ictated|[Tt]ranscribed|[Ee]ntered|[Rr]eviewed|[Aa]uthenticated|[Cc]osigned|[Vv]erified) by"
_ROLE = (
    r"(?:[Aa]ttending(?: [Pp]hysician)?|[Pp]hysician|[Pp]rovider|[Ss]urgeon|[Aa]uthor|PCP|[Rr]esident|[Nn]urse"
    r"|[Rr]eferring(?: [Pp]hysician)?|[Rr]eferred by|[Ee]mergency [Cc]ontact|[Nn]ext of [Kk]in|[Gg]uardian"
    r"|[Hh]ealth ?care [Pp]roxy|HCP|[Pp]atient(?:'s)?(?: [Nn]ame)?|PATIENT(?: NAME)?|[Ff]ull [Nn]ame"
    r"|[Ss]poke with|RE|Re)"
)
_RELATIVE = (
    r"(?:wife|husband|son|daughter|mother|father|brother|sister|friend|partner|spouse|caregiver|guardian|fianc[eé]e?"
    r"|nephew|niece|aunt|uncle|cousin|roommate|neighbou?r)"
)
_CALLED = (
    r"(?:(?:prefers|likes|wants|asks) to be called|goes by|known as|charted as|nicknamed|named|a\.k\.a\.|aka"
    r"|name is|pleasure of (?:seeing|meeting)|[Dd]ear)"
)
_AGE = r"\d{1,3}[ -]?(?:year|yr|y/?o\b|y\.o|month|week|day)"


_CREDENTIAL_TRIGGERS = (
    *("md", "m.d", ", do", "d.o.", " rn", "r.n.", " np", "n.p.", ", pa", " pa,", " pa.", " pa-c", "phd", "ph.d", "lpn"),
    *("crna", "pharmd", "pharm.d", "fnp", "aprn", "lcsw", "dds", "dpm", "mbbs", "facp", "facs"),
)
_ROLES = ("physician", "attending", "provider", "surgeon", "author", "pcp", "resident", "nurse", "referring", " by")
_LABELS = ("contact", "kin", "guardian", "proxy", "hcp", "patient", "name", " with", "re")
_ROLE_TRIGGERS = tuple(f"{word}{colon}" for word in _ROLES + _LABELS for colon in (":", " :"))
_RELATIVE_TRIGGERS = (
    *("wife", "husband", "son", "daughter", "mother", "father", "brother", "sister", "friend", "partner", "spouse"),
    *("caregiver", "guardian", "fianc", "nephew", "niece", "aunt", "uncle", "cousin", "roommate", "neighb"),
)
_AGE_TRIGGERS = ("year-", "year old", "years old", "yr", "yo", "y/o", "y.o", "-month", "-week", "-day", "month old")


def _name(triggers: tuple[str, ...], pattern: str, flags: int = 0) -> Rule:
    return Rule(IdentifierKind.NAME, triggers, Gated(pattern, flags))


_RULES = (
    _name(
        (),
        # A title in full takes no point: in "Nurse. Lives with her son" a new sentence begins.
        r"[DFMNPRS](?<!\w.)(?:(?:(?<=D)(?:rs?|R\.)|(?<=M)(?:rs?|s|R\.|RS\.|S\.)|(?<=P)rof|(?<=R)ev)\.?"
        r"|(?<=D)octor|(?<=M)iss|(?<=P)rofessor|(?<=N)urse|(?<=S)ister|(?<=F)ather)"
        rf"{_GAP}{_NAME}",
    ),
    _name(_CREDENTIAL_TRIGGERS, rf"{_FULL},? ?{_CREDENTIAL}"),
    _name((" by",), rf"\b{_SIGNED}:?{_GAP}{_NAME}"),
    _name(_ROLE_TRIGGERS, rf"\b{_ROLE}[ \t]{{0,3}}:[ \t]{{0,3}}{_NAME}"),
    _name(("name",), rf"(?:^|\||;|[Ff]irst |[Ll]ast |\t)[ ]{{0,3}}(?:Name|NAME|name):[ \t]{{0,3}}{_NAME}", re.M),
    _name(("patient",), rf"\b(?:for|of|regarding|with|saw|seeing) (?:(?:the|this|our|my) )?patient,? {_NAME}"),
    _name(
        ("called", "goes by", "known as", "charted as", "named", "a.k.a", "aka", "name is", "pleasure of", "dear"),
        rf"\b{_CALLED} ['\"‘“]?{_NAME}",
    ),
    _name(
        _RELATIVE_TRIGGERS,
        rf"\b{_RELATIVE} (?P<value>{_TOKEN}(?: {_TOKEN})?)"
        r"(?=[,.;)]| (?:is|was|has|had|at|who|and|will|can|reports|states)\b)",
    ),
    _name(
        ("mrn", "dob", "ssn", "d.o.b", "date of birth", "medical record"),
        rf"{_FULL} ?[(,;] ?(?:MRN|DOB|SSN|D\.O\.B|[Dd]ate of [Bb]irth|[Mm]edical [Rr]ecord)",
    ),
    _name(_AGE_TRIGGERS, rf"{_AGED},? ?(?:is|was) (?:a|an) (?:very |pleasant |delightful ){{0,3}}{_AGE}"),
    _name(_AGE_TRIGGERS, rf"{_FULL},? (?:a|an) (?:very |pleasant |delightful ){{0,3}}{_AGE}"),
)
_LOWER = _name(("dr. ", "mr. ", "mrs. ", "ms. "), r"\b(?:dr|mr|mrs|ms)\. (?P<value>[a-z][a-z'’-]{2,30})")
_NO_NAMES = NEVER_NAMES - WORDS_TOO
_LOWER_WORDS = frozenset(word.lower() for word in NEVER_NAMES)

_WORD = re.compile(rf"[{_LETTERS}\d'’-]+")
_EPONYM = re.compile(
    r"(?:['’]s?)?[ -](?:disease|syndrome|sign|test|palsy|lymphoma|catheter|thyroiditis|phenomenon|esophagus|maneuver"
    r"|manoeuvre|score|scale|cyst|fracture|contracture|tumou?r|chorea|reflex|neuroma|block)",
    re.I,
)


def find_names(text: str, lowered: str) -> Iterator[Identifier]:
    """Names that a title, label, credential, age or relation marks, then every other place where they stand."""
    ranges = [inner for rule in _RULES for span in rule.find(text, lowered) if (inner := _trim(text, *span))]
    ranges += [(start, end) for start, end in _LOWER.find(text, lowered) if text[start:end] not in _LOWER_WORDS]
    for start, end in ranges:
        yield Identifier(start, end, IdentifierKind.NAME)
    yield from _again(text, {text[start:end] for start, end in ranges})


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Leave out leading words that are no names, what follows the next such word, and the possessive at the end."""
    first = last = -1
    for word in _WORD.finditer(text, start, end):
        plain = word.group().removesuffix("'s").removesuffix("’s").rstrip("'’")
        if plain.title() in _NO_NAMES and (first < 0 or len(plain) > 1):
            if first >= 0:
                break
            continue
        if first < 0:
            first = word.start()
        last = word.start() + len(plain)
    return (first, last) if last - first > 1 else None


def _again(text: str, known: set[str]) -> Iterator[Identifier]:
    """Every place of the text where a known name, or a part of one that is no everyday word, stands again."""
    forms: set[str] = set()
    for name in known:
        words = [word.strip("'’-") for word in _WORD.findall(name)]
        if len(words) > 1:
            forms.add("[ -]".join(map(re.escape, words)))
        for word in (part for whole in words for part in {whole, *whole.split("-")}):
            if len(word) > 2 and word[:1].isupper() and word.title() not in WORDS_TOO | NEVER_NAMES:
                forms.update({re.escape(word), re.escape(word.upper())})
            if "-" in word:
                forms.add(re.escape(word).replace(r"\-", "[ -]"))
    if not forms:
        return
    longest_first = "|".join(sorted(forms, key=lambda form: (-len(form), form)))
    for found in re.finditer(rf"(?<![{_LETTERS}\d_])(?:{longest_first})(?![{_LETTERS}\d_])", text):
        if not _EPONYM.match(text, found.end()):
            yield Identifier(found.start(), found.end(), IdentifierKind.NAME)
