import pytest

from core.errors import SettingsInvalid
from core.settings import known_variables, load_settings


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in known_variables():
        monkeypatch.delenv(name, raising=False)


def test_nested_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAMNESIS_LLM__URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("ANAMNESIS_SERVICE__API_KEYS", '{"nightly": "$argon2id$x"}')
    settings = load_settings()
    assert settings.llm.url == "http://127.0.0.1:9/v1"
    assert settings.service.api_keys == {"nightly": "$argon2id$x"}


def test_refuses_an_unknown_variable_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAMNESIS_LLM__ULR", "http://secret")
    with pytest.raises(SettingsInvalid, match="ANAMNESIS_LLM__ULR") as caught:
        load_settings()
    assert "secret" not in str(caught.value)


def test_an_impossible_value_is_named_but_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAMNESIS_SERVICE__PORT", "hunter2")
    with pytest.raises(SettingsInvalid, match="ANAMNESIS_SERVICE__PORT") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().llm.url = "http://elsewhere"


@pytest.mark.parametrize("url", ["notaurl", "127.0.0.1:8001", "ftp://host/v1", "http://"])
def test_an_address_that_is_none_is_refused_at_start(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ANAMNESIS_LLM__URL", url)
    with pytest.raises(SettingsInvalid, match="ANAMNESIS_LLM__URL"):
        load_settings()
