"""`python -m ingest.sources.aci_bench CSV... OUT.jsonl`: ACI-Bench visits as JSONL notes.

Reads the `encounter_id` and `note` columns of the ACI-Bench challenge files (Yim et al. 2023, CC BY 4.0). Every
encounter is a patient of its own; the visits are undated.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

NOTE_TYPE = "outpatient note"


def convert(paths: Iterable[Path]) -> Iterator[dict[str, str]]:
    """The visits of all files, with the fields of `core.records.Note`."""
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                encounter = row["encounter_id"]
                yield {
                    "note_id": f"aci-bench/{encounter}",
                    "patient_id": f"aci-{encounter}",
                    "encounter_id": encounter,
                    "note_type": NOTE_TYPE,
                    "text": row["note"],
                }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the JSONL file; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ingest.sources.aci_bench", description=__doc__)
    parser.add_argument("csv", nargs="+", type=Path, help="files of the challenge, such as clinicalnlp_taskB_test1.csv")
    parser.add_argument("out", type=Path, help="JSONL file to write")
    options = parser.parse_args(arguments)
    with options.out.open("w", encoding="utf-8") as out:
        count = sum(bool(out.write(json.dumps(note, ensure_ascii=False) + "\n")) for note in convert(options.csv))
    sys.stdout.write(f"{count} notes written to {options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
