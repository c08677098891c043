"""Starting a harness without threads: those that libraries start on import would leave forked children with half."""

import os
import sys

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def start_without_threads(module: str) -> None:
    """Start this program anew with the variables that keep libraries to one thread, unless they are set."""
    if not ONE_THREAD.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]], {**os.environ, **ONE_THREAD})
