"""The panels of the model server, and the alerts about it, asked of a real Prometheus that scrapes a real vLLM."""

import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.model_server import ModelServer
from tests.monitoring.children import program, service, until
from tests.monitoring.dashboards import Asked, asked, expressions
from tests.monitoring.index import ingested
from tests.monitoring.prometheus import Prometheus, prometheus
from tests.monitoring.traffic import FRESH, PAUSE_S

RECORDED = Path(__file__).resolve().parents[1] / "unit/deploy/vllm_series.txt"
WRITTEN = {"Model tokens", "Time of a model request", "Model requests by outcome", "Time to the first statement"}


@pytest.fixture(scope="module")
def watching(vllm_server: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus over a service and its vLLM, which wrote two summaries meanwhile."""
    program("prometheus", "prometheus")
    folder = tmp_path_factory.mktemp("watched")
    index = ingested(folder)
    with service(folder, index, LLM__URL=vllm_server.url, LLM__PROBE_S="0.3") as (address, _):
        targets = {"anamnesis": address.removeprefix("http://"), "vllm": vllm_server.root.removeprefix("http://")}
        with prometheus(folder, targets) as started, httpx.Client(base_url=address, timeout=150) as client:
            until(lambda: started.up() == {"anamnesis": True, "vllm": True}, within_s=60, what="scraped")
            until(lambda: client.get("/readyz").json()["model"]["ready"], within_s=60, what="the model is used")
            for _ in range(2):
                answer = client.post("/summarize", json={"patient_id": "ava"}, headers=FRESH)
                assert answer.status_code == 200 and answer.json()["usage"]["completion_tokens"] > 0
                time.sleep(PAUSE_S)
            yield started


@pytest.mark.parametrize("question", asked("vllm"), ids=str)
def test_a_panel_of_the_model_server_has_data(watching: Prometheus, question: Asked) -> None:
    assert watching.values(question.expr), question.expr


@pytest.mark.parametrize("question", [q for q in asked("service") if q.panel in WRITTEN], ids=str)
def test_a_panel_about_what_the_model_wrote_has_data(watching: Prometheus, question: Asked) -> None:
    assert watching.values(question.expr), question.expr


def test_alerts_about_the_model_ask_for_series_that_are_there(watching: Prometheus) -> None:
    assert [rule["name"] for rule in watching.rules() if rule["health"] != "ok"] == []
    named = {name for expr in expressions().values() for name in re.findall(r"vllm:\w+", expr)}
    assert named and all(watching.values(name) for name in named)
    assert watching.values('up{job="vllm"}')[-1] == 1
    assert not watching.was("ModelDown", "pending")


def test_the_recorded_names_are_those_of_this_vllm(vllm_server: ModelServer) -> None:
    with urllib.request.urlopen(f"{vllm_server.root}/metrics", timeout=30) as answer:
        names = set(re.findall(r"^(vllm:\w+)", answer.read().decode(), re.MULTILINE))
    assert set(RECORDED.read_text().split()) <= names
