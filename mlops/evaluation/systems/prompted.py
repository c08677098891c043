"""A model asked for a handoff in one prompt: without the chart, or with as much of it as fits."""

import re

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage

from core.records import Usage
from mlops.evaluation.metrics.telling import ToldStatement
from mlops.evaluation.systems.base import MAX_WORDS, SystemSummary
from vectorstore.chart import Chart

_ASK = (
    "Write a handoff summary of at most {words} words for the patient below, in short sentences, one fact each: active "
    "problems, current medications with doses, allergies, recent course, key results, procedures, follow-up, code "
    "status."
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_BULLET = re.compile(r"^\W*(?:\d{1,2}[.)])?\s*")
_OUTPUT_TOKENS = 640
_MARGIN_TOKENS = 160
_CHARACTERS_PER_TOKEN = 3.0
"""Clinical text has three to four characters a token; three keeps within the window of any tokenizer met so far."""


class NoRetrieval:
    """The model knows who is asked about and nothing of the chart: all it tells is made up."""

    name = "no_retrieval"

    def __init__(self, llm: BaseChatModel, limit: int) -> None:
        self._llm = llm
        self.limit = limit

    async def summarize(self, chart: Chart) -> SystemSummary:
        """What the model writes when it is given no notes."""
        return await _ask(self._llm, f"{_ASK.format(words=MAX_WORDS)}\n\nPatient {chart.patient_id}.", read_share=0.0)


class FullContext:
    """All notes in one prompt, the newest last; where they do not fit the window, the oldest are cut off."""

    name = "full_context"

    def __init__(self, llm: BaseChatModel, limit: int, *, window_tokens: int) -> None:
        self._llm = llm
        self.limit = limit
        self._characters = int((window_tokens - _OUTPUT_TOKENS - _MARGIN_TOKENS) * _CHARACTERS_PER_TOKEN)

    async def summarize(self, chart: Chart) -> SystemSummary:
        """What the model writes when it is given the notes themselves."""
        whole = "\n\n".join(
            f"{h.note_type}, {h.charted_at or 'undated'}\n{chart.note(h.note_id).text}" for h in chart.headers
        )
        shown = whole[-self._characters :]
        prompt = f"{_ASK.format(words=MAX_WORDS)}\n\n{shown}\n\n{_ASK.format(words=MAX_WORDS)}"
        return await _ask(self._llm, prompt, read_share=len(shown) / max(1, len(whole)))


async def _ask(llm: BaseChatModel, prompt: str, *, read_share: float) -> SystemSummary:
    answer = await llm.ainvoke([HumanMessage(prompt)], max_tokens=_OUTPUT_TOKENS, temperature=0.0)
    sentences = (" ".join(_BULLET.sub("", part).split()) for part in _SENTENCE.split(str(answer.content)))
    statements = tuple(ToldStatement(f"s{n}", text, ()) for n, text in enumerate(filter(None, sentences), 1))
    return SystemSummary(statements, usage=_usage(answer), read_share=read_share)


def _usage(answer: AIMessage) -> Usage:
    counted = answer.usage_metadata
    if counted is None:
        return Usage()
    cached = counted.get("input_token_details", {}).get("cache_read") or 0
    return Usage(counted["input_tokens"], cached, counted["output_tokens"])
