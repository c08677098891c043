"""`python -m deploy.local`, which is what `make run` becomes: real jobs, a real service, a fake model server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.local.address import answers, free_port
from deploy.local.descendants import descendants
from tests.fakes.openai_server import FakeOpenAIServer

pytestmark = pytest.mark.timeout(300)


class LocalRun:
    """One running supervisor in a folder of its own."""

    def __init__(self, folder: Path, model_url: str, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "run.log"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ANAMNESIS_")}
        environment |= {"ANAMNESIS_SERVICE__PORT": str(port), "ANAMNESIS_LLM__URL": model_url}
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local"], cwd=folder, env=environment, stdout=out, stderr=out
            )

    def wait_for_page(self, timeout_s: float = 200) -> None:
        end = time.monotonic() + timeout_s
        while not answers(f"{self.url}/readyz"):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.2)

    def family(self) -> frozenset[int]:
        return descendants(self.process.pid)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with the charts of one patient and no index."""
    folder = tmp_path_factory.mktemp("local")
    made = ("--patients", "1", "--seed", "7", "--out", "var/charts")
    subprocess.run([sys.executable, "-m", "ingest.synthetic", *made], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def run(folder: Path) -> Iterator[LocalRun]:
    with FakeOpenAIServer() as model:
        run = LocalRun(folder, model.url, free_port())
        yield run
        run.process.kill()
        run.process.wait()


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def all_gone(family: frozenset[int], timeout_s: float = 20) -> bool:
    end = time.monotonic() + timeout_s
    while not all(is_gone(pid) for pid in family):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_ingests_serves_and_ends_whole_on_ctrl_c(run: LocalRun) -> None:
    run.wait_for_page()
    patient = httpx.get(f"{run.url}/patients").json()["patients"][0]["patient_id"]
    summary = httpx.post(f"{run.url}/summarize", json={"patient_id": patient}, timeout=60)
    assert summary.status_code == 200
    note = httpx.get(f"{run.url}/notes/{first_citation(summary.json())['note_id']}").json()
    citation = first_citation(summary.json())
    assert note["text"][citation["start"] : citation["end"]] == citation["quote"]
    assert httpx.get(run.url).status_code == 200
    family = run.family()
    assert family
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(30) == 0
    assert all_gone(family, 0)


def test_starts_again_without_ingesting_and_ends_whole_when_killed(run: LocalRun, folder: Path) -> None:
    assert (folder / "var/index/CURRENT").exists(), "the test before this one makes the index"
    run.wait_for_page()
    assert "ingesting" not in run.log.read_text()
    family = run.family()
    run.process.send_signal(signal.SIGKILL)
    run.process.wait()
    assert all_gone(family)


def test_a_service_that_cannot_start_ends_the_run_with_its_reason(folder: Path) -> None:
    environment = os.environ | {
        "ANAMNESIS_SERVICE__HOST": "0.0.0.0",
        "ANAMNESIS_SERVICE__PORT": str(free_port()),
        "ANAMNESIS_LLM__URL": "http://127.0.0.1:1/v1",
    }
    command = [sys.executable, "-m", "deploy.local"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 1
    assert "service ended (2)" in done.stdout
    assert "API" in done.stdout


def first_citation(summary: dict) -> dict:  # type: ignore[type-arg]
    statements = [s for section in summary["sections"] for s in section["statements"]]
    return statements[0]["citations"][0]
