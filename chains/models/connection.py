"""One pooled HTTP connection to a model server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
from yarl import URL

from chains.models.errors import ModelInterrupted, refusal
from core.errors import ModelUnavailable
from core.tracing import trace_headers

# Below the five seconds after which vLLM's server closes an idle connection, so that a reused one is rarely stale.
_KEEPALIVE_S = 3.0
# A server that moved is found again at its new address within this time; a busy connection needs no name.
_RESOLVED_S = 3
_MAX_REFUSAL_BYTES = 4096


@dataclass(frozen=True)
class _Pool:
    loop: asyncio.AbstractEventLoop
    session: aiohttp.ClientSession
    places: asyncio.Semaphore


class Connection:
    """Requests to one server, at most `max_concurrency` at a time; bound to an event loop at its first use.

    `base_url` may end in `/v1` or not. Every failure is a ModelUnavailable, a ModelInterrupted where asking again may
    help. Leaving a request early, by an exception or by cancellation, closes its socket, which is how vLLM learns that
    nobody waits any more.
    """

    def __init__(
        self, base_url: str, *, api_key: str, timeout_s: float, connect_timeout_s: float, max_concurrency: int = 64
    ) -> None:
        root = base_url.rstrip("/").removesuffix("/v1")
        self.root = URL(root)
        self.timeout_s = timeout_s
        self._headers = {"Content-Type": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=connect_timeout_s)
        self._max_concurrency = max_concurrency
        self._pool: _Pool | None = None

    @asynccontextmanager
    async def post(self, path: str, body: dict[str, Any]) -> AsyncIterator[aiohttp.ClientResponse]:
        """The response to a JSON body, its status already checked.

        Raises:
            ModelUnavailable: no connection, no answer in time, a server error, or a connection lost while reading.
            ModelRejected: the server refused this request.
        """
        pool = self._open()
        data = orjson.dumps(body)
        async with pool.places:
            try:
                async with await self._send(pool, "POST", path, data) as response:
                    yield response
            except TimeoutError as e:
                raise ModelUnavailable(f"the model did not answer within {self.timeout_s:g} s") from e
            except (aiohttp.ClientError, OSError) as e:
                raise _broken_off(e) from e

    async def get(self, path: str) -> Any:
        """The JSON a GET answers, None when it answers none. Raises what `post` raises."""
        body = await self._read("GET", path)
        return loads(body) if body.strip() else None

    async def ask(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON of a POST for which nothing is generated: it waits for no place. Raises what `post` raises."""
        return loads(await self._read("POST", path, orjson.dumps(body)))

    async def get_text(self, path: str) -> str:
        """The text a GET answers. Raises what `post` raises."""
        return (await self._read("GET", path)).decode(errors="replace")

    async def _read(self, method: str, path: str, data: bytes | None = None) -> bytes:
        try:
            async with await self._send(self._open(), method, path, data) as response:
                return await response.read()
        except TimeoutError as e:
            raise ModelUnavailable(f"the model server did not answer within {self.timeout_s:g} s") from e
        except (aiohttp.ClientError, OSError) as e:
            raise _broken_off(e) from e

    async def aclose(self) -> None:
        """Close every socket. The connection opens anew when it is used again."""
        pool, self._pool = self._pool, None
        if pool:
            await pool.session.close()

    async def _send(self, pool: _Pool, method: str, path: str, data: bytes | None) -> aiohttp.ClientResponse:
        try:
            url = self.root.joinpath(*path.strip("/").split("/"))
            response = await pool.session.request(method, url, data=data, headers=trace_headers())
        except aiohttp.ClientConnectorError as e:
            raise ModelInterrupted(f"no model server answers at {self.root.host}:{self.root.port}") from e
        if response.status >= 400:
            async with response:
                text = (await response.content.read(_MAX_REFUSAL_BYTES)).decode(errors="replace")
                raise refusal(response.status, text, response.headers.get("Retry-After", ""))
        return response

    def _open(self) -> _Pool:
        loop = asyncio.get_running_loop()
        if self._pool is None or self._pool.loop is not loop:
            if self._pool is not None:
                self._pool.session.detach()
            session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_S, ttl_dns_cache=_RESOLVED_S),
                timeout=self._timeout,
                headers=self._headers,
            )
            self._pool = _Pool(loop, session, asyncio.Semaphore(self._max_concurrency))
        return self._pool


def loads(data: bytes) -> Any:
    """Parse JSON of the model server; raises ModelInterrupted, without the text, where it is none or cut off."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise ModelInterrupted("the model server answered something that is no JSON") from None


def _broken_off(error: Exception) -> ModelInterrupted:
    return ModelInterrupted(f"the model server broke off its answer ({type(error).__name__})")
