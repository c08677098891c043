"""A model server that takes a fixed time for every answer: what is left over is our own time.

`python -m bench.paced_model SECONDS` prints its port. It answers the first evidence line of the prompt, as JSON.
"""

import asyncio
import re
import sys

import orjson
from aiohttp import web

_LINE = re.compile(r"^\[E1\] (?:\([^)]*\) )?(.*)$", re.MULTILINE)


def make_server(seconds: float) -> web.Application:
    """The two routes of vLLM's OpenAI server that are asked."""

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "paced"}]})

    async def complete(request: web.Request) -> web.Response:
        body = orjson.loads(await request.read())
        await asyncio.sleep(seconds)
        line = _LINE.search(body["messages"][-1]["content"])
        text = orjson.dumps({"statement": line[1] if line else "", "evidence": ["E1"]}).decode()
        usage = {"prompt_tokens": 200, "completion_tokens": 20, "total_tokens": 220}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        return web.json_response({"model": "paced", "choices": [choice], "usage": usage})

    app = web.Application()
    app.add_routes([web.get("/v1/models", models), web.post("/v1/chat/completions", complete)])
    return app


async def serve(seconds: float) -> None:
    """Serve on a free port of loopback until killed."""
    runner = web.AppRunner(make_server(seconds))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
