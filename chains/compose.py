"""Composing: the model reads all evidence of a section, picks what matters from a closed set of ids, and writes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage

from chains.asking import Question, ask, model_of, places_of, usage_of
from chains.compress import evidence_line, opening
from chains.draft import Draft
from chains.evidence import Evidence, Group, SectionEvidence
from core.records import PromptRef, Usage
from prompts import Prompt

_LONGEST_STATEMENT = 400
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

    @property
    def prompt(self) -> PromptRef:
        """The prompt in use."""
        return self._prompt.ref

    async def compose(self, section: SectionEvidence) -> Composition:
        """Ask for the section's statements. Raises ModelUnavailable."""
        pool = pool_of(section)
        lines = "\n".join(evidence_line(e) for e in pool)
        limit = min(len(pool), section.plan.limit or len(pool))
        answer = await ask(
            self._llm,
            [*self._opening, HumanMessage(self._prompt.user_message(lines=lines, section=section.plan.title))],
            Question(section.plan.key, "compose", places_of(pool)),
            response_format=_schema([e.evidence_id for e in pool], limit),
            max_tokens=_TOKENS_OF_FORM + _TOKENS_A_LINE * limit,
            temperature=self._temperature,
        )
        return read_composition(section, answer)


def pool_of(section: SectionEvidence) -> tuple[Evidence, ...]:
    """All evidence of a section, numbered through; foreign words are never put before the model."""
    evidence = (e for group in section.own_groups for e in group.evidence)
    return tuple(replace(e, evidence_id=f"E{n}") for n, e in enumerate(evidence, 1))


def read_composition(section: SectionEvidence, answer: AIMessage) -> Composition:
    """What an answer says of a section; a statement that names no evidence of the pool is put to all of it."""
    key, raw, model, usage = section.plan.key, str(answer.content), model_of(answer), usage_of(answer)
    try:
        written = list(_statements(orjson.loads(raw)["statements"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return Composition(key, (), model, raw, usage, "not_json")
    pool, quotes = pool_of(section), _quotes(section)
    drafts = tuple(
        _draft(section, index, text, cited, pool=pool, quotes=quotes, model=model)
        for index, (text, cited) in enumerate(written)
    )
    apart = (g for g in section.groups if g.unusual)
    kept = tuple(Draft(replace(g, index=n), g.quote.text, ("E1",)) for n, g in enumerate(apart, len(drafts)))
    return Composition(key, drafts + kept, model, raw, usage)


def _statements(items: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Text and ids of each statement; ValueError for another form. One said word for word before is not said again."""
    if not isinstance(items, list):
        raise ValueError
    seen: set[str] = set()
    for item in items:
        text, cited = item["statement"], item["evidence"]
        if not (isinstance(text, str) and isinstance(cited, list) and all(isinstance(i, str) for i in cited)):
            raise ValueError
        text = " ".join(text.split())
        if text.casefold() not in seen:
            seen.add(text.casefold())
            yield text, tuple(dict.fromkeys(cited))


def _quotes(section: SectionEvidence) -> dict[str, Evidence]:
    """The span to show in place of each line of the pool: that of the group it was gathered in."""
    quotes: list[Evidence] = [group.quote for group in section.own_groups for _ in group.evidence]
    return {f"E{n}": quote for n, quote in enumerate(quotes, 1)}


def _draft(
    section: SectionEvidence,
    index: int,
    text: str,
    cited: Sequence[str],
    *,
    pool: Sequence[Evidence],
    quotes: dict[str, Evidence],
    model: str,
) -> Draft:
    known = tuple(e for e in pool if e.evidence_id in cited) or tuple(pool)
    group = Group(section.plan.key, index, known, quotes[known[0].evidence_id], rewritable=True)
    raw = orjson.dumps({"statement": text, "evidence": list(cited)}).decode()
    return Draft(group, text, tuple(cited), model, raw=raw)


def _schema(ids: list[str], limit: int) -> dict[str, Any]:
    statement = {
        "type": "object",
        "properties": {
            "statement": {"type": "string", "minLength": 1, "maxLength": _LONGEST_STATEMENT},
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
