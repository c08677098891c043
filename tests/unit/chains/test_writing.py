import pytest

from chains.writing import Writing, parameters_b, writing_for
from core.settings import LLMSettings


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", 8),
        ("smollm2-135m-instruct", 0.135),
        ("qwen2.5-1.5b-instruct", 1.5),
        ("qwen2.5-1.5b-instruct-q4", 1.5),
        ("Llama-3.3-70B", 70),
        ("/models/llama-3.1-8b", 8),
        ("clinic-model", None),
        ("gpt-4", None),
        ("ward3bed", None),
        ("", None),
    ],
)
def test_a_model_s_size_is_read_from_its_name(name: str, size: float | None) -> None:
    assert parameters_b(name) == size


def test_a_capable_model_composes_freely() -> None:
    assert writing_for(LLMSettings(model="Llama-3.1-8B-Instruct")) == Writing("compose", "free")


@pytest.mark.parametrize("name", ["smollm2-135m-instruct", "qwen2.5-1.5b-instruct", "clinic-model", ""])
def test_a_small_or_unknown_model_keeps_close_to_the_lines(name: str) -> None:
    assert writing_for(LLMSettings(model=name)) == Writing("compress", "close")


def test_the_settings_have_the_last_word_on_the_mode() -> None:
    assert writing_for(LLMSettings(model="Llama-3.1-8B", writer="compress")) == Writing("compress", "free")


def test_the_server_s_own_name_serves_where_none_is_set() -> None:
    assert writing_for(LLMSettings(), served="llama-3.1-8b").mode == "compose"
