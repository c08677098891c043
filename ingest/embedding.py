"""Vectors for the texts of a window of notes, each distinct text embedded once."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.settings import EmbeddingSettings
from vectorstore.embeddings import LocalEmbeddings, build_embeddings
from vectorstore.embeddings.model_folder import find_model
from vectorstore.specs import EmbeddingSpec

Vectors: TypeAlias = NDArray[np.float32]
Embed: TypeAlias = Callable[[list[str]], Vectors]
REMEMBERED = 8192
"""Texts whose vectors are kept from window to window: 12 MB at 384 dimensions, and the texts."""


@dataclass(frozen=True, slots=True)
class Embedder:
    """What the job needs of an embedding model; `embed` gives unit vectors, float32 of shape (texts, dimension)."""

    spec: EmbeddingSpec
    embed: Embed
    count_tokens: Callable[[str], int]


def lazy_embedder(settings: EmbeddingSettings) -> Embedder:
    """An embedder that is loaded when the first text comes: a run over unchanged notes needs none.

    Raises:
        SettingsInvalid: the model cannot be found.
    """
    if settings.backend == "huggingface":
        # Only the loaded pipeline knows how long its vectors are.
        embeddings = build_embeddings(settings)
        return Embedder(embeddings.spec, embeddings.embed, embeddings.count_tokens)
    lazy = _Lazy(settings)
    return Embedder(find_model(settings.model).spec, lazy.embed, lazy.count_tokens)


class _Lazy:
    def __init__(self, settings: EmbeddingSettings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._loaded: LocalEmbeddings | None = None

    def embed(self, texts: list[str]) -> Vectors:
        return self._embeddings().embed(texts)

    def count_tokens(self, text: str) -> int:
        return self._embeddings().count_tokens(text)

    def _embeddings(self) -> LocalEmbeddings:
        with self._lock:
            if self._loaded is None:
                self._loaded = build_embeddings(self._settings)
            return self._loaded


class TextVectors:
    """Gives texts their vectors, and remembers the last ones: paragraphs are copied forward from note to note."""

    def __init__(self, embed: Embed, dimension: int, *, remembered: int = REMEMBERED) -> None:
        self._embed = embed
        self._dimension = dimension
        self._most = remembered
        self._last: OrderedDict[str, Vectors] = OrderedDict()

    def of(self, texts: Sequence[str], known: Mapping[str, Vectors]) -> tuple[Vectors, int]:
        """The vectors, float32 of shape (texts, dimension), and how many texts were embedded for them.

        `known` maps texts to vectors they have already.
        """
        distinct = dict.fromkeys(texts)
        found = {text: vector for text in distinct if (vector := self._vector(text, known)) is not None}
        fresh = [text for text in distinct if text not in found]
        if fresh:
            embedded = np.asarray(self._embed(fresh), dtype=np.float32)
            found.update(zip(fresh, embedded, strict=True))
            self._remember(fresh, found)
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = found[text]
        return vectors, len(fresh)

    def _vector(self, text: str, known: Mapping[str, Vectors]) -> Vectors | None:
        vector = known.get(text)
        if vector is None and (vector := self._last.get(text)) is not None:
            self._last.move_to_end(text)
        return vector

    def _remember(self, texts: Sequence[str], found: Mapping[str, Vectors]) -> None:
        for text in texts:
            # A copy: a row of the window's block would keep the whole block alive.
            self._last[text] = found[text].copy()
        while len(self._last) > self._most:
            self._last.popitem(last=False)
