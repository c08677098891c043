"""`python -m tests.faults.model PORT NAME`: a model server of two processes, as vLLM is, that fails as it is told to.

This one speaks HTTP; the engine (tests/faults/engine.py) makes the answers. Where the engine dies, requests at work
end in an error and `/health` is 503; where it hangs, `/health`, `/v1/models` and `/metrics` answer as if nothing were.
`POST /fault` sets how answers are delivered: {"fault", "every"}, the latter being which share of them; `GET /fault`
tells the engine's process id.
"""

import asyncio
import re
import sys
from contextlib import suppress
from typing import Any, Literal, TypeAlias

import orjson
from aiohttp import web

Fault: TypeAlias = Literal["none", "slow", "truncated", "half_json", "error_in_200", "invents"]

_LINE = re.compile(r"^\[(E\d+)\] (?:\([^)\n]*\) )?(.*)$", re.MULTILINE)
_NUMBER = re.compile(r"\d+")
SLOW_S = 1.0


class EngineDead(Exception):
    """The engine process is gone."""


class Engine:
    """The engine process, seen from here."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.running = self.generated = self.prompts = 0
        self._answers: dict[int, asyncio.Queue[str | None]] = {}
        self._number = 0
        self._dead = False
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls) -> "Engine":
        command = (sys.executable, "-m", "tests.faults.engine")
        pipe = asyncio.subprocess.PIPE
        return cls(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 22))

    @property
    def dead(self) -> bool:
        return self._dead

    async def answer(self, text: str, pause_s: float) -> str:
        """The answer once it is whole; a client that leaves has it given up."""
        if self._dead:
            raise EngineDead
        self._number += 1
        number, whole = self._number, ""
        queue = self._answers[number] = asyncio.Queue()
        self.running += 1
        try:
            self._tell({"id": number, "text": text, "pause_s": pause_s})
            while (piece := await queue.get()) is not None:
                whole += piece
            if self._dead:
                raise EngineDead
            return whole
        except asyncio.CancelledError:
            self._tell({"abort": number})
            raise
        finally:
            self.running -= 1
            del self._answers[number]

    def _tell(self, message: dict[str, object]) -> None:
        assert self.process.stdin
        with suppress(ConnectionError, RuntimeError):
            self.process.stdin.write(orjson.dumps(message) + b"\n")

    async def _read(self) -> None:
        assert self.process.stdout
        while line := await self.process.stdout.readline():
            message = orjson.loads(line)
            self.generated += 1
            if queue := self._answers.get(message["id"]):
                queue.put_nowait(message.get("piece"))
        self._dead = True
        for queue in self._answers.values():
            queue.put_nowait(None)


class ModelServer:
    """The routes of vLLM that the service asks."""

    def __init__(self, name: str, engine: Engine) -> None:
        self._name = name
        self._engine = engine
        self._fault: Fault = "none"
        self._every = 1
        self._asked = 0

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 24)
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/v1/models", self._models),
                web.get("/metrics", self._metrics),
                web.post("/v1/chat/completions", self._complete),
                web.get("/fault", self._tell),
                web.post("/fault", self._set),
            ]
        )
        return app

    async def _health(self, _: web.Request) -> web.Response:
        return web.Response(status=503 if self._engine.dead else 200)

    async def _models(self, _: web.Request) -> web.Response:
        return _json({"object": "list", "data": [{"id": self._name, "object": "model", "max_model_len": 8192}]})

    async def _metrics(self, _: web.Request) -> web.Response:
        engine = self._engine
        counts = {
            "num_requests_running": engine.running,
            "num_requests_waiting": 0,
            "kv_cache_usage_perc": 0.1,
            "prompt_tokens_total": engine.prompts,
            "generation_tokens_total": engine.generated,
        }
        return web.Response(text="".join(f"vllm:{name} {value}\n" for name, value in counts.items()))

    async def _tell(self, _: web.Request) -> web.Response:
        return _json({"engine": self._engine.process.pid, "running": self._engine.running, "asked": self._asked})

    async def _set(self, request: web.Request) -> web.Response:
        told = await request.json()
        self._fault, self._every = told["fault"], told.get("every", 1)
        return _json({})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if body["model"] != self._name:
            return _json({"error": {"message": "no such model", "code": 404}}, 404)
        self._asked += 1
        fault = self._fault if self._asked % self._every == 0 else "none"
        text = _answer(body, invents=fault == "invents")
        try:
            text = await self._engine.answer(text, SLOW_S if fault == "slow" else 0.0)
        except EngineDead:
            return _json({"error": {"message": "EngineCore encountered an issue", "code": 500}}, 500)
        self._engine.prompts += 1
        return await _deliver(request, self._name, text, fault)


def _answer(body: dict[str, Any], *, invents: bool) -> str:
    """The evidence in other words, as JSON of the form that was asked for; invented, with other numbers and a drug."""
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {}).get("properties", {})
    lines = _LINE.findall(str(body["messages"][-1]["content"]))
    written = [(key, f"The patient has {text[:1].lower()}{text[1:]}") for key, text in lines]
    if invents:
        written = [(key, _NUMBER.sub("77", text) + " and takes warfarin 9 mg daily.") for key, text in written]
    statements = [{"statement": text, "evidence": [key]} for key, text in written]
    if "statements" in schema:
        return orjson.dumps({"statements": statements[: schema["statements"].get("maxItems", 3)]}).decode()
    if not statements:
        return "Hello."
    return orjson.dumps({key: statements[0][key] for key in schema if key in statements[0]}).decode()


async def _deliver(request: web.Request, name: str, text: str, fault: Fault) -> web.StreamResponse:
    if fault == "error_in_200":
        return _json({"error": {"message": "EngineCore died", "code": 500}})
    if fault == "half_json":
        text = text[: len(text) // 2]
    usage = {"prompt_tokens": 200, "completion_tokens": 20, "total_tokens": 220}
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    whole = orjson.dumps({"model": name, "choices": [choice], "usage": usage})
    if fault != "truncated":
        return web.Response(body=whole, content_type="application/json")
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(whole))})
    await response.prepare(request)
    await response.write(whole[: len(whole) // 2])
    assert request.transport
    request.transport.close()
    return response


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


async def main(port: int, name: str) -> None:
    """Serve until killed."""
    server = ModelServer(name, await Engine.start())
    runner = web.AppRunner(server.app(), handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
