"""The embedder against sentence-transformers in float32: chunks of about 199 tokens, one thread, CPU time."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.clinical_text import chunks
from bench.figures import Figure, Repeats, cpu_flags, interleaved_cpu_s, median_cpu_s
from core.settings import EmbeddingSettings, load_settings
from vectorstore.embeddings import LocalEmbeddings, build_embeddings
from vectorstore.embeddings.model_folder import find_model

# Six layers of 12 products of 384 by 384 a token, and attention over 200 tokens.
GFLOP_A_CHUNK = 200e-9 * 6 * (24 * 384**2 + 4 * 200 * 384)
TOKENS, CORPUS, TIMED, REPEATS = 199, 256, 48, 5
QUERIES = re.split(
    r"[;\n] *",
    """current medications and doses; drug allergies and reactions; active problems; creatinine and potassium trend
code status; procedures and operations; imaging findings of the chest; pending results at discharge
follow-up appointments; anticoagulation started or stopped; blood pressure control; diabetes and HbA1c
recent infection and antibiotics; heart failure and ejection fraction; family history of cancer; reason for admission
smoking and alcohol; wound care; pain control; oxygen requirement""",
)


def run() -> list[Figure]:
    """Measure."""
    import torch

    torch.set_num_threads(1)
    reference = _sentence_transformers()
    cache = load_settings().embedding.cache_dir
    ours = {
        name: build_embeddings(EmbeddingSettings(backend=name, threads=1, cache_dir=cache))
        for name in ("openvino", "torch")
    }
    corpus = chunks(CORPUS, tokens=TOKENS, count_tokens=ours["openvino"].count_tokens)
    timed = corpus[:TIMED]
    taken = interleaved_cpu_s(
        {
            "fp32": lambda: reference.encode(timed, normalize_embeddings=True),
            "openvino": lambda: ours["openvino"].embed(timed),
            "torch": lambda: ours["torch"].embed(timed),
        },
        repeats=REPEATS,
    )
    rates = {name: Repeats(tuple(TIMED / value for value in repeats.values)) for name, repeats in taken.items()}
    fp32, bf16 = _gemm()
    base = f"sentence-transformers fp32, {rates['fp32'].median:.1f} chunks/s"
    exact = np.asarray(reference.encode([*corpus, *QUERIES], normalize_embeddings=True))
    figures = [rates["fp32"].figure("embedder: sentence-transformers fp32", "chunks per CPU s")]
    for name, model in ours.items():
        vectors = model.embed([*corpus, *QUERIES])
        cosine, overlap = (vectors * exact).sum(axis=1), _overlap(vectors, exact)
        bars: tuple[float | None, float | None] = (3.5, 0.98) if name == "openvino" else (None, None)
        speed = taken["fp32"].over(taken[name])
        allowed = f"{base}; {_allowed(rates['fp32'].median, bf16 / fp32, bf16)}"
        figures += [
            rates[name].figure(f"embedder: {name} bf16", "chunks per CPU s", baseline=base),
            speed.figure(f"embedder: {name} bf16 speed", "times", bars[0], "at_least", allowed),
            Figure(f"embedder: {name} bf16 top-10 overlap", overlap, "", bars[1], "at_least", base),
            Figure(f"embedder: {name} bf16 mean cosine", float(cosine.mean()), "", baseline=base),
        ]
    share = rates["openvino"].times(GFLOP_A_CHUNK / bf16)
    figures += [
        Figure(
            "embedder: this CPU's bf16 GEMM against its fp32 GEMM", bf16 / fp32, "times", baseline="PyTorch, a thread"
        ),
        share.figure("embedder: openvino bf16 share of the GEMM peak", "", baseline=f"{bf16:.0f} GFLOP/s"),
    ]
    return [*figures, _one_query(ours["openvino"])]


def _allowed(reference: float, ratio: float, peak: float) -> str:
    """What this processor lets anybody reach; with AMX, bf16 is much further ahead of fp32."""
    amx = "with" if "amx_bf16" in cpu_flags() else "without"
    most = peak / (reference * GFLOP_A_CHUNK)
    return f"a CPU {amx} AMX, bf16 GEMM {ratio:.1f} times fp32: its whole peak would be {most:.1f} times"


def _one_query(model: LocalEmbeddings) -> Figure:
    taken = median_cpu_s({"query": lambda: model.embed([QUERIES[0]])}, repeats=9, calls=20)
    return Figure("embedder: one query", 1000 * taken["query"], "CPU ms", 5, "at_most")


def _overlap(vectors: NDArray[np.float32], exact: NDArray[np.float32]) -> float:
    """Mean share of the ten chunks nearest to a query that both sets of vectors agree on."""

    def nearest(all_vectors: NDArray[np.float32]) -> NDArray[np.int64]:
        found: NDArray[np.int64] = np.argsort(-(all_vectors[CORPUS:] @ all_vectors[:CORPUS].T), axis=1)[:, :10]
        return found

    pairs = zip(nearest(vectors), nearest(exact), strict=True)
    return float(np.mean([len(np.intersect1d(one, other)) / 10 for one, other in pairs]))


def _gemm() -> tuple[float, float]:
    """Best GFLOP/s of one thread for the model's largest product, in float32 and in bfloat16, by PyTorch."""
    import torch

    rows, inner, columns, best = 8 * 200, 4 * 384, 384, []
    for dtype in (torch.float32, torch.bfloat16):
        one, other = torch.randn(rows, inner, dtype=dtype), torch.randn(inner, columns, dtype=dtype)
        best.append(min(median_cpu_s({"gemm": lambda a=one, b=other: a @ b}, repeats=9).values()))  # type: ignore[misc]
    operations = 2e-9 * rows * inner * columns
    return operations / best[0], operations / best[1]


def _sentence_transformers() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer

        path: Path = find_model("").path
        return SentenceTransformer(str(path), device="cpu", local_files_only=True)
