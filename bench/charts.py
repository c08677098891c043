"""Synthetic charts in an index of their own, by the same commands a user runs."""

import os
import subprocess
import sys
from pathlib import Path

from core.settings import Settings
from vectorstore.embeddings import build_embeddings
from vectorstore.generation import Generation
from vectorstore.store import Store


def build_index(folder: Path, *, patients: int, seed: int = 7) -> Path:
    """Make charts and ingest them below `folder`; returns the index folder."""
    index, charts = folder / "index", folder / "charts"
    _run("ingest.synthetic", "--patients", str(patients), "--seed", str(seed), "--out", str(charts))
    _run("ingest", str(charts / "notes.csv.gz"), ANAMNESIS_INDEX__DIR=str(index))
    return index


def open_index(index: Path) -> Generation:
    """Its live generation, with the embedder of the settings."""
    return Store(index, build_embeddings(Settings().embedding)).generation


def patient_with(generation: Generation, notes: int) -> str:
    """The patient whose number of notes is closest."""
    rows = generation.patients(limit=200).patients
    return min(rows, key=lambda row: (abs(row.notes - notes), row.patient_id)).patient_id


def _run(module: str, *arguments: str, **environment: str) -> None:
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
