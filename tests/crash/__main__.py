"""`python -m tests.crash [--kills N]`: kill writers of an index, print what they were doing, fail at the first harm."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.crash.harness import Harness

MEMORY = Path("/dev/shm")
# Libraries that start threads when they are imported would leave the forked children with half a process.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


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
    if not ONE_THREAD.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, "-m", "tests.crash", *sys.argv[1:]], {**os.environ, **ONE_THREAD})
    sys.exit(main())
