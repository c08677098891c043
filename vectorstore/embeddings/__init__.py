"""Embedding back ends, all of them LangChain `Embeddings` with vectors of unit length.

Heavy libraries are imported when a back end is built, and PyTorch only by those that run on it: a process that
embeds with OpenVINO and finds its converted model in the cache never loads PyTorch.
"""

from vectorstore.embeddings.base import LocalEmbeddings
from vectorstore.embeddings.build import build_embeddings
from vectorstore.specs import EmbeddingSpec

__all__ = ["EmbeddingSpec", "LocalEmbeddings", "build_embeddings"]
