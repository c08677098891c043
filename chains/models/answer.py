"""What the model server answers: whole, or as a stream of server-sent events."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata

from chains.models.connection import loads
from chains.models.errors import ModelInterrupted
from core.errors import ModelUnavailable

_MAX_LINE_BYTES = 1 << 20


@dataclass(frozen=True)
class Piece:
    """Some text of an answer; the last piece carries why it ended and what it used."""

    text: str = ""
    finish_reason: str | None = None
    model: str = ""
    usage: UsageMetadata | None = None


async def read_whole(response: aiohttp.ClientResponse) -> Piece:
    """The one answer of a request without streaming.

    Raises:
        ModelInterrupted: the body holds an error in spite of its status, is no chat completion, or does not say why
            the text ended, so that it may be cut off.
    """
    piece = _parse(loads(await response.read()), "message")
    if piece.finish_reason is None:
        raise ModelInterrupted("the model server's answer does not say that it is complete")
    return piece


async def read_stream(response: aiohttp.ClientResponse) -> AsyncGenerator[Piece]:
    """The pieces of a streamed answer, one for each network read rather than one for each token.

    The last piece has a finish_reason. Raises ModelInterrupted where the stream carries an error, which vLLM sends
    inside a 200 when its worker dies, or ends before a finish_reason.
    """
    finish_reason: str | None = None
    usage: UsageMetadata | None = None
    model, rest = "", b""
    async for data in response.content.iter_any():
        *lines, rest = (rest + data).split(b"\n")
        if len(rest) > _MAX_LINE_BYTES:
            raise ModelUnavailable("the model server sent a line without end")
        pieces = [_parse(loads(p), "delta") for line in lines if (p := _payload(line))]
        for piece in pieces:
            finish_reason = piece.finish_reason or finish_reason
            usage, model = piece.usage or usage, piece.model or model
        if text := "".join(p.text for p in pieces):
            yield Piece(text, model=model)
    if finish_reason is None:
        raise ModelInterrupted("the model's answer broke off before its end")
    yield Piece(finish_reason=finish_reason, model=model, usage=usage)


def _payload(line: bytes) -> bytes:
    if not line.startswith(b"data:"):
        return b""
    data = line[5:].strip()
    return b"" if data == b"[DONE]" else data


def _parse(body: Any, part: str) -> Piece:
    if not isinstance(body, dict):
        raise ModelInterrupted("the model server answered something that is no chat completion")
    if body.get("error"):
        raise ModelInterrupted("the model server reported an error inside its answer")
    choices = body.get("choices")
    usage, model = _usage(body.get("usage")), str(body.get("model") or "")
    if part == "delta" and choices == []:
        return Piece(model=model, usage=usage)
    try:
        choice = choices[0]  # type: ignore[index]
        text = choice[part].get("content") or ""
        reason = choice.get("finish_reason")
    except (TypeError, KeyError, IndexError, AttributeError):
        raise ModelInterrupted("the model server answered something that is no chat completion") from None
    if not isinstance(text, str) or not (reason is None or isinstance(reason, str)):
        raise ModelInterrupted("the model server answered something that is no chat completion")
    return Piece(text, reason, model, usage)


def _usage(usage: Any) -> UsageMetadata | None:
    if not isinstance(usage, Mapping):
        return None
    details = usage.get("prompt_tokens_details")
    cached = _count(details, "cached_tokens") if isinstance(details, Mapping) else 0
    prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    return UsageMetadata(
        input_tokens=prompt,
        output_tokens=completion,
        total_tokens=prompt + completion,
        input_token_details=InputTokenDetails(cache_read=cached),
    )


def _count(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) and value > 0 else 0
