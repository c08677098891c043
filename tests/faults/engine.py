"""`python -m tests.faults.engine`: the engine of a model server, a process of its own that can be killed or stopped.

It reads requests from standard input and writes pieces of answers to standard output, one JSON object a line, in the
way vLLM's API process and engine share the work. It ends when the API process does.
"""

import asyncio
import sys

import orjson

PIECES = 4
PIECE_S = 0.02


async def main() -> None:
    """Serve until standard input ends."""
    reader = asyncio.StreamReader(limit=1 << 22)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks: dict[int, asyncio.Task[None]] = {}
    while line := await reader.readline():
        request = orjson.loads(line)
        if "abort" in request:
            task = tasks.pop(request["abort"], None)
            if task:
                task.cancel()
            continue
        number = request["id"]
        tasks[number] = asyncio.create_task(_generate(number, request["text"], request["pause_s"]))
        tasks[number].add_done_callback(lambda _, number=number: tasks.pop(number, None))


async def _generate(number: int, text: str, pause_s: float) -> None:
    await asyncio.sleep(pause_s)
    size = -(-len(text) // PIECES) or 1
    for at in range(0, len(text), size):
        await asyncio.sleep(PIECE_S)
        _say({"id": number, "piece": text[at : at + size]})
    _say({"id": number})


def _say(message: dict[str, object]) -> None:
    sys.stdout.buffer.write(orjson.dumps(message) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(main())
