"""A section for what the caller asked about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from chains.evidence import Group
from chains.wording import content_words
from core.records import Citation
from extraction.drugs import find_drugs
from extraction.lexicon import allergen_phrases
from extraction.problems import find_problems
from extraction.results import find_analytes
from extraction.topics import find_topics
from extraction.words import Words
from prompts import SectionPlan

FOCUS_KEY = "focus"
# Words of the question rather than of its subject: a sentence need not hold them to answer it.
_ASKING = frozenset(
    content_words(
        "about all any anything been changes current currently details does dosage dose doses dosing ever frequency"
        " function give has have history how information issues last latest level levels list long medication"
        " medications medicine most much now often on patient person problem problems question reading readings recent"
        " recently regarding result results show status summarize summary take taken takes taking tell tests there"
        " trend trends use used value values what when where which why"
    )
)


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing asked about: canonical names of facts, or phrases, each a set of stems that a sentence must hold."""

    names: frozenset[str]
    phrases: tuple[frozenset[str], ...]

    def is_met_by(self, stems: frozenset[str], names: frozenset[str]) -> bool:
        """Whether a sentence with these stems and facts speaks of it."""
        return bool(names & self.names) or any(phrase <= stems for phrase in self.phrases)


@dataclass(frozen=True, slots=True)
class Focus:
    """What was asked: known subjects, and the stems of what no list knows.

    `queries` are what to search for. `names` are the facts that answer, wherever they stand.
    """

    subjects: tuple[Subject, ...]
    stems: frozenset[str]
    queries: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        """Canonical names of all facts that answer."""
        return frozenset(name for subject in self.subjects for name in subject.names)

    def is_answered_by(self, stems: frozenset[str], names: frozenset[str]) -> bool:
        """Whether a sentence speaks of one of the subjects; where none is known, of most of the stems."""
        if self.subjects:
            return any(subject.is_met_by(stems, names) for subject in self.subjects)
        return 2 * len(self.stems & stems) > len(self.stems)


def read_focus(text: str) -> Focus:
    """What a caller's words ask about; of words that only ask, nothing."""
    subjects, known = [], set()
    others: set[str] = set()
    for start, end, subject in _subjects(text):
        subjects.append(subject)
        known.update(content_words(text[start:end]))
        others |= {name for name in subject.names if name not in text.lower()}
    stems = frozenset(content_words(text))
    rest = stems - _ASKING - known
    queries = (text, ", ".join(sorted(others))) if others else (text,)
    return Focus(tuple(subjects), rest or stems, queries)


def _subjects(text: str) -> Iterator[tuple[int, int, Subject]]:
    """Topics first: *blood sugar* asks for more than one measure of that name."""
    taken: list[tuple[int, int]] = []
    for mention in find_topics(text):
        phrases = tuple(
            frozenset(content_words(p)) for p in (*mention.topic.phrases, text[mention.start : mention.end])
        )
        taken.append((mention.start, mention.end))
        yield mention.start, mention.end, Subject(mention.topic.names, phrases)
    named = [(m.start, m.end, m.name) for find in (find_drugs, find_problems) for m in find(text)]
    named += [(m.start, m.end, m.value) for m in (*find_analytes(text), *allergen_phrases().find(Words.of(text)))]
    for start, end, name in dict.fromkeys(named):
        if not any(a < end and start < b for a, b in taken):
            yield start, end, Subject(frozenset({name}), (frozenset(content_words(text[start:end])),))


def facts_first(facts: Sequence[Group], passages: Sequence[Group], limit: int | None) -> tuple[Group, ...]:
    """What holds now, then passages that say more; at most `limit` groups, numbered anew."""
    said = [group.quote.citation for group in facts]
    more = [p for p in passages if not any(_overlap(p.quote.citation, c) for c in said)]
    return tuple(replace(group, index=i) for i, group in enumerate([*facts, *more][:limit]))


def _overlap(left: Citation, right: Citation) -> bool:
    return left.note_id == right.note_id and left.start < right.end and right.start < left.end


def focus_plan(focus: Focus) -> SectionPlan:
    """The section that answers a focus."""
    return SectionPlan(
        key=FOCUS_KEY, title="What was asked", source="passage", queries=focus.queries, half_life_days=1500, limit=5
    )
