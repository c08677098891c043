"""The service under test and its model server: real processes, each on a core of its own where there are two."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from bench.serve.paced import Pace
from deploy.local.address import answers, free_port
from deploy.vllm.export import SMOLLM2, export
from deploy.vllm.serve import EMBEDDED, EMBEDDED_NAME

ROOT = Path(__file__).resolve().parents[2]
MODEL_URL = "BENCH_MODEL_URL"
"""Environment variable with the URL of a running model server; without it the embedded one is started."""

_ALL = frozenset(os.sched_getaffinity(0))
_START_S = 300.0
_STOP_S = 30.0


@dataclass(frozen=True, slots=True)
class Cores:
    """Which core the service has, and which all that is beside it."""

    service: frozenset[int]
    beside: frozenset[int]


def cores() -> Cores:
    """The first core for the service and the others for what asks and answers it; one core is shared."""
    first, *others = sorted(_ALL)
    return Cores(frozenset({first}), frozenset(others or {first}))


def stand_beside() -> None:
    """Keep this process, the load generator, off the service's core."""
    os.sched_setaffinity(0, cores().beside)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `pid` is 0 where it is not ours."""

    url: str
    pid: int = 0

    @property
    def root(self) -> str:
        """Where /health and /metrics lie."""
        return self.url.rstrip("/").removesuffix("/v1")


@contextmanager
def service(
    scratch: Path,
    index: Path,
    settings: Mapping[str, str] | None = None,
    *,
    model: Server | None = None,
    module: str = "app",
    model_name: str = "",
) -> Iterator[Server]:
    """`python -m app` over an index, alone on its core, until it is ready; its state is new. `settings` are variables.

    `module` is another root for the same service. Standard error goes to `service.log` below `scratch`.
    """
    port = free_port()
    state = scratch / f"state-{port}"
    variables = {
        "ANAMNESIS_INDEX__DIR": str(index),
        "ANAMNESIS_STATE__DIR": str(state),
        "ANAMNESIS_SERVICE__PORT": str(port),
        "ANAMNESIS_EMBEDDING__THREADS": "1",
        "ANAMNESIS_LOG__LEVEL": "WARNING",
        **({"ANAMNESIS_LLM__URL": model.url, "ANAMNESIS_LLM__MODEL": model_name} if model else {}),
        **(settings or {}),
    }
    with child(("-m", module), scratch / "service.log", cores().service, variables) as process:
        server = Server(f"http://127.0.0.1:{port}", process.pid)
        _until_ready(server, process, with_model=model is not None)
        yield server


@contextmanager
def paced_model(pace: Pace) -> Iterator[Server]:
    """The paced model on the core beside the service."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value in asdict(pace).items()]
    with child(("-m", "bench.serve.paced", *options), None, cores().beside, {}) as process:
        assert process.stdout is not None  # noqa: S101
        yield Server(f"http://127.0.0.1:{int(process.stdout.readline())}/v1", process.pid)


@contextmanager
def real_model(scratch: Path) -> Iterator[Server]:
    """A real vLLM: the one that BENCH_MODEL_URL names, else the embedded model on a server of its own."""
    if given := os.environ.get(MODEL_URL):
        yield Server(given)
        return
    model, port = ROOT / EMBEDDED, free_port()
    export(SMOLLM2, model)
    command = ("-m", "deploy.vllm.serve", "--port", str(port), "--model", str(model), "--name", EMBEDDED_NAME)
    with child(command, scratch / "vllm.log", None, {}) as process:
        server = Server(f"http://127.0.0.1:{port}/v1", process.pid)
        _wait(lambda: answers(f"{server.root}/health"), process, "vLLM")
        yield server


def model_name(server: Server) -> str:
    """The first model that a server lists."""
    return str(_get(f"{server.root}/v1/models")["data"][0]["id"])


@contextmanager
def child(
    command: Sequence[str], log: Path | None, on: frozenset[int] | None, variables: Mapping[str, str]
) -> "Iterator[subprocess.Popen[str]]":
    """A Python process in a group of its own, pinned to cores; at the end the whole group is gone.

    Its output can be read where it has no log.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANAMNESIS_")}
    environment = {**clean, "OMP_NUM_THREADS": "1", **variables}
    with open(log or os.devnull, "ab") as errors:  # noqa: PTH123
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, *command], cwd=ROOT, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE if log is None else errors, stderr=errors if log else None,
        )  # fmt: skip
    # Threads and children inherit it: none is there yet.
    os.sched_setaffinity(process.pid, on or _ALL)
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()


def _until_ready(server: Server, process: "subprocess.Popen[str]", *, with_model: bool) -> None:
    def ready() -> bool:
        state = _get(f"{server.url}/readyz")
        return bool(state.get("index")) and (state["model"]["ready"] or not with_model)

    _wait(ready, process, "the service")


def _wait(ready: Callable[[], bool], process: "subprocess.Popen[str]", what: str) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with status {process.returncode} before it was ready; see its log")
        with suppress(OSError, KeyError, ValueError):
            if ready():
                return
        time.sleep(0.1)
    raise RuntimeError(f"{what} was not ready within {_START_S:.0f} s; see its log")


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        return orjson.loads(answer.read())
