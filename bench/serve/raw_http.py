"""HTTP/1.1 on a bare asyncio protocol: a tenth of the work that a web framework makes of it. For benches alone."""

import asyncio
from dataclasses import dataclass
from typing import cast


@dataclass(frozen=True, slots=True)
class Request:
    """One request, read whole; `path` without its query."""

    method: str
    path: str
    body: bytes


class RawHttp(asyncio.Protocol):
    """A connection that is kept open. Requests come one after another; `handle` is given each once it is whole."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.paused = False
        self._read = bytearray()
        self._busy = False

    def handle(self, request: Request) -> None:
        """Answer by `reply`, or by `start_chunks`, `chunk` and `end_chunks`; now or later."""
        raise NotImplementedError

    def left(self) -> None:
        """The client closed the connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell `left`, where an answer is due."""
        self.transport = None
        if self._busy:
            self.left()

    def pause_writing(self) -> None:
        """The client reads slower than it is written to."""
        self.paused = True

    def resume_writing(self) -> None:
        """It has caught up."""
        self.paused = False

    def data_received(self, data: bytes) -> None:
        """Collect a request and hand it over."""
        self._read += data
        if not self._busy:
            self._next()

    def _next(self) -> None:
        end = self._read.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._read[:end])
        begin, length = end + 4, _content_length(head)
        if len(self._read) < begin + length:
            return
        body = bytes(self._read[begin : begin + length])
        del self._read[: begin + length]
        method, target, _ = head.partition(b"\r\n")[0].decode().split(" ")
        self._busy = True
        self.handle(Request(method, target.partition("?")[0], body))

    def reply(self, body: bytes, kind: str = "application/json", status: str = "200 OK") -> None:
        """Answer whole."""
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._write(head.encode() + body)
        self._done()

    def start_chunks(self, kind: str) -> None:
        """Begin an answer in pieces."""
        self._write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())

    def chunk(self, data: bytes) -> None:
        """One piece of it."""
        self._write(b"%x\r\n%b\r\n" % (len(data), data))

    def end_chunks(self) -> None:
        """Its end."""
        self._write(b"0\r\n\r\n")
        self._done()

    def _write(self, data: bytes) -> None:
        if self.transport:
            self.transport.write(data)

    def _done(self) -> None:
        self._busy = False
        if self._read:
            self._next()


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
