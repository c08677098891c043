"""*Compress*: the model rewrites a small group of evidence as one sentence, and names the lines it used."""

import re
import unicodedata
from typing import Any

import orjson
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from chains.draft import Draft
from chains.evidence import Evidence, Group
from core.errors import ModelUnavailable
from core.records import PromptRef, Usage
from prompts import Prompt

_MARKER = re.compile(r"\[(E\d+)\]")
_LONGEST_OUTPUT = 600
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

    @property
    def prompt(self) -> PromptRef:
        """The prompt in use."""
        return self._prompt.ref

    async def draft(self, group: Group) -> Draft:
        """Ask for one sentence. Raises ModelUnavailable."""
        return await self._ask(group, self._prompt.user_message(lines=_lines(group)), self._temperature)

    async def repair(self, refused: Draft, advice: str) -> Draft:
        """Ask once more, saying what was wrong; warmer, since the same question gets the same answer.

        Raises:
            ModelUnavailable: the model does not answer.
        """
        question = self._prompt.repair_message(lines=_lines(refused.group), reason=advice)
        return await self._ask(refused.group, question, max(self._temperature, REPAIR_TEMPERATURE))

    async def _ask(self, group: Group, question: str, temperature: float) -> Draft:
        answer = await self._llm.ainvoke(
            [*self._opening, HumanMessage(question)],
            response_format=_schema([e.evidence_id for e in group.evidence]),
            max_tokens=self._max_tokens,
            temperature=temperature,
        )
        return _read(group, answer)


def opening(prompt: Prompt) -> list[BaseMessage]:
    """What every request with this prompt begins with: the system message and the examples."""
    messages: list[BaseMessage] = [SystemMessage(prompt.system)]
    for example in prompt.examples:
        answer = orjson.dumps(example.answer).decode()
        messages += [HumanMessage(prompt.user_message(**example.values)), AIMessage(answer)]
    return messages


def _lines(group: Group) -> str:
    return "\n".join(evidence_line(e) for e in group.evidence)


def evidence_line(evidence: Evidence) -> str:
    """One line of the prompt. Nothing of a note can break the line or pass for an evidence id."""
    citation = evidence.citation
    where = ", ".join(((citation.charted_at or "undated")[:10], citation.note_type, citation.section or "no heading"))
    return f"[{evidence.evidence_id}] ({_tame(where)}) {_tame(evidence.text)}"


def _tame(text: str) -> str:
    visible = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return _MARKER.sub(r"(\1)", " ".join(visible.split()))


def _schema(ids: list[str]) -> dict[str, Any]:
    properties = {
        "statement": {"type": "string", "minLength": 1, "maxLength": _LONGEST_OUTPUT},
        "evidence": {"type": "array", "items": {"enum": ids}, "minItems": 1, "maxItems": len(ids)},
    }
    schema = {
        "type": "object",
        "properties": properties,
        "required": ["statement", "evidence"],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "statement", "schema": schema, "strict": True}}


def _read(group: Group, answer: AIMessage) -> Draft:
    if not isinstance(answer.content, str):
        raise ModelUnavailable("the model answered with something that is no text")
    usage, model = usage_of(answer), str(answer.response_metadata.get("model_name") or "model")
    try:
        fields = orjson.loads(answer.content)
        text, cited = fields["statement"], fields["evidence"]
        well_formed = isinstance(text, str) and isinstance(cited, list) and all(isinstance(i, str) for i in cited)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        well_formed = False
    if not well_formed:
        return Draft(group, "", (), model, "not_json", usage, answer.content)
    return Draft(group, " ".join(text.split()), tuple(dict.fromkeys(cited)), model, "", usage, answer.content)


def usage_of(answer: AIMessage) -> Usage:
    """Tokens the server counted, zero where it counted none."""
    counted = answer.usage_metadata
    if counted is None:
        return Usage()
    cached = counted.get("input_token_details", {}).get("cache_read") or 0
    return Usage(counted["input_tokens"], cached, counted["output_tokens"])
