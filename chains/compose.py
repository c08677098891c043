"""Composing: the model reads all evidence of a section, picks what matters from a closed set of ids, and writes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage

from chains.asking import Question, ask, is_cut_off, model_of, places_of, usage_of
from chains.compress import evidence_line, opening
from chains.draft import CUT_OFF, Draft
from chains.evidence import Evidence, Group, SectionEvidence
from chains.taming import tame
from chains.tokens import budget_for
from chains.wording import LINE_ENDS, bare
from core.records import PromptRef, Usage
from prompts import Prompt

_TOKENS_A_LINE = 64
_TOKENS_OF_FORM = 32


@dataclass(frozen=True, slots=True)
class Composition:
    """A section as the model wrote it: one group and one draft a statement, none where it found nothing to say.

    `raw` is the answer as it came. Where `trouble` is set the answer cannot be used and the section stays as gathered.
    """

    section: str
    drafts: tuple[Draft, ...]
    model: str
    raw: str
    usage: Usage = field(default_factory=Usage)
    trouble: str = ""

    @property
    def groups(self) -> tuple[Group, ...]:
        """The evidence of each statement."""
        return tuple(d.group for d in self.drafts)


class Composer:
    """Writes whole sections with a chat model. One instance serves all requests.

    Rules and examples come first and the name of the section last, so that a server's prefix cache pays the opening
    once for all and the lines once for all questions asked of them.
    """

    def __init__(self, llm: BaseChatModel, prompt: Prompt, *, temperature: float) -> None:
        self._llm = llm
        self._prompt = prompt
        self._temperature = temperature
        self._opening = opening(prompt)
        self.budget = budget_for(llm, self._opening)

    @property
    def prompt(self) -> PromptRef:
        """The prompt in use."""
        return self._prompt.ref

    async def prime(self) -> None:
        """Put the opening before the model. Raises ModelUnavailable."""
        message = HumanMessage(self._prompt.user_message(lines="", section=""))
        await self._llm.ainvoke([*self._opening, message], max_tokens=1, temperature=0)

    async def compose(self, section: SectionEvidence) -> Composition:
        """Ask for the section's statements. Raises ModelUnavailable."""
        pool = pool_of(section)
        lines = "\n".join(evidence_line(e, self._prompt.line) for e in pool)
        limit = min(len(pool), section.plan.limit or len(pool))
        answer = await ask(
            self._llm,
            [*self._opening, HumanMessage(self._prompt.user_message(lines=lines, section=section.plan.title))],
            Question(section.plan.key, "compose", places_of(pool)),
            response_format=_schema([e.evidence_id for e in pool], limit),
            max_tokens=_TOKENS_OF_FORM + _TOKENS_A_LINE * limit,
            budget=self.budget,
            temperature=self._temperature,
        )
        return read_composition(section, answer)


def pool_of(section: SectionEvidence) -> tuple[Evidence, ...]:
    """All evidence of a section, numbered through; foreign words are never put before the model."""
    evidence = (e for group in section.own_groups for e in group.evidence)
    return tuple(replace(e, evidence_id=f"E{n}") for n, e in enumerate(evidence, 1))


def read_composition(section: SectionEvidence, answer: AIMessage) -> Composition:
    """What an answer says of a section.

    A statement that names no evidence of the pool is put to all of it. One that is nothing but lines of the pool,
    whatever ids it names, becomes a draft for each of these lines: they are quotes. What was said before in the same
    words is not said again.
    """
    key, raw, model, usage = section.plan.key, str(answer.content), model_of(answer), usage_of(answer)
    try:
        written = list(_statements(orjson.loads(raw)["statements"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return Composition(key, (), model, raw, usage, CUT_OFF if is_cut_off(answer) else "not_json")
    pool, homes = pool_of(section), _homes(section)
    drafts = tuple(
        _draft(section, index, text, cited, pool=pool, homes=homes, model=model)
        for index, (text, cited) in enumerate(_told_once(written, pool))
    )
    apart = (g for g in section.groups if g.unusual)
    kept = tuple(Draft(replace(g, index=n), g.quote.text, ("E1",)) for n, g in enumerate(apart, len(drafts)))
    return Composition(key, drafts + kept, model, raw, usage)


def _statements(items: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Text and ids of each statement; ValueError for another form."""
    if not isinstance(items, list):
        raise ValueError
    for item in items:
        text, cited = item["statement"], item["evidence"]
        if not (isinstance(text, str) and isinstance(cited, list) and all(isinstance(i, str) for i in cited)):
            raise ValueError
        yield " ".join(text.split()), tuple(dict.fromkeys(cited))


def _told_once(
    written: Iterable[tuple[str, tuple[str, ...]]], pool: Sequence[Evidence]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The statements, copies of several lines taken apart, and nothing twice."""
    seen: set[str] = set()
    for text, cited in written:
        copies: list[tuple[str, tuple[str, ...]]] = [(e.text, (e.evidence_id,)) for e in copied_lines(text, pool)]
        for said, lines in copies or [(text, cited)]:
            if (told := bare(said)) not in seen:
                seen.add(told)
                yield said, lines


def copied_lines(text: str, pool: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The lines of the pool that a text consists of, in its order; none where a word of it is the writer's own."""
    found: list[Evidence] = []
    rest = bare(text)
    while rest:
        begun = [line for line in pool if (words := bare(tame(line.text))) and rest.startswith(words)]
        if not begun:
            return ()
        found.append(max(begun, key=lambda line: len(line.text)))
        rest = rest[len(bare(tame(found[-1].text))) :].lstrip(LINE_ENDS)
    return tuple(found)


def _homes(section: SectionEvidence) -> dict[str, Group]:
    """The group in which each line of the pool was gathered."""
    homes = [group for group in section.own_groups for _ in group.evidence]
    return {f"E{n}": group for n, group in enumerate(homes, 1)}


def _quote(known: Sequence[Evidence], homes: dict[str, Group]) -> Evidence:
    """What to show in place of a statement: the one line it rests on, or all of its first group where it uses more."""
    home = homes[known[0].evidence_id]
    beside = [e for e in known[1:] if homes[e.evidence_id] is home]
    return home.quote if beside else known[0]


def _draft(
    section: SectionEvidence,
    index: int,
    text: str,
    cited: Sequence[str],
    *,
    pool: Sequence[Evidence],
    homes: dict[str, Group],
    model: str,
) -> Draft:
    known = tuple(e for e in pool if e.evidence_id in cited) or tuple(pool)
    group = Group(section.plan.key, index, known, _quote(known, homes), rewritable=True)
    raw = orjson.dumps({"statement": text, "evidence": list(cited)}).decode()
    return Draft(group, text, tuple(cited), model, raw=raw)


def _schema(ids: list[str], limit: int) -> dict[str, Any]:
    statement = {
        "type": "object",
        "properties": {
            "statement": {"type": "string"},
            "evidence": {"type": "array", "items": {"enum": ids}, "minItems": 1, "maxItems": len(ids)},
        },
        "required": ["statement", "evidence"],
        "additionalProperties": False,
    }
    schema = {
        "type": "object",
        "properties": {"statements": {"type": "array", "items": statement, "maxItems": limit}},
        "required": ["statements"],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "section", "schema": schema, "strict": True}}
