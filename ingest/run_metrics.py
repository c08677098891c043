"""A run's series as a file for the textfile collector of Prometheus' node exporter; of a failed run, too."""

import time
from pathlib import Path

from prometheus_client import write_to_textfile
from prometheus_client.parser import text_string_to_metric_families

from core.telemetry import IngestMetrics
from ingest.outcome import Outcome

LAST_SUCCESS = "anamnesis_ingest_last_success_timestamp_seconds"
_OF_EVERY_RUN = (
    "anamnesis_ingest_notes_total",
    *(f"anamnesis_ingest_seconds_{end}" for end in ("bucket", "sum", "count")),
    "anamnesis_ingest_success",
    "anamnesis_ingest_last_run_timestamp_seconds",
)
_OF_THE_INDEX = ("anamnesis_index_generation", "anamnesis_index_notes")


def write_run(path: Path, outcome: Outcome, *, succeeded: bool) -> None:
    """Replace the file. When the last run succeeded is kept from the file before, where this one did not."""
    now = time.time()
    metrics = IngestMetrics()
    outcome.record(metrics)
    metrics.ingest_success.set(succeeded)
    metrics.ingest_last_run.set(now)
    last = now if succeeded else _last_success(path)
    names = list(_OF_EVERY_RUN)
    if last is not None:
        metrics.ingest_last_success.set(last)
        names.append(LAST_SUCCESS)
    if outcome.generation:
        names += _OF_THE_INDEX
    write_to_textfile(str(path), metrics.registry.restricted_registry(names))


def _last_success(path: Path) -> float | None:
    try:
        families = list(text_string_to_metric_families(path.read_text()))
    except (OSError, ValueError):
        return None
    return next((s.value for family in families for s in family.samples if s.name == LAST_SUCCESS), None)
