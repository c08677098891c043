"""A small index, made by the real job."""

import json
import subprocess
import sys
from pathlib import Path

from tests.fakes.charts import AVA, BEN
from tests.monitoring.children import environment

BAD_ROW = '{"note_id": "bad"}'


def ingested(folder: Path) -> Path:
    """An index of two charts made by the job, with the metrics file of that run beside it."""
    source, index, metrics = folder / "notes.jsonl", folder / "index", folder / "ingest.prom"
    names = ("note_id", "patient_id", "note_type", "charted_at", "text")
    rows = [json.dumps({name: getattr(note, name) for name in names}) for note in (*AVA, *BEN)]
    source.write_text("\n".join([*rows, BAD_ROW]) + "\n")
    settings = {"INDEX__DIR": index, "INGEST__QUARANTINE_DIR": folder / "quarantine", "INGEST__MAX_BAD_SHARE": 0.5}
    variables = environment(**{f"ANAMNESIS_{name}": str(value) for name, value in settings.items()})
    command = (sys.executable, "-m", "ingest", str(source), "--metrics-file", str(metrics))
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return index
