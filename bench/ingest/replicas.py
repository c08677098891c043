"""Any number of notes for the price of a few charts: each chart is written again and again under new ids."""

import csv
from collections.abc import Iterator
from pathlib import Path

from ingest.synthetic.catalog_files import load_catalog
from ingest.synthetic.chart import write_chart
from ingest.synthetic.mimic_csv import COLUMNS
from ingest.synthetic.phrasing import load_bank


def write_replicas(path: Path, notes: int, *, charts: int = 100, seed: int = 5) -> int:
    """Write `notes` notes as MIMIC's csv, patient after patient, in constant memory; returns how many patients."""
    catalog, bank = load_catalog(), load_bank("a")
    drawn = [[note.row() for note in write_chart(catalog, bank, seed=seed, index=index)[0]] for index in range(charts)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        patients = 0
        for rows in _replicated(drawn, notes):
            writer.writerows(rows)
            patients += 1
    return patients


def _replicated(drawn: list[list[tuple[str, ...]]], notes: int) -> Iterator[list[list[str]]]:
    left, number = notes, 0
    while left > 0:
        chart = drawn[number % len(drawn)][:left]
        subject = f"{10_000_000 + number}"
        yield [
            # The line at the end is the note's alone, so that no two notes are the same text.
            [f"{subject}-{place}", subject, *row[2:-1], f"{row[-1]}\nReference {number}/{place}.\n"]
            for place, row in enumerate(chart)
        ]
        left -= len(chart)
        number += 1
