"""A real Prometheus over chosen targets, with the alerts of deploy/prometheus sooner than in earnest."""

import json
import math
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from deploy.local.address import free_port
from tests.monitoring.children import Pages, program, running

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus/alerts.yml"
SCRAPED_EVERY = "1s"
# In Grafana at least four times the scrape interval.
RATE_INTERVAL = "5s"
SOONER = "2s"


@dataclass
class Prometheus:
    """A running one; `since` is when it was started (Unix time)."""

    address: str
    since: float = field(default_factory=time.time)

    def get(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API."""
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.address}/api/v1/{path}?{query}", timeout=30) as answer:
            body = json.loads(answer.read())
        assert body["status"] == "success", body
        return body["data"]

    def values(self, query: str) -> list[float]:
        """Every number that a panel would draw since the start, of all its lines together."""
        now = time.time()
        data = self.get("query_range", query=query, start=str(self.since), end=str(now), step=SCRAPED_EVERY)
        numbers = [float(value) for line in data["result"] for _, value in line["values"]]
        return [number for number in numbers if math.isfinite(number)]

    def up(self) -> dict[str, bool]:
        """Whether each target was reached when it was last scraped, by its job."""
        return {t["labels"]["job"]: t["health"] == "up" for t in self.get("targets")["activeTargets"]}

    def rules(self) -> list[dict[str, Any]]:
        """Every alert, with whether it could be evaluated."""
        return [rule for group in self.get("rules")["groups"] for rule in group["rules"]]

    def was(self, alert: str, state: str) -> bool:
        """Whether an alert has been `pending` or `firing`."""
        return bool(self.values(f'ALERTS{{alertname="{alert}",alertstate="{state}"}}'))


def sooner(rules: str) -> str:
    """The same alerts with the same expressions, pending for two seconds where they would be for minutes."""
    read = yaml.safe_load(rules)
    for group in read["groups"]:
        for rule in group["rules"]:
            rule.update({"for": SOONER} if "for" in rule else {})
    return yaml.safe_dump(read, sort_keys=False)


@contextmanager
def prometheus(folder: Path, targets: Mapping[str, str], alertmanager: str = "") -> Iterator[Prometheus]:
    """Scrapes each of `targets` (job -> host:port) every second, and judges the alerts as often."""
    command = program("prometheus", "prometheus")
    (folder / "alerts.yml").write_text(sooner(RULES.read_text()))
    jobs = [{"job_name": job, "static_configs": [{"targets": [target]}]} for job, target in targets.items()]
    configuration: dict[str, Any] = {
        "global": {"scrape_interval": SCRAPED_EVERY, "evaluation_interval": SCRAPED_EVERY},
        "rule_files": ["alerts.yml"],
        "scrape_configs": jobs,
    }
    if alertmanager:
        configuration["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    listening = f"127.0.0.1:{free_port()}"
    options = (
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'series'}",
        f"--web.listen-address={listening}",
    )
    started = Prometheus(f"http://{listening}")
    with running("prometheus", command, *options, folder=folder, ready=f"{started.address}/-/ready"):
        yield started


@contextmanager
def alertmanager(folder: Path, to: Pages) -> Iterator[str]:
    """An Alertmanager that hands every alert on at once, by a webhook; yields its host:port."""
    command = program("prometheus-alertmanager", "prometheus-alertmanager")
    receiver = {"name": "test", "webhook_configs": [{"url": f"http://{to.address}/alerts", "send_resolved": False}]}
    route = {"receiver": "test", "group_wait": "0s", "group_interval": "1s", "group_by": ["alertname"]}
    (folder / "alertmanager.yml").write_text(yaml.safe_dump({"route": route, "receivers": [receiver]}))
    listening = f"127.0.0.1:{free_port()}"
    options = (
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={listening}",
        "--cluster.listen-address=",
    )
    with running("alertmanager", command, *options, folder=folder, ready=f"http://{listening}/-/ready"):
        yield listening
