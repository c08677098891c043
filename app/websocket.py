"""One summary over a WebSocket: the request comes in as the first message, its events go out as messages.

Protocol pings, which keep proxies awake and tell when a peer has gone silent, are the server's (app/serving.py).
"""

import asyncio
import json
from collections.abc import AsyncGenerator

from fastapi import WebSocket
from pydantic import ValidationError
from starlette.types import Message
from starlette.websockets import WebSocketDisconnect

from app.draining import Drain
from app.frames import Frame
from app.problems import FieldsInvalid
from app.schemas import SocketRequest
from core.errors import InvalidRequest

FIRST_MESSAGE_S = 10.0
DONE = 1000


class NotText(InvalidRequest):
    """A binary message."""

    close_code = 1003


class OutOfTurn(InvalidRequest):
    """A second message, or none in time."""

    close_code = 1008


async def read_request(socket: WebSocket, drain: Drain) -> SocketRequest:
    """The first message.

    Raises:
        FieldsInvalid, NotText, OutOfTurn: it is no request, or did not come.
        Draining: the service began to stop before it came.
        WebSocketDisconnect: the client has gone.
    """
    message = await _first_message(socket, drain)
    try:
        # As FastAPI does with a body, so that errors are the same words.
        return SocketRequest.model_validate(json.loads(_text_of(message)), from_attributes=True)
    except ValidationError as e:
        raise FieldsInvalid({**error, "loc": ("body", *error["loc"])} for error in e.errors()) from None
    except (ValueError, RecursionError):
        # Also what is JSON and cannot be read: a number of thousands of digits.
        raise FieldsInvalid([{"loc": ("body",), "type": "json_invalid"}]) from None


async def _first_message(socket: WebSocket, drain: Drain) -> Message:
    hearing = asyncio.create_task(socket.receive())
    stopping = asyncio.create_task(drain.begun())
    try:
        await asyncio.wait({hearing, stopping}, timeout=FIRST_MESSAGE_S, return_when=asyncio.FIRST_COMPLETED)
        # It may have begun to stop since the handshake.
        drain.refuse()
        if not hearing.done():
            raise OutOfTurn(f"no request came within {FIRST_MESSAGE_S:g} seconds")
        return hearing.result()
    finally:
        for task in (hearing, stopping):
            task.cancel()
        await asyncio.gather(hearing, stopping, return_exceptions=True)


async def send_frames(socket: WebSocket, frames: AsyncGenerator[Frame]) -> None:
    """Send all frames and close, unless the client goes before; then nothing of it runs on.

    Raises:
        OutOfTurn: the client sent another message.
        AnamnesisError: what the frames raise.
    """
    sending = asyncio.create_task(_send(socket, frames))
    hearing = asyncio.create_task(socket.receive())
    try:
        await asyncio.wait({sending, hearing}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            sending.result()
        else:
            _text_of(hearing.result())
            raise OutOfTurn("one connection takes one request; open another for the next")
    finally:
        for task in (sending, hearing):
            task.cancel()
        await asyncio.gather(sending, hearing, return_exceptions=True)
        await frames.aclose()
    await socket.close(DONE)


async def _send(socket: WebSocket, frames: AsyncGenerator[Frame]) -> None:
    async for frame in frames:
        await socket.send_text(format_message(frame))


def format_message(frame: Frame) -> str:
    """A frame as a message: a JSON object with the very bytes of the frame's data."""
    head = b'{"id":"' + frame.event_id.encode() + b'",' if frame.event_id else b"{"
    return (head + b'"event":"' + frame.name.encode() + b'","data":' + frame.data + b"}").decode()


def _text_of(message: Message) -> str:
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1006))
    text = message.get("text")
    if text is None:
        raise NotText("messages are JSON texts; this one was binary")
    return str(text)
