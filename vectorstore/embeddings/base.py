"""What every embedding back end of this project offers."""

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from vectorstore.specs import EmbeddingSpec

Vectors = NDArray[np.float32]
# A template asks the same queries of every chart; 1,024 of them take 1.5 MB.
_REMEMBERED = 1024


class LocalEmbeddings(Embeddings):
    """LangChain's `Embeddings` over a model in this process. Safe to use from several threads."""

    def __init__(self, spec: EmbeddingSpec) -> None:
        self.spec = spec
        self._queries: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = Lock()

    @abstractmethod
    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of unit length, float32 of shape (texts, dimension), in the texts' order.

        Of a text longer than `spec.max_tokens` the beginning counts.
        """

    @abstractmethod
    def count_tokens(self, text: str) -> int:
        """Tokens of a text, however many, without those the model puts around it."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """`embed` as LangChain wants it."""
        vectors: list[list[float]] = self.embed(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of one query; the last queries are remembered."""
        with self._lock:
            if text in self._queries:
                self._queries.move_to_end(text)
                return self._queries[text]
        vector: list[float] = self.embed([text])[0].tolist()
        with self._lock:
            self._queries[text] = vector
            while len(self._queries) > _REMEMBERED:
                self._queries.popitem(last=False)
        return vector
