"""The real command with the real model, killed half-way: the next run takes over what was done and ends up alike."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.settings import EmbeddingSettings
from ingest.synthetic.__main__ import write_corpus
from vectorstore.embeddings import build_embeddings
from vectorstore.generation import Generation
from vectorstore.store import Store

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
PATIENTS = 5
# Rounding to bf16 depends on which texts shared a batch.
TOLERANCE = 2e-2

RUN = "import sys, ingest.intake; ingest.intake.CHECKPOINT_S = 0.2; from ingest.__main__ import main; sys.exit(main())"


def command(notes: Path, index: Path) -> "subprocess.Popen[str]":
    """`python -m ingest`, with a checkpoint more often than every few seconds."""
    variables = {
        "ANAMNESIS_INDEX__DIR": str(index),
        "ANAMNESIS_INGEST__QUARANTINE_DIR": str(index.parent / "quarantine"),
    }
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(notes)],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def staged(index: Path) -> int:
    """How many notes an unfinished run has made durable."""
    path = index / "staging" / "notes.sqlite"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0)) as db:
            return int(db.execute("SELECT count(*) FROM notes").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def vectors_by_note(generation: Generation, patient_id: str) -> dict[str, np.ndarray]:
    return {note_id: np.array(block) for note_id, block in generation.chunk_vectors(patient_id).items()}


def test_a_run_killed_half_way_is_taken_over_and_ends_up_as_if_nothing_had_been(tmp_path: Path) -> None:
    write_corpus(tmp_path, patients=PATIENTS, seed=1, phrasing="a")
    notes = tmp_path / "notes.csv.gz"
    whole, _ = command(notes, tmp_path / "whole" / "index").communicate()
    added = int(re.search(r"^added +(\d+)", whole, re.MULTILINE)[1])  # type: ignore[index]
    assert added >= 150

    index = tmp_path / "killed" / "index"
    with command(notes, index) as running:
        until = time.monotonic() + 300
        while staged(index) < added // 3:
            assert running.poll() is None and time.monotonic() < until
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
    assert not (index / "CURRENT").exists()
    done = staged(index)
    again, _ = command(notes, index).communicate()
    taken_over = int(re.search(r"^taken over from an interrupted run +(\d+)", again, re.MULTILINE)[1])  # type: ignore[index]
    assert added // 3 <= done <= taken_over < added

    embeddings = build_embeddings(EmbeddingSettings())
    one, other = (Store(path, embeddings).generation for path in (tmp_path / "whole" / "index", index))
    patients = list(one.patient_ids())
    assert list(other.patient_ids()) == patients
    for patient_id in patients:
        assert other.processed(patient_id) == one.processed(patient_id)
        assert other.note_digests(patient_id) == one.note_digests(patient_id)
        assert other.chart(patient_id).digest == one.chart(patient_id).digest
        ours, theirs = vectors_by_note(one, patient_id), vectors_by_note(other, patient_id)
        for note_id, block in ours.items():
            np.testing.assert_allclose(theirs[note_id], block, atol=TOLERANCE)
