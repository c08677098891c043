"""The service as a process: `python -m app`."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.__main__ import main

pytestmark = pytest.mark.integration


@contextmanager
def process(tmp_path: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A started service that is ended in any case."""
    variables = {
        "ANAMNESIS_INDEX__DIR": str(tmp_path / "index"),
        "ANAMNESIS_STATE__DIR": str(tmp_path / "state"),
        "ANAMNESIS_SERVICE__PORT": str(port),
        "OMP_NUM_THREADS": "1",
    }
    root = Path(__file__).resolve().parents[2]
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "app"], cwd=root, env={**os.environ, **variables}, stdout=log, stderr=log
        )
        try:
            yield running
        finally:
            running.kill()
            running.wait()


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def get(port: int, path: str, *, within_s: float) -> tuple[int, dict[str, object]]:
    """Status and body, once the process listens."""
    until = time.monotonic() + within_s
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        finally:
            connection.close()


def test_it_starts_without_an_index_answers_and_stops_when_told(tmp_path: Path) -> None:
    port = free_port()
    with process(tmp_path, port) as running:
        assert get(port, "/healthz", within_s=60) == (200, {"status": "ok"})
        status, body = get(port, "/readyz", within_s=10)
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=20)
    log = (tmp_path / "log").read_text()
    assert (status, body["code"]) == (503, "index_unavailable")
    assert "Application shutdown complete" in log
    assert '"route": "/readyz", "status": 503' in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ANAMNESIS_SERVICE__HOST", "0.0.0.0", "python -m app.auth hash-key"),
        ("ANAMNESIS_SERVICE__PROT", "1", "ANAMNESIS_SERVICE__PROT"),
    ],
)
def test_it_refuses_settings_that_cannot_be_and_says_what_to_do(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    assert main() == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(("argument", "code"), [("--help", 0), ("--port", 2), ("serve", 2)])
def test_asked_for_help_or_anything_else_it_prints_its_usage_and_serves_nothing(
    argument: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([argument])
    shown = capsys.readouterr()
    assert ended.value.code == code
    assert "usage: python -m app" in shown.out + shown.err
