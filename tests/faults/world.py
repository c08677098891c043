"""A service and its model server, both real processes, and what can happen to the second."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from deploy.local.address import answers, free_port
from tests.faults.model import Fault

ROOT = Path(__file__).resolve().parents[2]
HOST = "model.test"
HANG_S = 1.5
_START_S = 60.0
_FORGOTTEN_S = 3.5


class Model:
    """The model server. It can be killed, its engine too, or stopped, told to misbehave, and begun again."""

    def __init__(self, folder: Path, name: str = "tiny-135m") -> None:
        self.name = name
        self.port = free_port()
        self._log = folder / "model.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, name: str = "") -> None:
        """Begin it, under another name where one is given, and wait until it answers."""
        self.name = name or self.name
        command = (sys.executable, "-m", "tests.faults.model", str(self.port), self.name)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        until(lambda: answers(f"{self.url}/health"), _START_S, "the model server did not start")

    @property
    def url(self) -> str:
        """Its address, without names to resolve."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """Whether its API process answers."""
        return answers(f"{self.url}/v1/models")

    def state(self) -> dict[str, int]:
        """`engine`, its process id; `running`, requests at work; `asked`, requests so far."""
        state: dict[str, int] = _get(f"{self.url}/fault")
        return state

    def misbehave(self, fault: Fault, *, every: int = 1) -> None:
        """Deliver each so-many-th answer so, from now on."""
        body = orjson.dumps({"fault": fault, "every": every})
        request = urllib.request.Request(f"{self.url}/fault", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=5).close()

    def signal_engine(self, number: signal.Signals) -> None:
        """Send the engine process a signal."""
        os.kill(self.state()["engine"], number)

    def kill(self) -> None:
        """Kill all of it, at once."""
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def kill_api(self) -> None:
        """Kill the API process alone; the engine finds out by itself."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


class World:
    """The model, the names that resolve, and where the service is; `state_dir` is the service's own.

    `model_url` names a model server that is not this world's to break.
    """

    def __init__(self, folder: Path, index: Path, model: Model, model_url: str = "") -> None:
        self.folder = folder
        self.model_url = model_url
        self.index = index
        self.model = model
        self.hosts = folder / "hosts"
        self.state_dir = folder / "state"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._service: subprocess.Popen[bytes] | None = None

    def variables(self, more: Mapping[str, str]) -> dict[str, str]:
        """The service's settings: watches that look often, so that a test need not wait."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("ANAMNESIS_")}
        own = {
            "FAULTS_HOSTS": str(self.hosts),
            "OMP_NUM_THREADS": "1",
            "ANAMNESIS_INDEX__DIR": str(self.index),
            "ANAMNESIS_STATE__DIR": str(self.state_dir),
            "ANAMNESIS_SERVICE__PORT": str(self.port),
            "ANAMNESIS_SERVICE__DEADLINE_S": "20",
            "ANAMNESIS_LLM__URL": self.model_url or f"http://{HOST}:{self.model.port}/v1",
            "ANAMNESIS_LLM__PROBE_S": "0.2",
            "ANAMNESIS_LLM__HANG_S": str(HANG_S),
            "ANAMNESIS_LLM__TIMEOUT_S": "8",
            "ANAMNESIS_LLM__CONNECT_TIMEOUT_S": "1",
        }
        return {**clean, **own, **more}

    def serve(self, settings: Mapping[str, str]) -> None:
        """Begin the service; its log is added to."""
        command = (sys.executable, "-m", "tests.faults.service")
        with (self.folder / "service.log").open("ab") as log:
            self._service = subprocess.Popen(
                command, cwd=ROOT, env=self.variables(settings), stdout=log, stderr=log, start_new_session=True
            )

    @property
    def serving(self) -> bool:
        """Whether the service's process, the one that was begun, still runs."""
        return self._service is not None and self._service.poll() is None

    def stop(self) -> None:
        """Tell the service to stop, as a supervisor does."""
        if self._service:
            self._service.send_signal(signal.SIGTERM)

    def exit_code(self, within_s: float) -> int:
        """The service's exit code once it has ended. Raises subprocess.TimeoutExpired."""
        assert self._service
        return self._service.wait(within_s)

    def end(self) -> None:
        """Kill both."""
        if self._service:
            self._service.kill()
            self._service.wait()
        self.model.kill()

    def resolve(self, *, known: bool) -> None:
        """Have the model's name resolve, or not."""
        self.hosts.write_text(HOST if known else "")

    def lose_the_name(self) -> None:
        """Have the model's name resolve no more, forgotten by the service too, and every connection to it closed."""
        self.resolve(known=False)
        time.sleep(_FORGOTTEN_S)
        self.model.kill()
        self.model.start()

    def readiness(self) -> dict[str, Any]:
        """What /readyz says of the model."""
        model: dict[str, Any] = _get(f"{self.url}/readyz")["model"]
        return model

    @property
    def under_way(self) -> int:
        """Summaries that the service is working on."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as response:
            lines = response.read().decode().splitlines()
        series = "anamnesis_inflight_summaries "
        return int(float(next(line for line in lines if line.startswith(series)).removeprefix(series)))

    def heal(self) -> None:
        """Make everything well again, without touching the service."""
        self.resolve(known=True)
        if not self.model.running or not answers(f"{self.model.url}/health"):
            self.model.kill()
            self.model.start()
        self.model.signal_engine(signal.SIGCONT)
        self.model.misbehave("none")


@contextmanager
def running(folder: Path, index: Path, **settings: str) -> Iterator[World]:
    """A service and a model server, well; both are gone at the end."""
    world = World(folder, index, Model(folder))
    world.resolve(known=True)
    world.serve(settings)
    try:
        world.model.start()
        until(lambda: answers(f"{world.url}/readyz"), _START_S, "the service did not start")
        until(lambda: bool(world.readiness()["ready"]), _START_S, "the service did not find its model")
        yield world
    finally:
        world.end()


@contextmanager
def serving(folder: Path, index: Path, model_url: str) -> Iterator[World]:
    """A service over a model server that is somebody else's, as patient with it as the settings are by default."""
    world = World(folder, index, Model(folder), model_url)
    patient = {"HANG_S": "20", "TIMEOUT_S": "60", "CONNECT_TIMEOUT_S": "3"}
    world.serve({f"ANAMNESIS_LLM__{name}": value for name, value in patient.items()})
    try:
        until(lambda: answers(f"{world.url}/readyz"), _START_S, "the service did not start")
        until(lambda: bool(world.readiness()["ready"]), _START_S, "the service did not find its model")
        yield world
    finally:
        world.end()


def until(so: Callable[[], bool], within_s: float, otherwise: str) -> None:
    """Wait until something is so."""
    end = time.monotonic() + within_s
    while True:
        with suppress(OSError):
            if so():
                return
        assert time.monotonic() < end, otherwise
        time.sleep(0.05)


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as response:
        return orjson.loads(response.read())
