"""What an index was built with: the identity of its vectors and of its chunks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmbeddingSpec:
    """An embedding model: its name, vector length, SHA-256 of its weights and longest input in tokens."""

    model: str
    dimension: int
    weight_digest: str
    max_tokens: int

    def same_vectors(self, other: "EmbeddingSpec") -> bool:
        """Whether vectors of both may be compared. Names may differ: the weights decide."""
        return (self.dimension, self.weight_digest) == (other.dimension, other.weight_digest)


@dataclass(frozen=True, slots=True)
class ChunkingSpec:
    """How notes were cut: the version of the rules and the longest chunk in tokens."""

    version: str
    chunk_tokens: int
