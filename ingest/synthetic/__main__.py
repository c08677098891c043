"""`python -m ingest.synthetic --patients N --seed S --out DIR [--phrasing a|b|c]`: notes and facts."""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.synthetic.catalog_files import load_catalog
from ingest.synthetic.chart import write_chart
from ingest.synthetic.mimic_csv import WrittenNote, write_notes
from ingest.synthetic.phrasing import HALVES, load_bank


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ingest.synthetic", description="Write synthetic charts.")
    parser.add_argument("--patients", type=int, required=True, metavar="N", help="how many patients, at least 1")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the same seed gives the same bytes")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for notes.csv.gz and facts.jsonl"
    )
    parser.add_argument(
        "--phrasing", choices=HALVES, default="a", help="which phrasing bank; rules are built on a and c, reported on b"
    )
    args = parser.parse_args(argv)
    if args.patients < 1:
        parser.error(f"--patients is {args.patients}; at least 1 is needed")
    return args


def main(argv: Sequence[str] | None = None) -> int:
    """Write the two files; 2 where the arguments are wrong or the folder cannot be written."""
    args = _parse(argv)
    began = time.perf_counter()
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        notes, facts = write_corpus(args.out, patients=args.patients, seed=args.seed, phrasing=args.phrasing)
    except OSError as e:
        print(f"cannot write to {args.out}: {e.strerror or type(e).__name__}; choose another --out", file=sys.stderr)
        return 2
    took = time.perf_counter() - began
    print(f"{args.patients} patients, {notes} notes, {facts} facts in {args.out} ({notes / took:.0f} notes/s)")
    return 0


def write_corpus(out: Path, *, patients: int, seed: int, phrasing: str) -> tuple[int, int]:
    """Write notes.csv.gz and facts.jsonl under `out`; how many notes and facts. Raises OSError."""
    catalog, bank = load_catalog(), load_bank(phrasing)
    facts_written = 0

    with (out / "facts.jsonl").open("w", encoding="utf-8", newline="\n") as ledger:

        def charts() -> Iterator[WrittenNote]:
            nonlocal facts_written
            for index in range(patients):
                notes, facts = write_chart(catalog, bank, seed=seed, index=index)
                for fact in facts:
                    ledger.write(fact.line() + "\n")
                facts_written += len(facts)
                yield from notes

        return write_notes(out / "notes.csv.gz", charts()), facts_written


if __name__ == "__main__":
    sys.exit(main())
