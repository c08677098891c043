"""`python -m bench.serve --url URL [--model-url URL]`: load on any running service, and one table."""

import argparse
import asyncio
from collections.abc import Iterator, Sequence

from bench.serve.client import session_for
from bench.serve.levels import USERS, at_rates, at_users
from bench.serve.patients import listed
from bench.serve.requests import TEMPLATES, Ask, mixed
from bench.serve.table import Level, text_table


def main(arguments: Sequence[str]) -> int:
    """Run the levels and print the table. Returns 1 where no summary came at all."""
    options = _parser().parse_args(arguments)
    levels = asyncio.run(_levels(options))
    print(text_table(levels))  # noqa: T201
    return 0 if any(level.load.ok for level in levels) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.serve --url URL",
        description="Users from 1 to 256 who read before they ask again, or Poisson arrivals with --rates.",
    )
    add = parser.add_argument
    add("--url", required=True, help="the service, for instance http://127.0.0.1:8000")
    add("--model-url", default="", metavar="URL", help="its vLLM, for tokens and prefix hits as that counts them")
    add("--key", default="", help="bearer token, where the service asks for one")
    add("--users", type=int, nargs="+", default=list(USERS), metavar="N", help="levels of a closed loop")
    add("--rates", type=float, nargs="+", metavar="R", help="levels of an open loop instead, arrivals a second")
    add("--seconds", type=float, default=60.0, help="for each level")
    add("--think-s", type=float, default=0.0, help="mean time a user reads before asking again")
    add("--templates", nargs="+", default=list(TEMPLATES), metavar="NAME")
    add("--patients", nargs="+", metavar="ID", help="whom to ask about; the first 200 listed where not given")
    add("--fresh", type=float, default=1.0, metavar="SHARE", help="share of requests that forbid a cached answer")
    return parser


async def _levels(options: argparse.Namespace) -> list[Level]:
    url, model = options.url.rstrip("/"), options.model_url.rstrip("/").removesuffix("/v1")
    async with session_for(url, key=options.key) as session:
        patients = options.patients or await listed(session)

    def asks() -> Iterator[Ask]:
        return mixed(patients, templates=options.templates, fresh_share=options.fresh)

    if options.rates:
        return await at_rates(url, asks, rates=options.rates, seconds=options.seconds, model=model, key=options.key)
    return await at_users(
        url, asks, users=options.users, seconds=options.seconds, think_s=options.think_s, model=model, key=options.key
    )
