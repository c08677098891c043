"""The real model: every back end makes the same vectors, and the serving one starts without PyTorch."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from core.settings import EmbeddingSettings
from vectorstore.embeddings import LocalEmbeddings, build_embeddings

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]
TEXTS = [
    "No known drug allergies.",
    "Lisinopril 20 mg PO daily was increased to 40 mg for blood pressure 162/94.",
    "Mother had breast cancer at 52; father died of myocardial infarction.",
    "Creatinine 1.2 on admission, 1.9 at peak, 1.4 at discharge.",
    "She denies chest pain, dyspnea, fever or chills. " * 12,
    "Warfarin was stopped because of gastrointestinal bleeding. " * 60,
    "x",
    "Ergebnis: unauffällig — 37,5 °C 😀",
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def openvino(cache: Path) -> LocalEmbeddings:
    return build_embeddings(EmbeddingSettings(backend="openvino", cache_dir=cache, threads=1))


@pytest.fixture(scope="module")
def reference() -> np.ndarray:
    """sentence-transformers' own vectors, float32."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer

        from vectorstore.embeddings.model_folder import find_model

        model = SentenceTransformer(str(find_model("").path), device="cpu", local_files_only=True)
        return np.asarray(model.encode(TEXTS, normalize_embeddings=True))


def cosines(vectors: np.ndarray, reference: np.ndarray) -> np.ndarray:
    assert vectors.dtype == np.float32 and vectors.shape == reference.shape
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    return (vectors * reference).sum(axis=1)


def test_openvino_makes_the_vectors_of_sentence_transformers(openvino: LocalEmbeddings, reference: np.ndarray) -> None:
    found = cosines(openvino.embed(TEXTS), reference)
    assert found.mean() >= 0.999 and found.min() >= 0.998


@pytest.mark.parametrize("backend", ["torch", "huggingface"])
def test_the_other_back_ends_make_them_too(backend: str, reference: np.ndarray, openvino: LocalEmbeddings) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = build_embeddings(EmbeddingSettings(backend=backend, threads=1))
        found = cosines(model.embed(TEXTS), reference)
    assert found.mean() >= 0.999 and found.min() >= 0.998
    assert model.spec == openvino.spec
    assert [model.count_tokens(text) for text in TEXTS] == [openvino.count_tokens(text) for text in TEXTS]
    assert model.embed([]).shape == (0, 384)


def test_a_query_and_a_document_of_the_same_words_have_the_same_vector(openvino: LocalEmbeddings) -> None:
    one, two = openvino.embed_query(TEXTS[0]), openvino.embed_documents([TEXTS[0]])[0]
    assert float(np.dot(one, two)) == pytest.approx(1, abs=1e-3)


def test_a_later_start_needs_neither_pytorch_nor_the_network(openvino: LocalEmbeddings, cache: Path) -> None:
    code = f"""
import json, socket, sys
socket.socket.connect = lambda *a: sys.exit("reached for the network")
from pathlib import Path
from core.settings import EmbeddingSettings
from vectorstore.embeddings import build_embeddings
model = build_embeddings(EmbeddingSettings(backend="openvino", cache_dir=Path({str(cache)!r}), threads=1))
vector = model.embed_query({TEXTS[0]!r})
heavy = [name for name in ("torch", "transformers", "sentence_transformers") if name in sys.modules]
print(json.dumps([heavy, vector]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    heavy, vector = json.loads(done.stdout)
    assert heavy == []
    assert float(np.dot(vector, openvino.embed_query(TEXTS[0]))) == pytest.approx(1, abs=1e-3)


def test_a_cache_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    model = build_embeddings(EmbeddingSettings(backend="openvino", cache_dir=blocked / "models", threads=1))
    assert model.embed(["fever"]).shape == (1, 384)
