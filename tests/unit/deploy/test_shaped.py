"""A folder with a Llama's shape and no weights."""

import json
from pathlib import Path

import pytest
from transformers import AutoConfig, AutoModelForCausalLM

from deploy.vllm.shaped import Shape, write_shaped


def tokenizer_folder(folder: Path, vocabulary: int) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"vocab_size": vocabulary, "bos_token_id": 1, "eos_token_id": 2}))
    (folder / "tokenizer.json").write_text('{"version": "1.0"}')
    return folder


def test_the_shape_is_llama_3_1_8b() -> None:
    assert Shape().parameters == 8_030_261_248
    assert Shape().kv_bytes() == 131_072 and Shape().kv_bytes(1) == 65_536


def test_the_folder_is_the_model_that_transformers_builds_from_it(tmp_path: Path) -> None:
    small = Shape(64, 128, 2, 4, 2, 96, 512)
    write_shaped(tmp_path / "out", tokenizer_folder(tmp_path / "tokenizer", 96), small)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(tmp_path / "out"))
    assert type(model).__name__ == "LlamaForCausalLM"
    assert sum(p.numel() for p in model.parameters()) == small.parameters
    assert (tmp_path / "out/tokenizer.json").read_text() == '{"version": "1.0"}'


def test_the_vocabulary_is_the_tokenizers(tmp_path: Path) -> None:
    shape = write_shaped(tmp_path / "out", tokenizer_folder(tmp_path / "tokenizer", 49152))
    assert shape.vocab_size == 49152 and shape.hidden_size == 4096
    config = json.loads((tmp_path / "out/config.json").read_text())
    assert (config["vocab_size"], config["eos_token_id"]) == (49152, 2)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_shaped(tmp_path / "out", tmp_path)
