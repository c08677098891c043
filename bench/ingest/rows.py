"""A corpus as rows that can be edited and written again."""

import csv
import gzip
import random
from dataclasses import dataclass, field
from pathlib import Path

from ingest.synthetic.catalog_files import load_catalog
from ingest.synthetic.chart import write_chart
from ingest.synthetic.mimic_csv import COLUMNS
from ingest.synthetic.phrasing import load_bank

TEXT = COLUMNS.index("text")
PATIENT = COLUMNS.index("subject_id")


@dataclass
class Corpus:
    """Rows in MIMIC's columns; `spare` are texts of other patients, which notes are given when they change."""

    rows: list[list[str]]
    spare: list[str]
    rng: random.Random = field(default_factory=lambda: random.Random(41))

    @classmethod
    def drawn(cls, patients: int, *, seed: int = 1) -> "Corpus":
        """Charts of `patients` patients, and the texts of as many others."""
        catalog, bank = load_catalog(), load_bank("a")
        charts = [write_chart(catalog, bank, seed=seed, index=index)[0] for index in range(2 * patients)]
        rows = [list(note.row()) for notes in charts[:patients] for note in notes]
        return cls(rows, [note.text for notes in charts[patients:] for note in notes])

    def rewrite(self, share: float) -> int:
        """Give a share of the notes, at least one, wholly other words; returns how many patients have one of them."""
        count = max(1, round(share * len(self.rows)))
        chosen = self.rng.sample(range(len(self.rows)), count)
        texts = self.rng.sample(self.spare, min(count, len(self.spare)))
        for place, number in enumerate(chosen):
            # A line of its own keeps two notes that are given the same text apart, and this round from the last.
            self.rows[number][TEXT] = f"Note {self.rng.randrange(10**9)}.\n{texts[place % len(texts)]}"
        return len({self.rows[number][PATIENT] for number in chosen})

    def append_line(self) -> None:
        """Add a line to one note, as an addendum does."""
        self.rng.choice(self.rows)[TEXT] += f"\nAddendum: potassium rechecked, {self.rng.randrange(30, 55) / 10}.\n"

    def write(self, path: Path, *, level: int = 6) -> None:
        """Write the rows; another `level` gives other bytes of the same rows."""
        with gzip.open(path, "wt", encoding="utf-8", newline="", compresslevel=level) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(self.rows)
