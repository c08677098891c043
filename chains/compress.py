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


class Compressor:
    """Writes drafts with a chat model. One instance serves all requests."""

    def __init__(self, llm: BaseChatModel, prompt: Prompt, *, max_tokens: int, temperature: float) -> None:
        self._llm = llm
        self._prompt = prompt
        self._limits: dict[str, Any] = {"max_tokens": max_tokens, "temperature": temperature}

    @property
    def prompt(self) -> PromptRef:
        """The prompt in use."""
        return self._prompt.ref

    async def draft(self, group: Group) -> Draft:
        """Ask for one sentence. Raises ModelUnavailable."""
        return await self._ask(group, self._messages(group))

    async def repair(self, refused: Draft, advice: str) -> Draft:
        """Ask once more, saying what was wrong. Raises ModelUnavailable."""
        again = HumanMessage(self._prompt.repair_message(reason=advice))
        return await self._ask(refused.group, [*self._messages(refused.group), AIMessage(refused.raw), again])

    async def _ask(self, group: Group, messages: list[BaseMessage]) -> Draft:
        answer = await self._llm.ainvoke(messages, response_format=_schema(group), **self._limits)
        return _read(group, answer)

    def _messages(self, group: Group) -> list[BaseMessage]:
        lines = "\n".join(evidence_line(e) for e in group.evidence)
        user = self._prompt.user_message(lines=lines, instruction=group.instruction)
        return [SystemMessage(self._prompt.system), HumanMessage(user)]


def evidence_line(evidence: Evidence) -> str:
    """One line of the prompt. Nothing of a note can break the line or pass for an evidence id."""
    citation = evidence.citation
    where = ", ".join(((citation.charted_at or "undated")[:10], citation.note_type, citation.section or "no heading"))
    return f"[{evidence.evidence_id}] ({_tame(where)}) {_tame(evidence.text)}"


def _tame(text: str) -> str:
    visible = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return _MARKER.sub(r"(\1)", " ".join(visible.split()))


def _schema(group: Group) -> dict[str, Any]:
    ids = [e.evidence_id for e in group.evidence]
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
    usage, model = _usage(answer), str(answer.response_metadata.get("model_name") or "model")
    try:
        fields = orjson.loads(answer.content)
        text, cited = fields["statement"], fields["evidence"]
        well_formed = isinstance(text, str) and isinstance(cited, list) and all(isinstance(i, str) for i in cited)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        well_formed = False
    if not well_formed:
        return Draft(group, "", (), model, answer.content, "not_json", usage)
    return Draft(group, " ".join(text.split()), tuple(dict.fromkeys(cited)), model, answer.content, "", usage)


def _usage(answer: AIMessage) -> Usage:
    counted = answer.usage_metadata
    if counted is None:
        return Usage()
    cached = counted.get("input_token_details", {}).get("cache_read") or 0
    return Usage(counted["input_tokens"], cached, counted["output_tokens"])
