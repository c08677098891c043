"""`python -m tests.crash.waiting_run ROOT`: a run that says when it begins to embed, and waits for a line."""

import sys
from pathlib import Path

import numpy as np

from core.errors import AnamnesisError
from tests.crash import runs
from tests.crash.runs import Place
from tests.fakes.embeddings import HashedWords


class Waiting(HashedWords):
    """Embeds once it was told to."""

    waits = True

    def embed(self, texts: list[str]) -> np.ndarray:
        if self.waits:
            print("embedding", flush=True)
            sys.stdin.readline()
            self.waits = False
        return super().embed(texts)


def main() -> int:
    runs.WORDS = Waiting()
    try:
        Place(Path(sys.argv[1])).ingest_exported()
    except AnamnesisError as e:
        print(e)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
