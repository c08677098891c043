"""Choosing and building the embedding back end."""

from importlib.util import find_spec
from pathlib import Path
from typing import Literal, TypeAlias

from core.errors import SettingsInvalid
from core.settings import EmbeddingSettings
from vectorstore.embeddings.base import LocalEmbeddings
from vectorstore.embeddings.bucketed import BucketedEmbeddings, Encoder
from vectorstore.embeddings.model_folder import ModelFolder, find_model
from vectorstore.embeddings.tokens import Tokens

Backend: TypeAlias = Literal["openvino", "torch", "huggingface"]
_GPU_DEVICES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))


def build_embeddings(settings: EmbeddingSettings) -> LocalEmbeddings:
    """The back end the settings name; `auto` takes what suits the machine.

    Raises:
        SettingsInvalid: the model cannot be found, or not be run by the back end.
    """
    folder = find_model(settings.model)
    backend = choose_backend() if settings.backend == "auto" else settings.backend
    if backend == "huggingface":
        from vectorstore.embeddings.huggingface import LangChainHuggingFace

        return LangChainHuggingFace(folder)
    if folder.pooling is None:
        raise SettingsInvalid(
            f"{folder.spec.model} does more than mean or CLS pooling: set ANAMNESIS_EMBEDDING__BACKEND=huggingface"
        )
    encoder = _encoder(backend, folder, settings)
    return BucketedEmbeddings(folder.spec, Tokens(folder.path, folder.spec.max_tokens), encoder)


def choose_backend() -> Backend:
    """CUDA through PyTorch where there is a GPU, else OpenVINO, else PyTorch on the CPU."""
    # PyTorch takes seconds to import, so it is asked about GPUs only where a device file hints at one.
    if any(path.exists() for path in _GPU_DEVICES):
        import torch

        if torch.cuda.is_available():
            return "torch"
    return "openvino" if find_spec("openvino") else "torch"


def _encoder(backend: Backend, folder: ModelFolder, settings: EmbeddingSettings) -> Encoder:
    if backend == "openvino":
        from vectorstore.embeddings.openvino_encoder import OpenVINOEncoder

        return OpenVINOEncoder(folder, cache_dir=settings.cache_dir, threads=settings.threads)
    from vectorstore.embeddings.torch_encoder import TorchEncoder

    return TorchEncoder(folder, threads=settings.threads)
