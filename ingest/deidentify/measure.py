"""`python -m ingest.deidentify.measure --phi FILE --aci CSV...`: how well identifiers are found.

`--phi` takes JSONL with `text` and `phi`, a list of `{"value", "category"}`. `--aci` takes ACI-Bench files that have
their `_metadata.csv` beside them; the names looked for are the patient's and doctor's own in that metadata. Other
people named in the notes are in no metadata, so that precision cannot be told by counting there: `--examples` lists
what else the detector called a name, to be read.
"""

import argparse
import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.deidentify.dates import find_dates
from ingest.deidentify.detector import PatternDetector
from ingest.deidentify.identifiers import Detector, Identifier, IdentifierKind

NOT_MASKED = "date"
Span = tuple[int, int]


@dataclass(slots=True)
class Tally:
    """Counts for one set. A gold span is found when every letter and digit of it is inside detected ranges."""

    gold: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    detected: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def score(self, text: str, gold: Sequence[tuple[Span, str]], detected: Sequence[Identifier]) -> None:
        """Add one text. A detection is right where it overlaps a gold span of any category."""
        covered = {at for one in detected for at in range(one.start, one.end)}
        wanted = {at for (start, end), _ in gold for at in range(start, end)}
        for (start, end), category in gold:
            self.gold[category] += 1
            if all(at in covered for at in range(start, end) if text[at].isalnum()):
                self.found[category] += 1
            else:
                self.missed.append(f"{category}: {text[start:end]}")
        for one in detected:
            self.detected[one.kind.value] += 1
            if any(at in wanted for at in range(one.start, one.end)):
                self.right[one.kind.value] += 1
            else:
                self.wrong.append(f"{one.kind.value}: {text[one.start : one.end]}")

    def figures(self) -> dict[str, object]:
        """Precision over all detections, recall over all gold spans but dates, and both by category."""
        masked = [c for c in self.gold if c != NOT_MASKED]
        return {
            "detected": self.detected.total(),
            "precision": _share(self.right.total(), self.detected.total()),
            "recall": _share(sum(self.found[c] for c in masked), sum(self.gold[c] for c in masked)),
            "recall_by_category": {c: f"{self.found[c]}/{n}" for c, n in sorted(self.gold.items())},
            "precision_by_kind": {k: f"{self.right[k]}/{n}" for k, n in sorted(self.detected.items())},
        }


def names_only(tally: Tally) -> dict[str, object]:
    """Recall of the names that metadata tells, and how many other detections are left to be read."""
    return {
        "recall": _share(tally.found.total(), tally.gold.total()),
        "gold": tally.gold.total(),
        "detected": tally.detected.total(),
        "detected_outside_metadata": len(tally.wrong),
    }


def measure_phi(path: Path, detector: Detector) -> tuple[Tally, dict[str, object]]:
    """Score labelled notes; the second part tells how many of their dates `find_dates` sees, which are not masked."""
    tally, dates, seen = Tally(), 0, 0
    for line in path.read_text(encoding="utf-8").splitlines():
        note = json.loads(line)
        text = note["text"]
        gold = [(span, item["category"]) for item in note["phi"] for span in _occurrences(text, item["value"])]
        tally.score(text, gold, detector.detect(text))
        visible = set(find_dates(text))
        of_dates = [span for span, category in gold if category == NOT_MASKED]
        dates, seen = dates + len(of_dates), seen + sum(span in visible for span in of_dates)
    return tally, {"dates_in_notes": dates, "full_dates_seen": seen}


def measure_aci(paths: Iterable[Path], detector: Detector) -> Tally:
    """Score the names in the notes of ACI-Bench."""
    tally = Tally()
    visits = (visit for path in paths if not path.stem.endswith("_metadata") for visit in _visits(path))
    for text, names in visits:
        gold = [(span, "name") for name in sorted(names) for span in _occurrences(text, name)]
        tally.score(text, gold, [one for one in detector.detect(text) if one.kind is IdentifierKind.NAME])
    return tally


def _visits(path: Path) -> Iterator[tuple[str, set[str]]]:
    with path.with_name(f"{path.stem}_metadata.csv").open(encoding="utf-8", newline="") as file:
        people = {row["encounter_id"]: row for row in csv.DictReader(file)}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            person = people[row["encounter_id"]]
            fields = (person["patient_firstname"], person["patient_familyname"], person["doctor_name"])
            yield row["note"], {word for value in fields for word in re.findall(r"[^\W\d_]{2,}", value)}


def _occurrences(text: str, value: str) -> list[Span]:
    before = r"(?<![^\W\d_])" if value[:1].isalpha() else ""
    return [found.span() for found in re.finditer(rf"{before}{re.escape(value)}(?![^\W_])", text)]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ingest.deidentify.measure", description=__doc__)
    parser.add_argument("--phi", type=Path, metavar="FILE", help="labelled notes, JSONL")
    parser.add_argument("--aci", type=Path, nargs="+", default=[], metavar="CSV", help="ACI-Bench files")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    parser.add_argument("--examples", action="store_true", help="list what was missed and what was wrong")
    options = parser.parse_args(arguments)
    detector, figures, tallies = PatternDetector(), {}, {}
    if options.phi:
        tallies["phi"], dates = measure_phi(options.phi, detector)
        figures["phi"] = tallies["phi"].figures() | dates
    if options.aci:
        tallies["aci-bench names"] = measure_aci(options.aci, detector)
        figures["aci-bench names"] = names_only(tallies["aci-bench names"])
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    if options.examples:
        for name, tally in tallies.items():
            lines = [*(f"missed {one}" for one in tally.missed), *(f"wrong  {one}" for one in tally.wrong)]
            sys.stdout.write("".join(f"{name}: {line}\n" for line in lines))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
