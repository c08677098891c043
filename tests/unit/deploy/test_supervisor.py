"""The programs of one `make run`, with small scripts in their place."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.address import address, answers, free_port, why_not_listen
from deploy.local.descendants import descendants
from deploy.local.model import ModelPlan, Step
from deploy.local.model_watch import ModelWatch
from deploy.local.supervisor import Failed, Stopped, Supervisor
from tests.fakes.openai_server import FakeOpenAIServer


def script(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


SLEEP = script("import time; time.sleep(600)")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(environment=os.environ, logs=tmp_path, say=said.append)
    yield supervisor
    supervisor.stop()
    supervisor.end_all()


def look_until(watch: ModelWatch, condition: Callable[[], bool], timeout_s: float = 10) -> None:
    end = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end:
        watch.look()
        time.sleep(0.02)
    assert condition()


def test_shows_what_a_job_prints_and_keeps_its_json_lines_in_the_log(
    supervisor: Supervisor, said: list[str], tmp_path: Path
) -> None:
    supervisor.run("ingest", script("print('12 patients'); print('{\"event\": \"published\"}')"))
    assert said == ["  12 patients"]
    assert "published" in (tmp_path / "ingest.log").read_text()


def test_a_failed_job_is_told_with_the_end_of_its_log(supervisor: Supervisor) -> None:
    with pytest.raises(Failed, match=r"ingest ended \(3\)(.|\n)*no such file"):
        supervisor.run("ingest", script("import sys; print('no such file'); sys.exit(3)"))


def test_a_service_that_ends_before_it_answers_is_a_failure(supervisor: Supervisor) -> None:
    child = supervisor.start("service", script("raise SystemExit('settings: unknown')"))
    with pytest.raises(Failed, match="settings: unknown"):
        supervisor.wait_for(child, "http://127.0.0.1:1/readyz")


def test_waits_until_the_service_answers(supervisor: Supervisor) -> None:
    child = supervisor.start("service", SLEEP)
    with FakeOpenAIServer() as server:
        server.healthy = False
        threading.Timer(0.3, lambda: setattr(server, "healthy", True)).start()
        supervisor.wait_for(child, server.url.removesuffix("/v1") + "/health")


def test_a_stop_is_noticed_while_waiting(supervisor: Supervisor) -> None:
    threading.Timer(0.2, supervisor.stop).start()
    with pytest.raises(Stopped):
        supervisor.run("ingest", SLEEP)


def test_a_second_stop_does_not_wait_for_the_grace(supervisor: Supervisor, tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    child = supervisor.start("model", script(deaf))
    while "deaf" not in child.log.read_text():
        time.sleep(0.02)
    family = descendants(child.pid)
    threading.Timer(0.3, supervisor.stop).start()
    started = time.monotonic()
    supervisor.end_all()
    assert time.monotonic() - started < 5
    assert family
    assert not descendants(child.pid)


def test_a_model_is_taken_through_its_steps_until_it_is_ready(supervisor: Supervisor, said: list[str]) -> None:
    with FakeOpenAIServer() as server:
        steps = (Step("unpacking", script("pass")), Step("loading", SLEEP))
        watch = ModelWatch(supervisor, ModelPlan("a model", steps, server.url))
        look_until(watch, lambda: any("ready" in line for line in said))
    assert said[0] == "model: a model"


def test_a_model_that_dies_is_told_and_ends_nothing(supervisor: Supervisor, said: list[str]) -> None:
    service = supervisor.start("service", SLEEP)
    plan = ModelPlan(
        "a model", (Step("loading", script("raise SystemExit('out of memory')")),), "http://127.0.0.1:1/v1"
    )
    look_until(ModelWatch(supervisor, plan), lambda: len(said) == 2)
    assert "out of memory" in said[1]
    assert "extractive" in said[1]
    assert service.exit_code() is None


def test_a_step_that_fails_keeps_the_later_ones_from_starting(supervisor: Supervisor, said: list[str]) -> None:
    steps = (Step("unpacking", script("raise SystemExit('wrong digest')")), Step("loading", SLEEP))
    watch = ModelWatch(supervisor, ModelPlan("a model", steps, "http://127.0.0.1:1/v1"))
    look_until(watch, lambda: len(said) == 2)
    watch.look()
    watch.look()
    assert "wrong digest" in said[1]
    assert not [pid for child in supervisor._children for pid in descendants(child.pid)]


def test_a_port_somebody_listens_on_is_refused() -> None:
    with FakeOpenAIServer() as server:
        port = int(server.url.rpartition(":")[2].removesuffix("/v1"))
        assert why_not_listen("127.0.0.1", port)
    assert why_not_listen("127.0.0.1", free_port()) is None


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::", "http://[::1]:80")],
)
def test_names_an_address_that_this_machine_reaches(host: str, url: str) -> None:
    assert address(host, 80) == url


def test_nothing_listening_is_no_answer() -> None:
    assert not answers("http://127.0.0.1:1/")
    assert not answers("nonsense")
