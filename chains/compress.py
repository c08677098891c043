"""*Compress*: the model rewrites a small group of evidence as one sentence."""

from string import Template as StringTemplate
from typing import Any

import orjson
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from chains.asking import Question, ask, is_cut_off, model_of, places_of, usage_of
from chains.draft import CUT_OFF, Draft
from chains.evidence import Evidence, Group
from chains.taming import tame
from chains.tokens import budget_for
from core.records import PromptRef
from prompts import WITH_ORIGIN, Prompt

REPAIR_TEMPERATURE = 0.5


class Compressor:
    """Writes drafts with a chat model. One instance serves all requests.

    What is the same for every request, rules and examples, comes first, so that the server's prefix cache pays it once.
    """

    def __init__(self, llm: BaseChatModel, prompt: Prompt, *, max_tokens: int, temperature: float) -> None:
        self._llm = llm
        self._prompt = prompt
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._opening = opening(prompt)
        self.budget = budget_for(llm, self._opening)

    @property
    def prompt(self) -> PromptRef:
        """The prompt in use."""
        return self._prompt.ref

    async def prime(self) -> None:
        """Put the opening before the model, and the form of an answer about one line. Raises ModelUnavailable."""
        form = _schema(["E1"] if self._prompt.names_lines else [])
        message = HumanMessage(self._prompt.user_message(lines=""))
        await self._llm.ainvoke([*self._opening, message], response_format=form, max_tokens=1, temperature=0)

    async def draft(self, group: Group) -> Draft:
        """Ask for one sentence. Raises ModelUnavailable."""
        question = Question(group.section, "draft", places_of(group.evidence))
        message = self._prompt.user_message(lines=self._lines(group))
        return await self._ask(group, question, message, self._temperature)

    async def repair(self, refused: Draft, advice: str) -> Draft:
        """Ask once more, saying what was wrong; warmer, since the same question gets the same answer.

        Raises:
            ModelUnavailable: the model does not answer.
        """
        group = refused.group
        question = Question(group.section, "repair", places_of(group.evidence, refused.text))
        message = self._prompt.repair_message(lines=self._lines(group), reason=advice)
        return await self._ask(group, question, message, max(self._temperature, REPAIR_TEMPERATURE))

    def _lines(self, group: Group) -> str:
        return "\n".join(evidence_line(e, self._prompt.line) for e in group.evidence)

    async def _ask(self, group: Group, question: Question, message: str, temperature: float) -> Draft:
        answer = await ask(
            self._llm,
            [*self._opening, HumanMessage(message)],
            question,
            response_format=_schema([e.evidence_id for e in group.evidence] if self._prompt.names_lines else []),
            max_tokens=self._max_tokens,
            budget=self.budget,
            temperature=temperature,
        )
        return _read(group, answer, names_lines=self._prompt.names_lines)


def opening(prompt: Prompt) -> list[BaseMessage]:
    """What every request with this prompt begins with: the system message and the examples."""
    messages: list[BaseMessage] = [SystemMessage(prompt.system)]
    for example in prompt.examples:
        answer = orjson.dumps(example.answer).decode()
        messages += [HumanMessage(prompt.user_message(**example.values)), AIMessage(answer)]
    return messages


def evidence_line(evidence: Evidence, form: str = WITH_ORIGIN) -> str:
    """One line of a prompt, as its `line` wants it. Nothing of a note can break it or pass for an evidence id."""
    citation = evidence.citation
    heading = citation.section or "no heading"
    where = ", ".join(((citation.charted_at or "undated")[:10], citation.note_type, heading))
    parts = {"id": evidence.evidence_id, "where": tame(where), "heading": tame(heading), "text": tame(evidence.text)}
    return StringTemplate(form).substitute(parts)


def _schema(ids: list[str]) -> dict[str, Any]:
    """The form of an answer; without `ids` it names none, and one compiled grammar serves every group.

    The length of a statement is bounded by its tokens, not here: such a form takes the server seconds to compile
    and up to half a millisecond of each token (docs/adr/0021-feeding-the-batch.md).
    """
    properties: dict[str, Any] = {"statement": {"type": "string"}}
    if ids:
        properties["evidence"] = {"type": "array", "items": {"enum": ids}, "minItems": 1, "maxItems": len(ids)}
    schema = {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "statement", "schema": schema, "strict": True}}


def _read(group: Group, answer: AIMessage, *, names_lines: bool) -> Draft:
    """The answer as a draft. One that need not name lines claims all of them: code finds which of them carry it."""
    raw, usage, model = str(answer.content), usage_of(answer), model_of(answer)
    try:
        fields = orjson.loads(raw)
        text, cited = fields["statement"], [e.evidence_id for e in group.evidence]
        if names_lines or "evidence" in fields:
            cited = fields["evidence"]
        well_formed = isinstance(text, str) and isinstance(cited, list) and all(isinstance(i, str) for i in cited)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        well_formed = False
    if not well_formed:
        return Draft(group, "", (), model, CUT_OFF if is_cut_off(answer) else "not_json", usage, raw)
    return Draft(group, " ".join(text.split()), tuple(dict.fromkeys(cited)), model, "", usage, raw)
