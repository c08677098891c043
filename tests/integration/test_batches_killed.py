"""A batch goes on after its process was killed, wherever it was, and makes no summary twice."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.charts import AVA, BEN, build_store
from tests.fakes.openai_server import FakeOpenAIServer

pytestmark = pytest.mark.integration
PATH = "/summarize/batch"
BODY = {"requests": [{"patient_id": p, "focus": f"question {n}"} for p in ("ava", "ben") for n in range(12)]}
ITEMS = len(BODY["requests"])


@contextmanager
def service(folder: Path, port: int, model_url: str) -> Iterator[None]:
    """The service as a process, killed in the end without a chance to tidy up. Nothing is found in a cache."""
    variables = {
        "ANAMNESIS_INDEX__DIR": str(folder / "index"),
        "ANAMNESIS_STATE__DIR": str(folder / "state"),
        "ANAMNESIS_SERVICE__PORT": str(port),
        "ANAMNESIS_SERVICE__CACHE_HOURS": "0",
        "ANAMNESIS_LLM__URL": model_url,
        "ANAMNESIS_LLM__PROBE_S": "0.2",
        "OMP_NUM_THREADS": "1",
    }
    root = Path(__file__).resolve().parents[2]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.service"],
            cwd=root,
            env={**os.environ, **variables},
            stdout=log,
            stderr=log,
        )
        try:
            yield
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


def call(port: int, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """What is answered, once the process listens."""
    until = time.monotonic() + 60
    while True:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            try:
                connection.request(
                    method, path, json.dumps(body) if body else None, {"content-type": "application/json"}
                )
                return json.loads(connection.getresponse().read())
            except ConnectionRefusedError:
                assert time.monotonic() < until
                time.sleep(0.05)


def wait_for(port: int, batch_id: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    until = time.monotonic() + 90
    while not condition(batch := call(port, "GET", f"{PATH}/{batch_id}")):
        assert time.monotonic() < until, batch["counts"]
        time.sleep(0.02)
    return batch


def kept(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "state" / "state.sqlite")) as db:
        return [summary_id for (summary_id,) in db.execute("SELECT summary_id FROM summaries")]


@pytest.mark.timeout(300)
def test_a_batch_outlives_kills_and_makes_nothing_twice(tmp_path: Path) -> None:
    build_store(tmp_path / "index", [*AVA, *BEN])
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = int(s.getsockname()[1])
    with FakeOpenAIServer(lambda _: "", delay_s=0.03) as model:
        with service(tmp_path, port, model.url):
            batch_id = call(port, "POST", PATH, BODY)["batch_id"]
            wait_for(port, batch_id, lambda b: b["counts"]["ok"] >= 4)
        with service(tmp_path, port, model.url):
            again = wait_for(port, batch_id, lambda b: b["counts"]["ok"] >= 12)
        with service(tmp_path, port, model.url):
            done = wait_for(port, batch_id, lambda b: b["state"] != "running")
    made = [item["summary_id"] for item in done["items"]]
    assert again["state"] == "running"
    assert (done["state"], done["counts"]["ok"]) == ("done", ITEMS)
    assert len(set(made)) == ITEMS
    assert sorted(kept(tmp_path)) == sorted(made), "a summary was made that no item names: it was made twice"
    assert "Traceback" not in (tmp_path / "log").read_text()
