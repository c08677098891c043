"""The panels of the dashboards, as Grafana would ask for them."""

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.monitoring.prometheus import RATE_INTERVAL, ROOT, RULES

FOLDER = ROOT / "deploy/grafana/dashboards"


@dataclass(frozen=True)
class Asked:
    """One query of a panel."""

    board: str
    panel: str
    legend: str
    expr: str

    def __str__(self) -> str:
        return f"{self.board} / {self.panel} / {self.legend}"


def asked(*boards: str) -> list[Asked]:
    """Every query of the named dashboards, with Grafana's variables replaced as for "all"."""
    found = []
    for board in boards:
        read = json.loads((FOLDER / f"{board}.json").read_text())
        names = [variable["name"] for variable in read["templating"]["list"]]
        for panel in (p for p in read["panels"] if p["type"] != "row"):
            for target in panel["targets"]:
                expr = target["expr"].replace("$__rate_interval", RATE_INTERVAL)
                for name in names:
                    expr = expr.replace(f"${name}", ".*")
                assert "$" not in expr, expr
                found.append(Asked(board, panel["title"], target["legendFormat"], expr))
    return found


def expressions(rules: Path = RULES) -> dict[str, str]:
    """Every alert with its expression."""
    groups = yaml.safe_load(rules.read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}
