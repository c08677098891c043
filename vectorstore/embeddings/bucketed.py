"""Embedding in batches of like length, so that little is computed over padding."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vectorstore.embeddings.base import LocalEmbeddings, Vectors
from vectorstore.embeddings.tokens import Tokens
from vectorstore.specs import EmbeddingSpec

TokenIds = NDArray[np.int64]
# Lengths are rounded up to this, so that back ends which prepare a plan for each shape see few of them.
_STEP = 8
# Tokenized at once: enough to sort into full batches, little enough to hold.
_WINDOW = 4096


class Encoder(Protocol):
    """A model that makes vectors of unit length out of padded token ids. Safe to call from several threads."""

    batch_tokens: int

    def encode(self, ids: TokenIds, mask: TokenIds) -> Vectors:
        """Vectors (n, dimension) of ids (n, length); `mask` is 1 for a token and 0 for padding."""
        ...


class BucketedEmbeddings(LocalEmbeddings):
    """Embeddings by an encoder, in length-sorted batches of up to `encoder.batch_tokens` tokens."""

    def __init__(self, spec: EmbeddingSpec, tokens: Tokens, encoder: Encoder) -> None:
        super().__init__(spec)
        self._tokens = tokens
        self._encoder = encoder

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of unit length, float32 of shape (texts, dimension), in the texts' order."""
        vectors = np.empty((len(texts), self.spec.dimension), dtype=np.float32)
        for start in range(0, len(texts), _WINDOW):
            ids = self._tokens.encode(texts[start : start + _WINDOW])
            for rows in batches([len(one) for one in ids], self._encoder.batch_tokens):
                vectors[[start + row for row in rows]] = self._encoder.encode(*padded([ids[row] for row in rows]))
        return vectors

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, however many, without those the model puts around it."""
        return self._tokens.count(text)


def batches(lengths: Sequence[int], most_tokens: int) -> Iterator[list[int]]:
    """Rows in batches of like length, longest first; a batch, padding included, has at most `most_tokens` tokens."""
    batch: list[int] = []
    width = 0
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batch and (len(batch) + 1) * width > most_tokens:
            yield batch
            batch = []
        if not batch:
            width = _rounded(lengths[row])
        batch.append(row)
    if batch:
        yield batch


def padded(rows: Sequence[Sequence[int]]) -> tuple[TokenIds, TokenIds]:
    """Token ids and mask, int64 of shape (rows, longest rounded up), padded with 0."""
    width = _rounded(max(len(row) for row in rows))
    ids = np.zeros((len(rows), width), dtype=np.int64)
    mask = np.zeros((len(rows), width), dtype=np.int64)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return ids, mask


def _rounded(length: int) -> int:
    return max(_STEP, -(-length // _STEP) * _STEP)
