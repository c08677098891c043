"""Every panel of ours and every alert, asked of a real Prometheus that scrapes the real service and ingest's file."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from deploy.local.child import Child
from tests.fakes.openai_server import FakeOpenAIServer
from tests.monitoring.children import pages, program, service, until
from tests.monitoring.dashboards import Asked, asked, expressions
from tests.monitoring.index import ingested
from tests.monitoring.prometheus import Prometheus, alertmanager, prometheus
from tests.monitoring.traffic import PAUSE_S, Traffic, faithful

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

HAPPENED = (
    'anamnesis_summaries_total{mode="abstractive",outcome="ok"}',
    'anamnesis_summaries_total{mode="extractive",outcome="ok"}',
    'anamnesis_summaries_total{outcome="cancelled"}',
    'anamnesis_summaries_total{outcome="refused"}',
    'anamnesis_rejected_total{reason="overloaded"}',
    'anamnesis_statements_total{status="supported"}',
    'anamnesis_statements_total{status="quoted"}',
    'anamnesis_llm_requests_total{outcome="ok"}',
    'anamnesis_llm_requests_total{outcome="rejected"}',
    'anamnesis_llm_requests_total{outcome="unavailable"}',
    'anamnesis_llm_requests_total{outcome="cancelled"}',
    "anamnesis_breaker_state",
    "anamnesis_coalesced_total",
    "anamnesis_streams_resumed_total",
    'anamnesis_cancelled_total{stage="running"}',
    'anamnesis_cancelled_total{stage="queued"}',
    'anamnesis_cache_lookups_total{result="hit"}',
    'anamnesis_cache_lookups_total{result="miss"}',
    'anamnesis_cache_lookups_total{result="bypassed"}',
    'anamnesis_batch_summaries_total{outcome="ok"}',
    "anamnesis_batch_waiting",
    "anamnesis_queued_summaries",
    'anamnesis_ingest_notes_total{outcome="quarantined"}',
)


@dataclass(frozen=True)
class World:
    """A service that had its day, the Prometheus that watched it, and what a webhook was told."""

    prometheus: Prometheus
    service: Child
    told: list[bytes]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    program("prometheus", "prometheus")
    folder = tmp_path_factory.mktemp("watched")
    index = ingested(folder)
    few = {"SERVICE__MAX_INFLIGHT": "2", "SERVICE__MAX_QUEUED": "3", "LLM__PROBE_S": "0.3", "LLM__TIMEOUT_S": "10"}
    with FakeOpenAIServer(faithful) as model, pages() as web:
        web.files["/metrics"] = folder / "ingest.prom"
        with (
            service(folder, index, LLM__URL=model.url, **few) as (address, child),
            alertmanager(folder, web) as manager,
        ):
            targets = {"anamnesis": address.removeprefix("http://"), "ingest": web.address}
            with prometheus(folder, targets, manager) as watching:
                until(lambda: watching.up() == {"anamnesis": True, "ingest": True}, within_s=30, what="scraped")
                asyncio.run(asyncio.wait_for(Traffic(address, model).run(), 240))
                asyncio.run(asyncio.sleep(PAUSE_S))
                yield World(watching, child, web.posted)


@pytest.mark.parametrize("question", asked("service", "ingest", "quality"), ids=str)
def test_a_panel_has_data(world: World, question: Asked) -> None:
    assert world.prometheus.values(question.expr), question.expr


@pytest.mark.parametrize("series", HAPPENED)
def test_the_day_left_its_mark(world: World, series: str) -> None:
    assert max(world.prometheus.values(f"sum({series})"), default=0) > 0


def test_every_alert_can_be_evaluated(world: World) -> None:
    rules = world.prometheus.rules()
    assert {rule["name"] for rule in rules} == expressions().keys()
    assert {rule["name"]: rule.get("lastError") for rule in rules if rule["health"] != "ok"} == {}
    for expr in expressions().values():
        world.prometheus.values(expr)


def test_no_label_has_more_values_than_code_gave_it(world: World) -> None:
    names = [name for name in world.prometheus.get("label/__name__/values") if name.startswith("anamnesis_")]
    given = {label for name in names for line in world.prometheus.get("series", **{"match[]": name}) for label in line}
    assert given <= {
        "__name__", "job", "instance", "le", "template", "mode", "outcome", "status", "reason", "direction", "result",
        "stage", "priority",
    }  # fmt: skip
    for label in given - {"__name__", "le"}:
        values = world.prometheus.get(f"label/{label}/values")
        assert not {"ava", "ben", "nobody", "horoscope"} & set(values), label
        assert len(values) < 40, label


def test_an_alert_waits_fires_and_is_told_with_its_page(world: World) -> None:
    assert not world.prometheus.was("AnamnesisDown", "pending")
    world.service.kill_now()
    until(lambda: world.prometheus.was("AnamnesisDown", "firing"), within_s=60, what="AnamnesisDown fires")
    assert world.prometheus.was("AnamnesisDown", "pending")
    until(lambda: any(b"AnamnesisDown" in told for told in world.told), within_s=60, what="the webhook is told")
    (alert,) = json.loads(next(told for told in world.told if b"AnamnesisDown" in told))["alerts"]
    assert alert["status"] == "firing" and alert["labels"]["severity"] == "page"
    assert alert["annotations"]["runbook"] == "docs/operations.md#anamnesisdown"
