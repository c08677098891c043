"""What the service makes of a real vLLM at saturation, against the same requests sent straight to it."""

import asyncio
import sys
from itertools import islice
from pathlib import Path
from uuid import uuid4

from bench.figures import Figure, Measured, Repeats
from bench.parts import Size
from bench.serve.client import read_each, session_for
from bench.serve.load import closed_loop
from bench.serve.paced import Pace
from bench.serve.pass_through import SALT, TOKENS
from bench.serve.patients import index_for, known
from bench.serve.processes import Server, model_name, paced_model, real_model, service, stand_beside
from bench.serve.replay import recorded, replaying, salted, tokens_a_second
from bench.serve.requests import mixed

FIXED_TOKENS = 32
USERS, AT_ONCE = 48, 64
SUMMARIES = {"full": 120, "try": 12}
SETTLE_S, SECONDS = {"full": 25.0, "try": 5.0}, {"full": 40.0, "try": 10.0}
REPEATS = {"full": 3, "try": 1}
ROOT = "bench.serve.pass_through"


def measure(scratch: Path, size: Size) -> Measured:
    """Record the requests, then both sides by turns, the order changing; each begins with an empty prefix cache."""
    index = index_for(scratch, size)
    patients = [one.patient_id for one in known(index)]
    salt = scratch / "salt"
    salt.write_text("")
    settings = {TOKENS: str(FIXED_TOKENS), SALT: str(salt)}
    stand_beside()
    with real_model(scratch) as model:
        name = model_name(model)
        bodies = _record(scratch, index, patients, settings, name=name, size=size)
        rates: dict[str, list[float]] = {"through": [], "straight": []}
        for turn in range(REPEATS[size]):
            for side in sorted(rates, reverse=turn % 2 == 0):
                mark = f"{side}-{uuid4().hex}"
                salt.write_text(mark)
                if side == "straight":
                    rate = asyncio.run(_straight(model, salted(bodies, mark), size))
                else:
                    # A new one each time: the other side's load would have lowered its limit of concurrency.
                    with service(scratch, index, settings, model=model, module=ROOT, model_name=name) as server:
                        rate = asyncio.run(_through(server, model, patients, size))
                rates[side].append(rate)
                sys.stderr.write(f"  {side}: {rate:.1f} tokens/s\n")
    return _measured(Repeats(tuple(rates["through"])), Repeats(tuple(rates["straight"])), name, len(bodies))


def _measured(through: Repeats, straight: Repeats, name: str, bodies: int) -> Measured:
    about = (
        f"{name}; {bodies} recorded requests of {FIXED_TOKENS} tokens each, {AT_ONCE} at once, by turns; "
        "vllm:generation_tokens_total on both sides"
    )
    return Measured(
        (
            through.over(straight).figure(
                "throughput through the service / the same requests straight", "", 0.97, "at_least", about
            ),
            through.figure("model tokens through the service, at saturation", "/s", baseline=f"{USERS} users"),
            straight.figure("model tokens straight, at saturation", "/s", baseline=f"{AT_ONCE} at once"),
            Figure("requests recorded", bodies, ""),
        )
    )


def _record(
    scratch: Path, index: Path, patients: list[str], settings: dict[str, str], *, name: str, size: Size
) -> list[bytes]:
    """The requests the service makes; whoever answers them: nothing depends on the answers where all passes."""
    file = scratch / "requests.jsonl"
    file.unlink(missing_ok=True)
    pace = Pace(per_stream=1e5, total=1e6, first_s=0.001, name=name, context=8192, record=str(file))
    with (
        paced_model(pace) as recorder,
        service(scratch, index, settings, model=recorder, module=ROOT, model_name=name) as server,
    ):
        asyncio.run(_ask_all(server, patients, SUMMARIES[size]))
    return recorded(file)


async def _ask_all(server: Server, patients: list[str], count: int) -> None:
    seen = await read_each(server.url, islice(mixed(patients), count))
    if failed := {one.code for one in seen if not one.ok}:
        raise RuntimeError(f"summaries that were to be recorded failed: {', '.join(sorted(failed))}")


async def _through(server: Server, model: Server, patients: list[str], size: Size) -> float:
    async with session_for(server.url) as session:
        users = asyncio.create_task(closed_loop(session, mixed(patients), users=USERS, seconds=3600))
        try:
            return await tokens_a_second(model.root, settle_s=SETTLE_S[size], seconds=SECONDS[size])
        finally:
            users.cancel()
            await asyncio.gather(users, return_exceptions=True)


async def _straight(model: Server, bodies: list[bytes], size: Size) -> float:
    async with replaying(model.root, bodies, at_once=AT_ONCE) as wrong:
        rate = await tokens_a_second(model.root, settle_s=SETTLE_S[size], seconds=SECONDS[size])
        if wrong:
            raise RuntimeError(f"the model server refused requests: {', '.join(sorted(set(wrong)))}")
    return rate
