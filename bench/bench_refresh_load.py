"""A service under load while its index is published anew twice a second: failures, wrong citations, latency, files."""

import tempfile
from pathlib import Path

from bench.figures import Figure
from tests.crash.load import observe

SECONDS = 120.0
CLIENTS = 4


def run() -> list[Figure]:
    """Four clients at a service of its own process for two minutes, extractive summaries among what they ask."""
    with tempfile.TemporaryDirectory() as folder:
        seen = observe(Path(folder), clients=CLIENTS, seconds=SECONDS)
    published = sum(seen.publications.values())
    what = ", ".join(f"{count} {kind}" for kind, count in sorted(seen.publications.items()))
    quarter = max(1, len(seen.uses) // 4)
    memory = [use.memory / 1e6 for use in seen.uses]
    return [
        Figure(
            "requests that failed or were wrong", len(seen.failures), "", 0, "at_most", f"{len(seen.seconds)} requests"
        ),
        Figure(
            "citations checked against their generation", len(seen.cited), "", baseline="all as quoted, or a failure"
        ),
        Figure("publications meanwhile", published, "", baseline=what),
        Figure("generations that summaries came from", len(seen.generations), ""),
        Figure(
            "request, median", seen.percentile(0.5) * 1000, "ms", baseline="client, service and writer on one machine"
        ),
        Figure("request, p99", seen.percentile(0.99) * 1000, "ms"),
        Figure("open files of the service, first quarter", seen.files(slice(None, quarter)), ""),
        Figure(
            "open files of the service, last quarter",
            seen.files(slice(-quarter, None)),
            "",
            seen.files(slice(None, quarter)) + 6,
            "at_most",
        ),
        Figure("memory of the service, start", memory[0], "MB"),
        Figure("memory of the service, end", memory[-1], "MB"),
    ]
