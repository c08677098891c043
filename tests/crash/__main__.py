"""`python -m tests.crash [--kills N]`: kill writers of an index, print what they were doing, fail at the first harm."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.crash.harness import Harness
from tests.crash.one_thread import start_without_threads

MEMORY = Path("/dev/shm")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200, help="at least so many (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="of the charts and of the moments")
    parser.add_argument("--patients", type=int, default=16, help="in each index")
    parser.add_argument("--json", type=Path, help="write the tally to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="anamnesis-crash-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        harness = Harness(Path(folder), seed=options.seed, patients=options.patients)
        tally = harness.run(options.kills)
    print(tally.table())
    print(f"{tally.total} kills in {tally.seconds:.0f} s")
    if options.json:
        options.json.write_text(tally.to_json())
    return 0


if __name__ == "__main__":
    start_without_threads("tests.crash")
    sys.exit(main())
