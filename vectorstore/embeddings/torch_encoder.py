"""Encoding with PyTorch in bfloat16, on CUDA where there is a GPU, else on the CPU."""

from typing import Any

import torch
from torch.nn.functional import normalize
from transformers import AutoModel
from transformers.utils import logging as transformers_logging

from vectorstore.embeddings.base import Vectors
from vectorstore.embeddings.bucketed import TokenIds
from vectorstore.embeddings.model_folder import ModelFolder, Pooling


class Pooled(torch.nn.Module):
    """A transformer whose token vectors are pooled into one of unit length."""

    def __init__(self, model: torch.nn.Module, pooling: Pooling) -> None:
        super().__init__()
        self.model = model
        self.pooling = pooling

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Vectors (n, dimension), float32."""
        hidden = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
        if self.pooling == "cls":
            return normalize(hidden[:, 0], dim=1)
        weights = attention_mask.unsqueeze(-1).float()
        return normalize((hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9), dim=1)


def load_pooled(folder: ModelFolder, dtype: torch.dtype) -> Pooled:
    """Load a model from its folder; nothing is fetched."""
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model: Any = AutoModel.from_pretrained(folder.path, dtype=dtype, local_files_only=True)
    return Pooled(model.eval(), folder.pooling or "mean")


class TorchEncoder:
    """PyTorch, bfloat16."""

    def __init__(self, folder: ModelFolder, *, threads: int) -> None:
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self.batch_tokens = 65536 if self._device == "cuda" else 3200
        if threads and self._device == "cpu":
            torch.set_num_threads(threads)
        self._model = load_pooled(folder, torch.bfloat16).to(self._device)

    def encode(self, ids: TokenIds, mask: TokenIds) -> Vectors:
        """Vectors (n, dimension) of ids (n, length)."""
        with torch.inference_mode():
            found = self._model(torch.from_numpy(ids).to(self._device), torch.from_numpy(mask).to(self._device))
            vectors: Vectors = found.cpu().numpy()
            return vectors
