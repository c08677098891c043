"""Embeddings without a model: a bag of hashed words, so that texts with common words lie close."""

import hashlib
import re

import numpy as np
from langchain_core.embeddings import Embeddings

from vectorstore.specs import EmbeddingSpec

DIMENSION = 64


class HashedWords(Embeddings):
    """Deterministic unit vectors of 64 dimensions."""

    spec = EmbeddingSpec(model="hashed-words", dimension=DIMENSION, weight_digest="0" * 64, max_tokens=256)

    def embed(self, texts: list[str]) -> np.ndarray:
        """Vectors, float32 of shape (texts, 64)."""
        vectors = np.full((len(texts), DIMENSION), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                vectors[row, hashlib.md5(word.encode(), usedforsecurity=False).digest()[0] % DIMENSION] += 1.0
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def embed_query(self, text: str) -> list[float]:
        return [float(x) for x in self.embed([text])[0]]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(x) for x in row] for row in self.embed(texts)]

    def count_tokens(self, text: str) -> int:
        """Words, near enough."""
        return len(text.split())
