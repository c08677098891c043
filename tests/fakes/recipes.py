"""Workers that another process builds, with the fakes' embeddings."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.deidentify import PatternDetector
from ingest.embedding import Embedder
from ingest.work import Row, Worked, Worker
from tests.fakes.embeddings import HashedWords


def hashed_embedder() -> Embedder:
    """What a run needs of the fakes' embeddings."""
    model = HashedWords()
    return Embedder(model.spec, model.embed, model.count_tokens)


@dataclass(frozen=True)
class HashedRecipe:
    """Builds an ordinary worker."""

    def build(self) -> Worker:
        return Worker(hashed_embedder(), PatternDetector(), None, policy="mask", chunk_tokens=80)


@dataclass(frozen=True)
class DyingRecipe:
    """Builds workers whose process dies at the first batch, once for each of `deaths`; `folder` remembers."""

    folder: Path
    deaths: int

    def build(self) -> "DyingWorker":
        return DyingWorker(self)


class DyingWorker:
    """Works like any other, if it lives."""

    def __init__(self, recipe: DyingRecipe) -> None:
        self._recipe = recipe
        self._worker = HashedRecipe().build()

    def work(self, rows: Sequence[Row]) -> list[Worked]:
        """Die, or work."""
        for number in range(self._recipe.deaths):
            try:
                (self._recipe.folder / f"death-{number}").touch(exist_ok=False)
            except FileExistsError:
                continue
            os._exit(1)
        return self._worker.work(rows)
