"""`python -m tests.faults.service`: the service as `python -m app` starts it, where names resolve as a file says.

The file that FAULTS_HOSTS names holds the hosts that exist; a name that ends in `.test` and is not there resolves to
nothing. The embedder is the tests' own, which needs no model.
"""

import os
import socket
import sys
from pathlib import Path
from typing import Any

from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

from app.factory import create_app
from app.server import serve
from core.settings import load_settings
from core.telemetry import configure_logging
from tests.fakes.embeddings import HashedWords

_resolve = ThreadedResolver.resolve


async def _look_up(self: ThreadedResolver, host: str, *arguments: Any, **options: Any) -> list[ResolveResult]:
    if not host.endswith(".test"):
        return await _resolve(self, host, *arguments, **options)
    if host not in _known_hosts():
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return await _resolve(self, "127.0.0.1", *arguments, **options)


def _known_hosts() -> list[str]:
    return Path(os.environ["FAULTS_HOSTS"]).read_text().split()


def main() -> int:
    """Serve until told to stop."""
    # The event loop resolves in C, so this is the last place that is Python's.
    ThreadedResolver.resolve = _look_up  # type: ignore[method-assign]
    settings = load_settings()
    configure_logging(settings.log.level, settings.log.format)
    return serve(create_app(settings, embeddings=HashedWords()), settings.service)


if __name__ == "__main__":
    sys.exit(main())
