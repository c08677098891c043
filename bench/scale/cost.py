"""What a hundred million chunks take, from what was measured and two prices."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bench.figures import Figure
from bench.scale.tables import markdown

CHUNKS = 100_000_000
# List prices in us-east-1. An m7g.large has two processors; the processor measured on is another one.
CORE_HOUR = 0.0816 / 2
GB_MONTH = 0.08


@dataclass(frozen=True, slots=True)
class Slopes:
    """What was measured, for each note or chunk."""

    note_cpu_ms: float
    chunks_a_note: float
    bytes_a_chunk: float
    most_disk: float
    refresh_share: float
    nothing_share: float
    notes_a_second: float
    query_ms: float
    anew_ms: float


def slopes(figures: Iterable[Figure]) -> Slopes:
    """Find them among the figures.

    Raises:
        KeyError: one was not measured; it is named by its pattern.
    """
    by_name = {figure.figure: figure.value for figure in figures}

    def value(pattern: str) -> float:
        found = [number for name, number in by_name.items() if re.search(pattern, name)]
        if not found:
            raise KeyError(pattern)
        return found[0]

    return Slopes(
        note_cpu_ms=value("^ingest, CPU of one note$"),
        chunks_a_note=value("stubbed.*: chunks$"),
        bytes_a_chunk=value("stubbed.*: disk$"),
        most_disk=value(": most disk meanwhile$"),
        refresh_share=value("^refresh, CPU of full ingest: 1% of the notes$") / 100,
        nothing_share=value("^refresh, CPU of full ingest: nothing, files written again$") / 100,
        notes_a_second=value("stubbed.*: rate$"),
        query_ms=value("^store 10M: p50, dense, chart open$"),
        anew_ms=value("^store 10M: p50, dense, chart opened anew$"),
    )


def cost_table(figures: Iterable[Figure], chunks: int = CHUNKS) -> str:
    """Time, disk and money, each with its formula."""
    s = slopes(figures)
    notes = chunks / s.chunks_a_note
    hours = notes * s.note_cpu_ms / 3.6e6
    disk = chunks * s.bytes_a_chunk / 1e9
    refresh = hours * s.refresh_share
    rows = [
        ("notes", f"{notes / 1e6:.1f} million", f"N / {s.chunks_a_note:.2f} chunks a note"),
        ("full ingest", f"{hours:,.0f} core hours", f"notes × {s.note_cpu_ms:.1f} ms of CPU"),
        ("", f"{_days(hours / 64)} on 64 cores", "core hours / cores: notes do not depend on one another"),
        ("", _money(hours * CORE_HOUR), "core hours × C"),
        ("of it all but facts and embedding", f"{_days(notes / s.notes_a_second / 3600)} on the machine measured",
         f"notes / {s.notes_a_second:.0f} a second, the rate of the long run, that leaves both out"),
        ("nightly refresh, 1% changed", f"{refresh:,.1f} core hours, {_money(refresh * CORE_HOUR)}",
         f"× {100 * s.refresh_share:.2f}%"),
        ("nightly refresh, nothing changed", f"{hours * s.nothing_share:,.2f} core hours",
         f"× {100 * s.nothing_share:.3f}%; files that are the same are not read"),
        ("index", f"{disk:,.0f} GB", f"N × {s.bytes_a_chunk:,.0f} bytes"),
        ("disk to have free", f"{s.most_disk * disk:,.0f} GB", f"× {s.most_disk:.2f}, the most while it is built"),
        ("", f"{_money(s.most_disk * disk * GB_MONTH)} a month", "GB × G"),
        ("a query", f"{s.query_ms:.3f} ms of CPU; {s.anew_ms:.2f} ms where the chart is opened anew",
         "as at 10M: it depends on the patient's notes, not on N"),
        ("a million queries, each chart opened anew", _money(1e6 * s.anew_ms / 3.6e6 * CORE_HOUR),
         "queries × ms of CPU × C"),
    ]  # fmt: skip
    return markdown((f"N = {chunks / 1e6:,.0f} million chunks", "comes to", "from"), rows)


def _days(hours: float) -> str:
    return f"{hours / 24:,.1f} days" if hours >= 48 else f"{hours:,.1f} hours"


def _money(dollars: float) -> str:
    return f"${dollars:,.0f}" if dollars >= 100 else f"${dollars:.2f}"
