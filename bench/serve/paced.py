"""A model server as fast as it is told to be, and no burden on the machine: what it does not take is our own time.

`python -m bench.serve.paced [--per-stream 50] [--total 12000] [--seqs 256] [--first-s 0.05] [--seconds S]` prints its
port. It answers vLLM's routes in vLLM's form, whole or streamed token by token, and counts tokens in vLLM's series.
`GET /paced/log` tells what was answered since it was asked last.
"""

import argparse
import asyncio
import sys
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias
from zlib import crc32

import orjson

from bench.serve.answers import Answer, answer_to
from bench.serve.raw_http import RawHttp, Request

_KEPT_ANSWERS = 4096
_JSON, _EVENTS, _TEXT = "application/json", "text/event-stream", "text/plain; version=0.0.4"


@dataclass(frozen=True, slots=True)
class Pace:
    """Tokens a second for one stream and for all together, requests at once, seconds to the first token.

    Where `seconds` is given, each answer takes just that long, whatever its length. `context` is the longest prompt it
    says it takes; `record` names a file to which the body of every request is added, one a line.
    """

    per_stream: float = 50.0
    total: float = 12_000.0
    seqs: int = 256
    first_s: float = 0.05
    seconds: float = 0.0
    name: str = "paced-8b"
    context: int = 32_768
    record: str = ""


@dataclass(slots=True)
class _Job:
    """One request: `begin` is called when its turn comes, `stop` where its client left before."""

    begin: Callable[[], None]
    gone: bool = False
    running: bool = False
    timer: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class Engine:
    """Who is answered when; requests above `seqs` wait in order."""

    pace: Pace
    running: int = 0
    prompt_tokens: int = 0
    generated: int = 0
    aborted: int = 0
    waiting: deque[_Job] = field(default_factory=deque)
    _all_until: float = 0.0

    def submit(self, job: _Job) -> None:
        """Begin it, or let it wait."""
        if self.running < self.pace.seqs:
            self._begin(job)
        else:
            self.waiting.append(job)

    def leave(self, job: _Job) -> None:
        """It ended, or its client went."""
        if job.gone:
            return
        job.gone = True
        if job.timer:
            job.timer.cancel()
        if not job.running:
            self.waiting.remove(job)
            return
        self.running -= 1
        if self.waiting:
            self._begin(self.waiting.popleft())

    def _begin(self, job: _Job) -> None:
        job.running = True
        self.running += 1
        job.begin()

    def whole_s(self, tokens: int) -> float:
        """Seconds that an answer of so many tokens takes, begun now; it takes its share of all tokens."""
        if self.pace.seconds:
            return self.pace.seconds
        now = asyncio.get_running_loop().time()
        self._all_until = max(now, self._all_until) + tokens / self.pace.total
        return max(self.pace.first_s + tokens / self.pace.per_stream, self._all_until - now)

    def token_s(self) -> float:
        """Seconds until a stream's next token."""
        return max(1 / self.pace.per_stream, self.running / self.pace.total)


Logged: TypeAlias = tuple[float, float, int]
"""When a request was received and answered (time.monotonic), and the CRC-32 of its body, by which it is known again."""


class PacedModel(RawHttp):
    """One connection of the server."""

    def __init__(self, engine: Engine, answers: "Answers", log: list[Logged]) -> None:
        super().__init__()
        self._engine = engine
        self._answers = answers
        self._log = log
        self._job: _Job | None = None

    def handle(self, request: Request) -> None:
        """Answer one request."""
        if request.path == "/v1/chat/completions":
            self._complete(request)
        elif request.path == "/v1/models":
            name = self._engine.pace.name
            length = self._engine.pace.context
            self.reply(_json({"object": "list", "data": [{"id": name, "object": "model", "max_model_len": length}]}))
        elif request.path == "/metrics":
            self.reply(_series(self._engine), _TEXT)
        elif request.path == "/paced/log":
            self.reply(_json(self._log))
            self._log.clear()
        elif request.path == "/tokenize":
            count = len(request.body) // 4
            self.reply(_json({"count": count, "max_model_len": self._engine.pace.context, "tokens": []}))
        else:
            self.reply(b"", status="200 OK" if request.path == "/health" else "404 Not Found")

    def left(self) -> None:
        """Free the engine of what nobody waits for."""
        if self._job and not self._job.gone:
            self._engine.aborted += 1
            self._engine.leave(self._job)

    def _complete(self, request: Request) -> None:
        loop = asyncio.get_running_loop()
        received = loop.time()
        if self._engine.pace.record:
            with open(self._engine.pace.record, "ab") as file:  # noqa: PTH123
                file.write(request.body + b"\n")
        prepared = self._answers.of(request.body)
        self._engine.prompt_tokens += prepared.answer.prompt_tokens

        def end() -> None:
            self._engine.generated += 0 if prepared.streamed else prepared.answer.tokens
            self._engine.leave(job)
            self._log.append((received, loop.time(), prepared.asked))
            if prepared.streamed:
                self.end_chunks()
            else:
                self.reply(prepared.body)

        def begin() -> None:
            if prepared.streamed:
                self.start_chunks(_EVENTS)
                self._stream(job, prepared, 0, end)
            else:
                job.timer = loop.call_later(self._engine.whole_s(prepared.answer.tokens), end)

        job = self._job = _Job(begin)
        self._engine.submit(job)

    def _stream(self, job: _Job, prepared: "Prepared", at: int, end: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()

        def tick() -> None:
            nonlocal at
            if not self.paused:
                self.chunk(prepared.events[at])
                at += 1
                self._engine.generated += 1
            if at == len(prepared.events):
                self._engine.generated -= 1
                end()
            else:
                job.timer = loop.call_later(self._engine.token_s(), tick)

        job.timer = loop.call_later(self._engine.pace.first_s, tick)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An answer as bytes: `body` whole, or `events`, one a token and a last one with the end, the usage and [DONE].

    `asked` is the CRC-32 of the body that asked for it.
    """

    asked: int
    answer: Answer
    streamed: bool
    body: bytes
    events: tuple[bytes, ...]


class Answers:
    """Answers by the body that asked, made once: load asks the same again and again."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._kept: OrderedDict[bytes, Prepared] = OrderedDict()

    def of(self, body: bytes) -> Prepared:
        """The answer to a request's body."""
        if prepared := self._kept.get(body):
            self._kept.move_to_end(body)
            return prepared
        asked = orjson.loads(body)
        answer = answer_to(asked)
        streamed = bool(asked.get("stream"))
        prepared = Prepared(
            crc32(body),
            answer,
            streamed,
            b"" if streamed else self._whole(answer),
            self._events(answer) if streamed else (),
        )
        self._kept[body] = prepared
        if len(self._kept) > _KEPT_ANSWERS:
            self._kept.popitem(last=False)
        return prepared

    def _whole(self, answer: Answer) -> bytes:
        message = {"role": "assistant", "content": answer.text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return _json(self._head("chat.completion") | {"choices": [choice], "usage": _usage(answer)})

    def _events(self, answer: Answer) -> tuple[bytes, ...]:
        head = self._head("chat.completion.chunk")
        texts = ["", *answer.pieces]
        deltas = [{"role": "assistant", "content": ""} if not n else {"content": t} for n, t in enumerate(texts)]
        events = [_event(head | {"choices": [{"index": 0, "delta": d, "finish_reason": None}]}) for d in deltas]
        end = _event(head | {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}]})
        usage = _event(head | {"choices": [], "usage": _usage(answer)})
        return (events[0] + events[1], *events[2:], end + usage + b"data: [DONE]\n\n")

    def _head(self, kind: str) -> dict[str, object]:
        return {"id": "chatcmpl-0", "object": kind, "created": 0, "model": self._name}


def _usage(answer: Answer) -> dict[str, object]:
    total = answer.prompt_tokens + answer.tokens
    return {"prompt_tokens": answer.prompt_tokens, "completion_tokens": answer.tokens, "total_tokens": total,
            "prompt_tokens_details": {"cached_tokens": 0}}  # fmt: skip


def _series(engine: Engine) -> bytes:
    values = {
        "vllm:num_requests_running": engine.running,
        "vllm:num_requests_waiting": len(engine.waiting),
        "vllm:kv_cache_usage_perc": engine.running / engine.pace.seqs,
        "vllm:prompt_tokens_total": engine.prompt_tokens,
        "vllm:generation_tokens_total": engine.generated,
        # It has no prefix cache, and none was asked.
        "vllm:prefix_cache_queries_total": 0,
        "vllm:prefix_cache_hits_total": 0,
        "paced:aborted_total": engine.aborted,
    }
    labels = f'{{engine="0",model_name="{engine.pace.name}"}}'
    lines = []
    for name, value in values.items():
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# TYPE {name.removesuffix('_total')} {kind}", f"{name}{labels} {float(value)}"]
    return ("\n".join(lines) + "\n").encode()


def _event(content: object) -> bytes:
    return b"data: " + _json(content) + b"\n\n"


def _json(content: object) -> bytes:
    return orjson.dumps(content)


async def serve(pace: Pace, port: int = 0) -> None:
    """Serve on a port of loopback, a free one for 0, until killed."""
    engine, answers, log = Engine(pace), Answers(pace.name), []  # type: ignore[var-annotated]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: PacedModel(engine, answers, log), "127.0.0.1", port, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Read the pace from the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m bench.serve.paced", description=(__doc__ or "").partition("\n")[0])
    for name in ("per_stream", "total", "seqs", "first_s", "seconds", "name", "context", "record"):
        default = getattr(Pace(), name)
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, type=type(default), default=default)
    parser.add_argument("--port", type=int, default=0)
    options = vars(parser.parse_args())
    port = options.pop("port")
    asyncio.run(serve(Pace(**options), port))


if __name__ == "__main__":
    main()
