"""Putting a question to the model, and remembering its answer for as long as the summary is being made."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig

from chains.draft import PROMPT_TOO_LONG, UNAVAILABLE
from chains.evidence import Evidence
from chains.models.errors import PromptTooLong
from chains.tokens import TokenBudget
from core.errors import ModelUnavailable
from core.records import Attempt, AttemptKind, Usage
from core.tracing import Attributes, span

_QUESTION = "anamnesis_question"
_answers: ContextVar[list[Attempt] | None] = ContextVar("answers", default=None)


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked about: evidence, by the digest `places_of` gives.

    It says nothing of the words around the evidence, so that an answer still belongs to its question when the prompt,
    or the advice of a check, is put in other words.
    """

    section: str
    kind: AttemptKind
    evidence: str

    @property
    def key(self) -> str:
        """The question as one word; goes to the model's run as metadata, never to the server."""
        return f"{self.section}/{self.kind}/{self.evidence}"

    @property
    def config(self) -> RunnableConfig:
        """What tells a model that only repeats answers which one is wanted."""
        return RunnableConfig(metadata={_QUESTION: self.key})


def key_in(metadata: dict[str, Any] | None) -> str:
    """The key of the question that a model's run is about, "" where it is none of ours."""
    return str((metadata or {}).get(_QUESTION, ""))


def places_of(evidence: Iterable[Evidence], refused: str = "") -> str:
    """A digest of where evidence stands in the chart, and of the text about it that was refused, if any.

    The first 16 hex digits of a SHA-256.
    """
    places = sorted((e.citation.note_id, e.citation.start, e.citation.end) for e in evidence)
    return hashlib.sha256(repr((places, refused)).encode(errors="backslashreplace")).hexdigest()[:16]


@contextmanager
def remembering() -> Iterator[None]:
    """Within, and in every task begun within, answers are remembered."""
    token = _answers.set([])
    try:
        yield
    finally:
        _answers.reset(token)


def remembered() -> tuple[Attempt, ...]:
    """What was answered since `remembering` began, sorted by question: the order of answering is chance."""
    return tuple(sorted(_answers.get() or (), key=lambda a: (a.section, a.evidence, a.kind)))


async def ask(
    llm: BaseChatModel,
    messages: Sequence[BaseMessage],
    question: Question,
    *,
    max_tokens: int,
    budget: TokenBudget | None = None,
    **sampling: Any,
) -> AIMessage:
    """Ask once; the answer's content is a string of at most `max_tokens`. `sampling` goes to the model.

    Raises:
        PromptTooLong: by the `budget`, or the server's word, the answer would have no room; the budget asks nobody.
        ModelUnavailable: the model does not answer, or with something that is no text.
    """
    try:
        if budget:
            await budget.fit(str(messages[-1].content), max_tokens)
        with span("model request", kind="client", section=question.section, attempt=question.kind) as request:
            answer = await llm.ainvoke(list(messages), question.config, max_tokens=max_tokens, **sampling)
            if not isinstance(answer.content, str):
                raise ModelUnavailable("the model answered with something that is no text")
            request.say(**_counted(usage_of(answer)))
    except ModelUnavailable as e:
        _remember(question, None, PROMPT_TOO_LONG if isinstance(e, PromptTooLong) else UNAVAILABLE)
        raise
    _remember(question, answer)
    return answer


def model_of(answer: AIMessage) -> str:
    """The name of the model that answered; "model" where it does not tell."""
    return str(answer.response_metadata.get("model_name") or "model")


def is_cut_off(answer: AIMessage) -> bool:
    """Whether the answer ended because its tokens did."""
    return answer.response_metadata.get("finish_reason") == "length"


def usage_of(answer: AIMessage) -> Usage:
    """Tokens the server counted, zero where it counted none."""
    counted = answer.usage_metadata
    if counted is None:
        return Usage()
    cached = counted.get("input_token_details", {}).get("cache_read") or 0
    return Usage(counted["input_tokens"], cached, counted["output_tokens"])


def _counted(usage: Usage) -> Attributes:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "cached_prompt_tokens": usage.cached_prompt_tokens,
        "completion_tokens": usage.completion_tokens,
    }


def _remember(question: Question, answer: AIMessage | None, trouble: str = "") -> None:
    answers = _answers.get()
    if answers is None:
        return
    asked = (question.section, question.kind, question.evidence)
    if answer is None:
        answers.append(Attempt(*asked, "", trouble, Usage(), ""))
    else:
        # What cannot be written as UTF-8 is kept as an escape, which the readers of answers take no better.
        raw = str(answer.content).encode(errors="backslashreplace").decode()
        answers.append(Attempt(*asked, model_of(answer), "", usage_of(answer), raw, is_cut_off(answer)))
