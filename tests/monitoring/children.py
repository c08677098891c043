"""Programs that a test starts and ends: the service, Prometheus, Alertmanager; and a page of series to be scraped."""

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.local.address import answers, free_port
from deploy.local.child import Child, tail

START_S = 120.0


def program(name: str, package: str) -> str:
    """Where Debian's program lies; the test is skipped where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian's package {package} has it)")
    return found


def environment(**changes: str) -> dict[str, str]:
    """This process' own, without any setting of ours but those given."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("ANAMNESIS_")}
    return own | {"OMP_NUM_THREADS": "1"} | changes


def until(is_so: Callable[[], bool], *, within_s: float, what: str) -> None:
    """Wait until something is so; fails, with `what`, where it does not come about."""
    end = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < end, f"not within {within_s:g} s: {what}"
        time.sleep(0.2)


@contextmanager
def running(
    name: str, *command: str, folder: Path, ready: str, variables: Mapping[str, str] | None = None
) -> Iterator[Child]:
    """A program, once the address `ready` answers; it ends with the block, and its log lies in `folder`."""
    child = Child(name, command, environment=environment(**(variables or {})), log=folder / f"{name}.log", grace_s=20)
    try:
        end = time.monotonic() + START_S
        while not answers(ready):
            assert child.exit_code() is None and time.monotonic() < end, (
                f"{name} does not answer:\n{tail(child.log, 30)}"
            )
            time.sleep(0.1)
        yield child
    finally:
        child.let_go()
        child.wait()


@contextmanager
def service(folder: Path, index: Path, **settings: str) -> Iterator[tuple[str, Child]]:
    """The service as a process over an index, and where it answers."""
    port = free_port()
    variables = {
        "ANAMNESIS_INDEX__DIR": str(index),
        "ANAMNESIS_STATE__DIR": str(folder / "state"),
        "ANAMNESIS_SERVICE__PORT": str(port),
        "ANAMNESIS_EMBEDDING__THREADS": "1",
        **{f"ANAMNESIS_{name}": value for name, value in settings.items()},
    }
    address = f"http://127.0.0.1:{port}"
    with running(
        "app", sys.executable, "-m", "app", folder=folder, ready=f"{address}/readyz", variables=variables
    ) as child:
        yield address, child


class Pages:
    """Answers GET with the file set for the path, and keeps the body of each POST."""

    def __init__(self) -> None:
        self.files: dict[str, Path] = {}
        self.posted: list[bytes] = []
        self.address = ""


@contextmanager
def pages() -> Iterator[Pages]:
    """A small web server on loopback."""
    made = Pages()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file = made.files.get(self.path)
            self.send_response(200 if file else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            if file:
                self.wfile.write(file.read_bytes())

        def do_POST(self) -> None:
            made.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
