"""The table for 1 to 256 users, with the paced model: what the service itself can take."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Curve, Measured, Point
from bench.parts import Size
from bench.serve.client import read_each
from bench.serve.levels import USERS, at_users
from bench.serve.paced import Pace
from bench.serve.patients import index_for, known
from bench.serve.processes import model_name, paced_model, real_model, service, stand_beside
from bench.serve.requests import TEMPLATES, Ask, mixed
from bench.serve.table import Level

PACE = Pace(per_stream=50, total=12_000, seqs=256)
SECONDS = {"full": 15.0, "try": 3.0}
COUNTS = {"full": USERS, "try": (1, 16)}
# A real model on two cores makes less than a summary a second.
REAL_SECONDS = {"full": 40.0, "try": 5.0}
REAL_COUNTS = {"full": (1, 16, 256), "try": (1,)}


def measure(scratch: Path, size: Size) -> Measured:
    """Mixed templates and charts of all sizes; anew, then half of them from the cache where it has them."""
    index = index_for(scratch, size)
    patients = [one.patient_id for one in known(index)]
    stand_beside()
    figures, curves = [], []
    with (
        paced_model(PACE) as model,
        service(scratch, index, model=model, model_name=PACE.name) as server,
    ):
        # The process is warm; most charts are not.
        asyncio.run(read_each(server.url, [Ask(patients[0], name) for name in sorted(set(TEMPLATES))]))
        for name, fresh in (("anew", 1.0), ("half may be cached", 0.5)):

            def asks(share: float = fresh) -> Iterator[Ask]:
                return mixed(patients, fresh_share=share)

            levels = asyncio.run(
                at_users(server.url, asks, users=COUNTS[size], seconds=SECONDS[size], model=model.root)
            )
            figures += [figure for level in levels for figure in level.figures(f"paced 8B, {name}")]
            curves.append(_curve(f"users: paced 8B, {name}", levels, COUNTS[size]))
    return Measured(tuple(figures), tuple(curves))


def measure_real(scratch: Path, size: Size) -> Measured:
    """The same with a real vLLM: the embedded one shares the machine with the service and those who ask."""
    index = index_for(scratch, size)
    patients = [one.patient_id for one in known(index)]
    stand_beside()
    with real_model(scratch) as model:
        name = model_name(model)
        with service(scratch, index, model=model, model_name=name) as server:
            asyncio.run(read_each(server.url, [Ask(patients[0])]))
            levels = asyncio.run(
                at_users(
                    server.url,
                    lambda: mixed(patients),
                    users=REAL_COUNTS[size],
                    seconds=REAL_SECONDS[size],
                    model=model.root,
                )
            )
    return Measured(tuple(figure for level in levels for figure in level.figures(name)))


def _curve(name: str, levels: list[Level], counts: tuple[int, ...]) -> Curve:
    points = tuple(
        Point(users, level.load.rate, level.load.rate, level.load.rate)
        for users, level in zip(counts, levels, strict=True)
    )
    return Curve(name, "users", "summaries a second", points)
