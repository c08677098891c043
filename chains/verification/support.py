"""Do the cited words carry the content of the text?"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from chains.verification.carried import known_stems, says_something_new
from chains.verification.claim import Claim, Refusal
from chains.verification.reading import cited_reading, content_stems, reading_of
from chains.wording import content_words, word_spans
from extraction.dates import find_dates
from extraction.dosing import FREQUENCY, ROUTE
from extraction.drugs import find_drugs
from extraction.numbers import find_numbers
from extraction.problems import find_problems

MOST_NEW = 0.1
LEAST_KEPT = 0.75
LEAST_CARRIED = 0.5
LEAST_OF_A_CLAUSE = 0.34
_FEW = 2
FRAME = frozenset(
    content_words(
        "reports reported noted found seen showed known currently now takes taking given previously states says notes"
        " describes endorses complains mentions experiences experienced experiencing suffers has presents presented"
        " underwent revealed demonstrated measured level value reading result medication medicine drug dose therapy"
        " individual person case documented recorded listed described indicates indicated shows status history well"
        " continues remains receives received approximately about also there been made use used using clinical medical"
        " neither nor not no any none went go come told advised instructed asked because cause causes due sustained"
        " performed evidence examination per regarding respect terms condition diagnosis diagnosed patient's"
    )
)
_SAYING = frozenset(content_words("reports reported noted notes states says shows showed known has been seen found"))
_CLAUSE = re.compile(r"[;:.]\s|,|\b(?:and|but|while|which|who|because|with|although|after|before)\b", re.IGNORECASE)
_MEDICAL = re.compile(
    r"\b(?!(?:diagnosis|prognosis|hypnosis|program|telegram|diagram|photography|sympathy|synopsis)\b)\w{3,}(?:itis|"
    r"osis|oma|"
    r"omas|ectomy|otomy|ostomy|oscopy|plasty|emia|uria|pathy|algia|penia|megaly|rrhea|rrhage|plegia|paresis|phagia|"
    r"pnea|"
    r"cillin|mycin|statin|pril|sartan|olol|azole|prazole|oxacin|cycline|mab|nib|parin|xaban|gliptin|gliflozin|dipine|"
    r"barbital|azepam|tidine|setron|triptan|graphy|cele|lysis|desis|centesis|pexy)\b",
    re.IGNORECASE,
)
_SIDES = re.compile(r"\b(?:left|right|both|bilateral(?:ly)?|side[ds]?)\b", re.IGNORECASE)
_NAME = re.compile(r"(?<=[a-z,;] )(?:Dr\.?\s+)?(?P<name>[A-Z][a-z]{2,})\b")
_ACRONYM = re.compile(r"\b[A-Z]{2,6}\b")
_TERM = Refusal("unsupported_term", "it named something that the lines do not name")
_NOT_NAMES = frozenset({"The", "Patient", "She", "Her", "His", "They", "There", "This", "That", "Mr", "Mrs"})


def is_carried(claim: Claim) -> Refusal | None:
    """Refuses a text of whose content words fewer than half stand in the cited sentences, or a clause with hardly any.

    Other words for the same thing count (`words/same.yaml`). New words by themselves refuse nothing: a paraphrase has
    them, and is flagged. A floor: what is below speaks of something else than the cited sentences.
    """
    asked, new = _asked(claim.text), set(new_words(claim))
    if len(new) > max(_FEW - 1, (1 - LEAST_CARRIED) * len(asked)):
        return Refusal("unsupported_content", "it said things that are not in the lines")
    if _shares_nothing(claim):
        return Refusal("unsupported_content", "the lines speak of something else")
    for clause in _clauses(claim.text):
        stems = set(clause)
        if len(stems) > _FEW and stems <= new:
            return Refusal("unsupported_content", "a part of it is not in the lines")
        if len(stems & new) > _FEW and len(stems - new) < LEAST_OF_A_CLAUSE * len(stems):
            return Refusal("unsupported_content", "a part of it is not in the lines")
    return None


def _shares_nothing(claim: Claim) -> bool:
    """Whether the text has no content word, drug, problem or concept in common with the cited words."""
    text, cited = reading_of(claim.text), cited_reading(claim)
    stems = set(content_stems(_blanked(text.plain, ((d.start, d.end) for d in find_dates(text.plain)))))
    telling = stems - _SAYING or stems
    if not telling or telling & _known(claim) or text.named & cited.named:
        return False
    return not any(
        {m.name for m in find(text.plain)} & {m.name for m in find(cited.plain)} for find in (find_drugs, find_problems)
    )


def names_nothing_new(claim: Claim) -> Refusal | None:
    """Refuses a word with a medical ending, a proper name or an acronym that no cited sentence holds or stands for."""
    cited, plain = cited_reading(claim), reading_of(claim.text).plain
    known = _known(claim)
    named = [(m.start, m.end) for find in (find_drugs, find_problems) for m in find(plain)]
    for match in _MEDICAL.finditer(plain):
        if not any(a <= match.start() < b for a, b in named) and not known.issuperset(content_stems(match.group())):
            return _TERM
    dated = [(m.start, m.end) for find in (find_dates, find_drugs) for m in find(claim.text)]
    for match in _NAME.finditer(claim.text):
        if any(a <= match.start("name") < b for a, b in dated):
            continue
        if match["name"] not in _NOT_NAMES and not known.issuperset(content_stems(match["name"])):
            return _TERM
    initials = "".join(w[0] for w in re.findall(r"[A-Za-z]+", cited.plain)).lower()
    for match in _ACRONYM.finditer(plain):
        if match.group().lower() not in initials and not known.issuperset(content_stems(match.group())):
            return _TERM
    return None


def words_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a word that no cited sentence holds nor stands for, unless it is an everyday word.

    Of the words in a drug's, a problem's or another name known to us, and of numbers, other checks have spoken.
    """
    known = known_stems(claim)
    plain = _without_checked(reading_of(claim.text).plain)
    if any(says_something_new(w, known) for w, _, _ in word_spans(plain) if not w[0].isdigit() and len(w) > 2):
        return Refusal("unsupported_word", "it used a word for something that the lines do not tell")
    return None


def is_close(claim: Claim) -> Refusal | None:
    """Refuses a text with more than one content word in ten that the cited words do not hold, or too few words of them.

    A floor against invention: what a weak model adds reads well and is worth nothing. Words of the frame ("takes") do
    not count, and names, numbers, dates and frequencies, which may be spelled differently, have checks of their own.
    """
    given = Counter(content_words("\n".join(e.context for e in claim.cited)))
    new = [s for s, count in _asked(claim.text).items() for _ in range(count) if s not in _literal(claim)]
    if len(new) > MOST_NEW * _asked(claim.text).total():
        return Refusal("unsupported_content", "it said things that are not in the lines")
    if len(content_words(claim.text)) < LEAST_KEPT * given.total():
        return Refusal("too_little", "it left out most of what the lines say")
    return None


def says_nothing_twice(claim: Claim) -> Refusal | None:
    """Refuses a text that has a word of the cited sentences oftener than they do."""
    given = Counter(content_words("\n".join(e.context for e in claim.cited)))
    if any(1 < count > given[stem] > 0 for stem, count in Counter(content_words(claim.text)).items()):
        return Refusal("repetition", "it said something twice")
    return None


def new_words(claim: Claim) -> tuple[str, ...]:
    """Stems of content words that no cited sentence holds, nor another word for them; each once."""
    known = _known(claim)
    return tuple(stem for stem in _asked(claim.text) if stem not in known)


def _literal(claim: Claim) -> frozenset[str]:
    return cited_reading(claim).stems


def _known(claim: Claim) -> frozenset[str]:
    return known_stems(claim)


@lru_cache(maxsize=4096)
def _asked(text: str) -> Counter[str]:
    """Stems of the text's content words, without those that have checks of their own and without the frame."""
    return Counter(s for s in content_stems(_without_checked(reading_of(text).plain)) if s not in FRAME)


def _clauses(text: str) -> Iterator[list[str]]:
    for clause in _CLAUSE.split(_without_checked(reading_of(text).plain)):
        yield [s for s in content_stems(clause) if s not in FRAME]


@lru_cache(maxsize=4096)
def _without_checked(plain: str) -> str:
    return _blanked(plain, _checked_spans(plain))


def _blanked(plain: str, spans: Iterable[tuple[int, int]]) -> str:
    kept = list(plain)
    for start, end in spans:
        kept[start:end] = " " * (end - start)
    return "".join(kept)


def _checked_spans(plain: str) -> Iterator[tuple[int, int]]:
    for find in (find_drugs, find_problems, find_numbers, find_dates):
        yield from ((m.start, m.end) for m in find(plain))
    for pattern in (FREQUENCY, ROUTE):
        yield from (m.span() for m in pattern.finditer(plain))
    yield from ((c.start, c.end) for c in reading_of(plain).concepts)
    yield from (m.span() for m in _SIDES.finditer(plain))
