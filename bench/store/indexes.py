"""The indexes that are measured, written by the store's own writer."""

import shutil
import sys
import time
from pathlib import Path

from bench.figures import Figure, Measured, cpu_s
from bench.index_of_vectors import DrawnCharts, DrawnEmbeddings, build
from bench.parts import Size
from vectorstore.generation import Generation
from vectorstore.store import Store

LARGE, SMALL = "10M", "1M"
_CHARTS = {
    "full": {LARGE: DrawnCharts(20_000), SMALL: DrawnCharts(2_000)},
    "try": {LARGE: DrawnCharts(400), SMALL: DrawnCharts(100)},
}


def charts_of(name: str, size: Size) -> DrawnCharts:
    """The charts an index holds."""
    return _CHARTS[size][name]


def folder_of(scratch: Path, name: str) -> Path:
    """Where an index lies."""
    return scratch / f"index-{name}"


def open_index(scratch: Path, name: str) -> Generation:
    """Its live generation."""
    return Store(folder_of(scratch, name), DrawnEmbeddings()).generation


def files_of(folder: Path) -> list[Path]:
    """Every file of an index."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def write_small(scratch: Path, size: Size) -> Measured:
    """Write the index of one million chunks."""
    return _write(scratch, SMALL, size)


def write_large(scratch: Path, size: Size) -> Measured:
    """Write the index of ten million chunks."""
    return _write(scratch, LARGE, size)


def _write(scratch: Path, name: str, size: Size) -> Measured:
    charts, folder = charts_of(name, size), folder_of(scratch, name)
    shutil.rmtree(folder, ignore_errors=True)
    drawn = _drawing_s(charts)
    began, cpu, shown = time.monotonic(), cpu_s(), 0.0
    for done in build(folder, charts):
        if time.monotonic() - shown > 5:
            shown = time.monotonic()
            sys.stderr.write(f"  {done:,} of {charts.patients:,} patients written\n")
    wall, cpu = time.monotonic() - began, cpu_s() - cpu
    chunks = charts.patients * charts.chunks
    written = sum(path.stat().st_size for path in files_of(folder))
    drawing = f"drawing the charts, {drawn * charts.patients:.0f} s of CPU in all, taken off"
    return Measured(
        (
            Figure(f"store {name}: writing", chunks / (cpu - drawn * charts.patients), "chunks per CPU s", None,
                   "report", drawing),
            Figure(f"store {name}: writing, wall", wall, "s", None, "report", "drawing and syncing counted"),
            Figure(f"store {name}: on disk", written / chunks, "bytes/chunk", None, "report",
                   f"{written / 1e9:.1f} GB; 1,536 of them the vector"),
        )
    )  # fmt: skip


def _drawing_s(charts: DrawnCharts, some: int = 50) -> float:
    """CPU seconds that one patient takes to draw."""
    charts.vectors(0), list(charts.processed(0))
    began = time.process_time()
    for number in range(some):
        charts.vectors(number), list(charts.processed(number))
    return (time.process_time() - began) / some
