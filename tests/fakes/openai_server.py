"""A model server on loopback that answers as a test tells it to.

    with FakeOpenAIServer(lambda prompt: "No known allergies.") as server:
        model = ChatVLLM(base_url=server.url)

It runs in a thread of its own, so tests with and without an event loop use it alike.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal, Self

import orjson
from aiohttp import web

Behaviour = Literal[
    "normal", "slow", "error_in_200", "truncated", "garbage", "not_a_completion", "empty", "500", "503", "400_context",
    "400", "401", "404", "429", "hang", "reset", "no_finish_reason", "length",
    "503_soon", "503_later", "429_soon",
]  # fmt: skip
STATUSES = {
    "500": 500, "503": 503, "400_context": 400, "400": 400, "401": 401, "404": 404, "429": 429,
    "503_soon": 503, "503_later": 503, "429_soon": 429,
}  # fmt: skip
_RETRY_AFTER = {"503_soon": "0", "503_later": "30", "429_soon": "0"}


def echo(prompt: str) -> str:
    """The last line of the prompt."""
    return prompt.strip().rpartition("\n")[2]


class FakeOpenAIServer:
    """`answer` maps a prompt (all messages, joined) to a text; `behaviour` is how it is delivered.

    Both may be changed at any time; `script` holds behaviours for the next requests, before `behaviour` applies.
    `metrics_page` is what /metrics answers, 404 where it is None.
    `requests` are the bodies received, `traceparents` that header of each ("" where absent), `running` the requests
    being worked on, `disconnects` those whose client left.
    Tokens are words, split at spaces; a prefix seen in an earlier prompt counts as cached. `/tokenize` tells `context`,
    and is not there where that is 0; `counts` are the times it was asked.
    """

    def __init__(
        self,
        answer: Callable[[str], str] = echo,
        *,
        behaviour: Behaviour = "normal",
        model: str = "fake-model",
        api_key: str = "",
        delay_s: float = 0.0,
    ) -> None:
        self.answer = answer
        self.behaviour: Behaviour = behaviour
        self.script: list[Behaviour] = []
        self.models = [model]
        self.api_key = api_key
        self.delay_s = delay_s
        self.healthy = True
        self.metrics_page: str | None = None
        self.context = 8192
        self.counts = 0
        self.requests: list[dict[str, Any]] = []
        self.traceparents: list[str] = []
        self.running = self.most_running = self.disconnects = 0
        self.sockets: set[object] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake-model-server", daemon=True)
        self._runner: web.AppRunner | None = None
        self._prompts: list[str] = []
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, _type: type[BaseException] | None, _e: BaseException | None, _tb: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def wait_until(self, condition: Callable[["FakeOpenAIServer"], bool], timeout_s: float = 5.0) -> bool:
        """Poll from another thread until `condition` holds; False when it does not in time."""
        end = time.monotonic() + timeout_s
        while not condition(self):
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_get("/health", self._health)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/v1/models", self._list)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/tokenize", self._count)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/v1"

    async def _stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(status=200 if self.healthy else 503)

    async def _metrics(self, _request: web.Request) -> web.Response:
        if self.metrics_page is None:
            return web.Response(status=404)
        return web.Response(text=self.metrics_page)

    async def _list(self, request: web.Request) -> web.Response:
        if not self._allowed(request):
            return _json({"error": {"message": "Unauthorized"}}, 401)
        return _json({"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})

    async def _count(self, request: web.Request) -> web.Response:
        self.counts += 1
        if not self.context:
            return _refuse(404, context=False)
        words = [word for m in (await request.json())["messages"] for word in str(m["content"]).split()]
        return _json({"count": len(words), "max_model_len": self.context, "tokens": [0] * len(words)})

    def _allowed(self, request: web.Request) -> bool:
        return not self.api_key or request.headers.get("Authorization") == f"Bearer {self.api_key}"

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        self.sockets.add(request.transport)
        body = await request.json()
        self.requests.append(body)
        self.traceparents.append(request.headers.get("traceparent", ""))
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            return await self._deliver(request, body)
        except (asyncio.CancelledError, ConnectionError):
            self.disconnects += 1
            raise
        finally:
            self.running -= 1

    async def _deliver(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        behaviour = self.script.pop(0) if self.script else self.behaviour
        if not self._allowed(request):
            behaviour = "401"
        elif body["model"] not in self.models:
            behaviour = "404"
        if behaviour in STATUSES:
            return _refuse(behaviour)
        if behaviour == "reset":
            assert request.transport
            request.transport.abort()
        if behaviour in {"hang", "reset"}:
            await asyncio.sleep(3600)
        await asyncio.sleep(self.delay_s or (0.2 if behaviour == "slow" else 0))
        if behaviour == "garbage":
            return web.Response(body=b"data: {not json\n\n", content_type="application/json")
        if behaviour == "not_a_completion":
            return web.Response(body=b'data: {"choices": [7]}\n\n' if body.get("stream") else b'{"choices": [7]}')
        prompt = "\n".join(str(m["content"]) for m in body["messages"])
        text = "" if behaviour == "empty" else self.answer(prompt)
        usage = self._usage(prompt, text)
        if body.get("stream"):
            return await self._stream(request, body["model"], text, usage, behaviour)
        return _json(_whole(body["model"], text, usage, behaviour))

    def _usage(self, prompt: str, text: str) -> dict[str, Any]:
        cached = max((_shared_words(prompt, earlier) for earlier in self._prompts), default=0)
        self._prompts.append(prompt)
        n_prompt, n_text = len(prompt.split()), len(text.split())
        return {
            "prompt_tokens": n_prompt,
            "completion_tokens": n_text,
            "total_tokens": n_prompt + n_text,
            "prompt_tokens_details": {"cached_tokens": cached},
        }

    async def _stream(
        self, request: web.Request, model: str, text: str, usage: dict[str, Any], behaviour: Behaviour
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        words = [w + " " for w in text.split(" ")]
        words[-1] = words[-1][:-1]
        for i, word in enumerate(words):
            await response.write(_event(model, {"delta": {"content": word}, "finish_reason": None}))
            if behaviour == "slow":
                await asyncio.sleep(0.05)
            if i == len(words) // 2 and behaviour == "error_in_200":
                await response.write(b'data: {"error": {"message": "EngineCore died", "code": 500}}\n\n')
                words = []
                break
            if i == len(words) // 2 and behaviour == "truncated":
                assert request.transport
                request.transport.close()
                return response
        if words and behaviour != "no_finish_reason":
            await response.write(_event(model, {"delta": {"content": ""}, "finish_reason": "stop"}))
            await response.write(b"data: " + orjson.dumps({"model": model, "choices": [], "usage": usage}) + b"\n\n")
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response


def _whole(model: str, text: str, usage: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    if behaviour == "error_in_200":
        return {"error": {"message": "EngineCore died", "code": 500}}
    reason = None if behaviour in {"truncated", "no_finish_reason"} else "length" if behaviour == "length" else "stop"
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
    return {"id": "chatcmpl-1", "model": model, "choices": [choice], "usage": usage}


def _refuse(behaviour: Behaviour) -> web.Response:
    status = STATUSES[behaviour]
    limit = "This model's maximum context length is 8192 tokens (max_model_len=8192). Prompt: THE PROMPT"
    message = limit if behaviour == "400_context" else "no. THE PROMPT"
    response = _json({"error": {"message": message, "code": status}}, status)
    if behaviour in _RETRY_AFTER:
        response.headers["Retry-After"] = _RETRY_AFTER[behaviour]
    return response


def _event(model: str, choice: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps({"model": model, "choices": [{"index": 0, **choice}]}) + b"\n\n"


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def _shared_words(a: str, b: str) -> int:
    shared = 0
    for x, y in zip(a.split(), b.split(), strict=False):
        if x != y:
            break
        shared += 1
    return shared
