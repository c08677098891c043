"""Vectors of texts that were embedded before, so that a change of rules costs no second embedding."""

import hashlib
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from numpy.typing import NDArray

from vectorstore.embeddings.base import LocalEmbeddings


class RememberedVectors:
    """Embeds texts with a model, and keeps the vectors in a file beside the charts."""

    def __init__(self, embeddings: LocalEmbeddings, folder: Path) -> None:
        self._embeddings = embeddings
        self._path = folder / f"vectors-{embeddings.spec.weight_digest[:12]}.npz"
        self._known: dict[str, NDArray[np.float32]] = {}
        if self._path.exists():
            with np.load(self._path, allow_pickle=False) as stored:
                self._known = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """Unit vectors, float32 of shape (texts, dimension); only texts never seen are embedded."""
        keys = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if new:
            self._known.update(zip(new, self._embeddings.embed(list(new.values())), strict=True))
        shape = (len(texts), self._embeddings.spec.dimension)
        return np.array([self._known[key] for key in keys], dtype=np.float32).reshape(shape)

    def save(self) -> None:
        """Write all vectors; another process that writes at the same time wins or loses as a whole."""
        with NamedTemporaryFile(dir=self._path.parent, suffix=".npz", delete=False) as file:
            np.savez(file, keys=np.array(list(self._known)), vectors=np.array(list(self._known.values())))
        Path(file.name).replace(self._path)
