"""Encoding with OpenVINO on the CPU, in bfloat16 where the CPU computes in it, else in float32.

The model is converted once, which needs PyTorch, and kept in a cache folder; later starts read it from there.
"""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from threading import Lock
from typing import Any

from vectorstore.embeddings.base import Vectors
from vectorstore.embeddings.bucketed import TokenIds
from vectorstore.embeddings.model_folder import ModelFolder

log = logging.getLogger(__name__)
_MODEL = "model.xml"


class OpenVINOEncoder:
    """A converted model, compiled for this CPU."""

    # Larger batches are no faster on a CPU, and fall out of its cache.
    batch_tokens = 1664

    def __init__(self, folder: ModelFolder, *, cache_dir: Path, threads: int) -> None:
        openvino = import_quietly()
        core = openvino.Core()
        options: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": precision_of(core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")),
            "NUM_STREAMS": 1,
        }
        if threads:
            options["INFERENCE_NUM_THREADS"] = threads
        cached = _cached(folder, cache_dir, openvino)
        if cached is None:
            model = core.compile_model(convert(folder, openvino), "CPU", options)
        else:
            options["CACHE_DIR"] = str(cached / "compiled")
            model = core.compile_model(str(cached / _MODEL), "CPU", options)
        self._request = model.create_infer_request()
        self._lock = Lock()

    def encode(self, ids: TokenIds, mask: TokenIds) -> Vectors:
        """Vectors (n, dimension) of ids (n, length)."""
        # One request at a time: it already uses all the threads it may.
        with self._lock:
            vectors: Vectors = self._request.infer({"input_ids": ids, "attention_mask": mask})[0].copy()
            return vectors


def import_quietly() -> Any:
    """Import OpenVINO without its telemetry, which would report the import itself over the network."""
    # OpenVINO takes a silent stub where this module cannot be imported.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def precision_of(capabilities: list[str]) -> str:
    """The precision to compute in, by what the CPU can."""
    return "bf16" if "BF16" in capabilities else "f32"


def convert(folder: ModelFolder, openvino: Any) -> Any:
    """Convert a model, pooling included, to OpenVINO's form, weights in float32."""
    import torch

    from vectorstore.embeddings.torch_encoder import load_pooled

    ids = torch.ones(2, 16, dtype=torch.int64)
    mask = ids.clone()
    mask[1, 10:] = 0
    with warnings.catch_warnings(), torch.inference_mode():
        # Tracing warns of branches on shapes; the equivalence test covers what it warns about.
        warnings.simplefilter("ignore")
        return openvino.convert_model(
            load_pooled(folder, torch.float32), example_input={"input_ids": ids, "attention_mask": mask}
        )


def _cached(folder: ModelFolder, cache_dir: Path, openvino: Any) -> Path | None:
    """The folder of the converted model, made where it is missing; None where it cannot be written."""
    target = cache_dir / f"openvino-{openvino.__version__.partition('-')[0]}-{folder.spec.weight_digest[:16]}"
    if (target / _MODEL).is_file():
        return target
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="converting-", dir=cache_dir))
    except OSError:
        log.warning("the model cache cannot be written", extra={"cache_dir": str(cache_dir)})
        return None
    try:
        log.info("converting the embedding model", extra={"model": folder.spec.model})
        openvino.save_model(convert(folder, openvino), draft / _MODEL, compress_to_fp16=False)
        draft.rename(target)
    except OSError:
        # Another process may have put it there first; both converted the same weights.
        if not (target / _MODEL).is_file():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target
