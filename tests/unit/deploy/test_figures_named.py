"""Alerts and dashboards ask only for series that exist, with labels that they have."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.telemetry import IngestMetrics, Metrics
from deploy.grafana.__main__ import files

ROOT = Path(__file__).resolve().parents[3]
PROMETHEUS = ROOT / "deploy/prometheus"
DASHBOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
SERIES = re.compile(r"\b(anamnesis_\w+|vllm:\w+)(?:\{([^}]*)\})?")
EVERYWHERE = {"job", "instance"}


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels(*paths: Path) -> list[dict[str, Any]]:
    """The panels of all dashboards, or of those named, without the headings between them."""
    read = [panel for path in paths or DASHBOARDS for panel in json.loads(path.read_text())["panels"]]
    return [panel for panel in read if panel["type"] != "row"]


def queries() -> list[str]:
    return [rule["expr"] for rule in alerts()] + [t["expr"] for panel in panels() for t in panel["targets"]]


def labels_of_ours(metrics: Metrics | None = None) -> dict[str, set[str]]:
    """Every series name that the service (or the owner of other metrics) can expose, with its labels."""
    found = {}
    for metric in vars(metrics or Metrics()).values():
        for family in metric.describe() if hasattr(metric, "describe") else ():
            labels = set(metric._labelnames)
            ends = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
            found.update({family.name + end: labels | ({"le"} if end == "_bucket" else set()) for end in ends})
    return found


def test_queries_name_series_of_the_service_or_of_ingest_with_their_labels() -> None:
    ours = labels_of_ours(IngestMetrics())
    seen = 0
    for query in queries():
        for name, matchers in SERIES.findall(query):
            if name.startswith("vllm:"):
                continue
            seen += 1
            assert name in ours, query
            assert set(re.findall(r"(\w+)=", matchers)) <= ours[name] | EVERYWHERE, query
            grouped = {label.strip() for group in re.findall(r"by \(([^)]*)\)", query) for label in group.split(",")}
            assert grouped <= ours[name] | EVERYWHERE, query
    assert seen > 20


def test_a_wrong_name_would_be_noticed() -> None:
    ours = labels_of_ours()
    assert "anamnesis_summaries_total" in ours and "anamnesis_summary_seconds_bucket" in ours
    assert "anamnesis_summaries" not in ours and "anamnesis_summary_seconds" not in ours


def test_every_series_of_the_service_and_of_ingest_is_described_in_operations() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in labels_of_ours(IngestMetrics())}
    assert [name for name in sorted(families) if name not in text] == []


def test_queries_name_series_that_vllm_exposes() -> None:
    """As recorded; tests/e2e/test_dashboards_of_vllm.py holds the record against a running server."""
    recorded = set((Path(__file__).parent / "vllm_series.txt").read_text().split())
    names = {name for query in queries() for name, _ in SERIES.findall(query) if name.startswith("vllm:")}
    assert names
    assert sorted(names - recorded) == []


def test_every_alert_leads_to_a_paragraph_of_operations() -> None:
    headings = re.findall(r"^### (\w+)$", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    assert sorted(rule["alert"] for rule in alerts()) == sorted(headings)
    for rule in alerts():
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_every_alert_is_seen_to_fire_and_to_be_quiet_by_rule_tests() -> None:
    cases = [
        c for t in yaml.safe_load((PROMETHEUS / "alerts_test.yml").read_text())["tests"] for c in t["alert_rule_test"]
    ]
    for alert in (rule["alert"] for rule in alerts()):
        assert {bool(c.get("exp_alerts")) for c in cases if c["alertname"] == alert} == {True, False}, alert


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_do_not_overlap_and_use_the_provisioned_source(path: Path) -> None:
    source = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())
    uid = source["datasources"][0]["uid"]
    taken: set[tuple[int, int]] = set()
    for panel in panels(path):
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken and at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells
        assert panel["datasource"]["uid"] == uid
        assert all(target["datasource"]["uid"] == uid for target in panel["targets"])


def test_the_files_are_what_the_code_says() -> None:
    written = {path.name: path.read_text() for path in DASHBOARDS}
    assert written == files(), "run: python -m deploy.grafana"


def test_every_series_of_the_service_and_of_ingest_is_on_a_dashboard() -> None:
    shown = {name for panel in panels() for t in panel["targets"] for name, _ in SERIES.findall(t["expr"])}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in labels_of_ours(IngestMetrics())}
    # Of streamed requests alone, and the chain asks for whole answers; vLLM's own series is on its dashboard.
    families.discard("anamnesis_llm_first_token_seconds")
    assert sorted(families - {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}) == []


def promtool(*arguments: str) -> None:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian's package prometheus has it)")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_accepts_its_configuration_and_rules() -> None:
    promtool("check", "config", str(PROMETHEUS / "prometheus.yml"))


def test_alerts_fire_when_they_should_and_not_before() -> None:
    promtool("test", "rules", str(PROMETHEUS / "alerts_test.yml"))


def test_prometheus_can_parse_every_panel(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": query.replace("$__rate_interval", "5m")}
        for number, query in enumerate(queries())
    ]
    path = tmp_path / "panels.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", str(path))
