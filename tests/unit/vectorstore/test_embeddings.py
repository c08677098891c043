"""What embedding needs no model for: batches, tokens, model folders, remembered queries."""

import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SettingsInvalid
from core.settings import EmbeddingSettings
from vectorstore.durable import sha256_of
from vectorstore.embeddings import LocalEmbeddings, build_embeddings
from vectorstore.embeddings.bucketed import BucketedEmbeddings, batches, padded
from vectorstore.embeddings.model_folder import PACKAGED_NAME, find_model
from vectorstore.embeddings.openvino_encoder import import_quietly, precision_of
from vectorstore.embeddings.tokens import Tokens
from vectorstore.specs import EmbeddingSpec

SPEC = EmbeddingSpec("fake", 2, "0" * 64, 8)


@given(lengths=st.lists(st.integers(0, 256), max_size=60), most=st.integers(8, 600))
def test_batches_hold_every_row_once_and_no_more_than_asked(lengths: list[int], most: int) -> None:
    found = list(batches(lengths, most))
    assert sorted(row for batch in found for row in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or padded([[1] * lengths[row] for row in batch])[0].size <= most


def test_texts_of_like_length_share_a_batch() -> None:
    assert list(batches([5, 200, 6, 199], 400)) == [[1, 3], [2, 0]]


def test_padding_is_masked() -> None:
    ids, mask = padded([[7, 8, 9], [5]])
    assert ids.tolist() == [[7, 8, 9, 0, 0, 0, 0, 0], [5, 0, 0, 0, 0, 0, 0, 0]]
    assert mask.sum(axis=1).tolist() == [3, 1]


class FirstAndCount:
    """Encodes a text as its first token and its number of tokens."""

    batch_tokens = 16

    def encode(self, ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return np.stack([ids[:, 0], mask.sum(axis=1)], axis=1).astype(np.float32)


class Letters:
    """A token for each letter."""

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        return [[ord(letter) for letter in text] for text in texts]

    def count(self, text: str) -> int:
        return len(text)


@given(texts=st.lists(st.text(min_size=1, max_size=12), max_size=40))
def test_vectors_come_in_the_order_of_the_texts(texts: list[str]) -> None:
    vectors = BucketedEmbeddings(SPEC, Letters(), FirstAndCount()).embed(texts)
    assert vectors.shape == (len(texts), 2) and vectors.dtype == np.float32
    assert vectors.tolist() == [[float(ord(text[0])), float(len(text))] for text in texts]


def test_a_query_is_embedded_once() -> None:
    class Counting(LocalEmbeddings):
        calls = 0

        def embed(self, texts: Sequence[str]) -> np.ndarray:
            self.calls += len(texts)
            return np.ones((len(texts), 2), dtype=np.float32)

        def count_tokens(self, text: str) -> int:
            return 0

    model = Counting(SPEC)
    assert model.embed_query("a") == model.embed_query("a") == [1.0, 1.0]
    assert model.calls == 1
    for number in range(2000):
        model.embed_query(str(number))
    model.embed_query("a")
    assert model.calls == 2002


def test_the_packaged_model_is_the_published_one() -> None:
    folder = find_model("")
    assert folder.spec.model == PACKAGED_NAME
    assert (folder.spec.dimension, folder.spec.max_tokens, folder.pooling) == (384, 256, "mean")
    assert folder.spec.weight_digest == sha256_of(folder.path / "model.safetensors")


def test_tokens_are_counted_whole_and_encoded_cut() -> None:
    tokens = Tokens(find_model("").path, 256)
    assert tokens.count("Lisinopril 20 mg daily") == 7
    assert tokens.count("word " * 1000) == 1000
    assert tokens.count("") == 0
    short, long = tokens.encode(["fever", "word " * 1000])
    assert len(short) == 3 and len(long) == 256


def model_folder(path: Path, **files: object) -> Path:
    path.mkdir(exist_ok=True)
    contents = {"config.json": {"hidden_size": 3}, "model.safetensors": "weights"} | files
    for name, content in contents.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_pooling_is_read_from_the_folder(tmp_path: Path) -> None:
    plain = model_folder(tmp_path / "plain")
    assert find_model(str(plain)).pooling == "mean"
    cls = model_folder(tmp_path / "cls", **{"1_Pooling/config.json": {"pooling_mode_cls_token": True}})
    assert find_model(str(cls)).pooling == "cls"
    dense = model_folder(tmp_path / "dense", **{"modules.json": [{"type": "sentence_transformers.models.Dense"}]})
    assert find_model(str(dense)).pooling is None
    with pytest.raises(SettingsInvalid, match="BACKEND=huggingface"):
        build_embeddings(EmbeddingSettings(model=str(dense), backend="torch"))


def test_weights_in_several_files_have_one_digest(tmp_path: Path) -> None:
    one = find_model(str(model_folder(tmp_path / "m", **{"model-2.safetensors": "more"}))).spec.weight_digest
    two = find_model(str(model_folder(tmp_path / "m", **{"model-2.safetensors": "other"}))).spec.weight_digest
    assert one != two


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_an_incomplete_folder_is_refused(tmp_path: Path, missing: str) -> None:
    (model_folder(tmp_path / "m") / missing).unlink()
    with pytest.raises(SettingsInvalid, match="ANAMNESIS_EMBEDDING__MODEL"):
        find_model(str(tmp_path / "m"))


def test_a_folder_without_a_fast_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"tokenizer\.json"):
        Tokens(tmp_path, 256)


def test_bfloat16_only_where_the_processor_has_it() -> None:
    assert precision_of(["FP32", "BF16"]) == "bf16"
    assert precision_of(["FP32", "INT8"]) == "f32"


@pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is not installed")
def test_openvino_is_imported_without_its_telemetry() -> None:
    import_quietly()
    from openvino.tools.ovc import telemetry_utils

    assert telemetry_utils.tm.__name__.endswith("telemetry_stub")
    assert sys.modules.get("openvino_telemetry") is None
