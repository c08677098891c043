"""Synthetic charts in an index of the tests' own embedder."""

from pathlib import Path

from ingest.synthetic.__main__ import write_corpus
from tests.fakes.ingest_world import World


def build_index(folder: Path, *, patients: int, seed: int = 7) -> Path:
    """Make charts and publish them below `folder`; returns the index folder."""
    charts = folder / "charts"
    charts.mkdir()
    write_corpus(charts, patients=patients, seed=seed, phrasing="a")
    world = World(folder)
    world.ingest(charts / "notes.csv.gz")
    return world.index
