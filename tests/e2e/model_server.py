"""A real vLLM server, one for the whole run; conftest.py hands it to every test here."""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.address import answers, free_port
from deploy.local.child import Child, tail
from deploy.local.descendants import descendants
from deploy.vllm.export import SMOLLM2, export
from deploy.vllm.hardware import why_no_cpu_model
from deploy.vllm.serve import EMBEDDED, EMBEDDED_NAME

HERE = Path(__file__).parent
START_S = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is an end-to-end test, and the first one of them may wait for a server to start."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(START_S + 180))


@dataclass(frozen=True)
class ModelServer:
    """A running vLLM: `url` ends in /v1, `root` is where /health and /metrics lie; `pid` heads its process tree."""

    url: str
    model: str
    pid: int

    @property
    def root(self) -> str:
        return self.url.removesuffix("/v1")


@pytest.fixture(scope="session")
def vllm_server(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """vLLM's CPU build serving the embedded model on a free port of loopback.

    Fails, rather than skips, where this machine cannot run it: without it the main path is untested.
    """
    if reason := why_no_cpu_model():
        pytest.fail(reason)
    model = repository / EMBEDDED
    export(SMOLLM2, model)
    port = free_port()
    serve = ("--port", str(port), "--model", str(model), "--name", EMBEDDED_NAME)
    child = Child(
        "vllm",
        (sys.executable, "-m", "deploy.vllm.serve", *serve),
        environment={k: v for k, v in os.environ.items() if not k.startswith("ANAMNESIS_")},
        log=tmp_path_factory.mktemp("vllm") / "vllm.log",
    )
    family: frozenset[int] = frozenset()
    try:
        server = ModelServer(f"http://127.0.0.1:{port}/v1", EMBEDDED_NAME, child.pid)
        deadline = time.monotonic() + START_S
        while not answers(f"{server.root}/health"):
            if child.exit_code() is not None or time.monotonic() > deadline:
                pytest.fail(f"vLLM did not start within {START_S} s:\n{tail(child.log, 40)}")
            time.sleep(0.5)
        yield server
    finally:
        family = descendants(child.pid)
        child.let_go()
        child.wait()
    left = [pid for pid in family if Path(f"/proc/{pid}").exists()]
    assert not left, f"processes of vLLM outlived it: {left}"
