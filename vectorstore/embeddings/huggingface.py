"""Any model that sentence-transformers runs, by way of langchain-huggingface."""

from collections.abc import Sequence

import numpy as np
from langchain_huggingface import HuggingFaceEmbeddings

from vectorstore.embeddings.base import LocalEmbeddings, Vectors
from vectorstore.embeddings.model_folder import ModelFolder
from vectorstore.specs import EmbeddingSpec


class LangChainHuggingFace(LocalEmbeddings):
    """`HuggingFaceEmbeddings` behind this project's interface, in the precision of the model's own files."""

    def __init__(self, folder: ModelFolder) -> None:
        self._model = HuggingFaceEmbeddings(
            model_name=str(folder.path),
            model_kwargs={"local_files_only": True},
            encode_kwargs={"normalize_embeddings": True},
        )
        # The length of a vector is the pipeline's, not the transformer's: a model may end in a dense layer.
        dimension = len(self._model.embed_query("dimension"))
        spec = folder.spec
        super().__init__(EmbeddingSpec(spec.model, dimension, spec.weight_digest, spec.max_tokens))
        self._tokenizer = self._model._client.tokenizer

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of unit length, float32 of shape (texts, dimension), in the texts' order."""
        if not texts:
            return np.empty((0, self.spec.dimension), dtype=np.float32)
        return np.asarray(self._model.embed_documents(list(texts)), dtype=np.float32)

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, however many, without those the model puts around it."""
        return len(self._tokenizer(text, add_special_tokens=False, truncation=False, verbose=False)["input_ids"])
