"""The model tier: a LangChain chat model that talks to a vLLM server, and a probe that says whether it is there."""

from chains.models.breaker import Breaker, BreakerOpen, BreakerState
from chains.models.chat import ChatVLLM
from chains.models.connection import Connection
from chains.models.engine_load import EngineLoad, EngineLoadProbe, parse_engine_load
from chains.models.errors import ModelRejected
from chains.models.guard import Guard
from chains.models.probe import ModelProbe, ModelState
from chains.models.stall import Stall
from core.settings import LLMSettings

__all__ = [
    "Breaker",
    "BreakerOpen",
    "BreakerState",
    "ChatVLLM",
    "Connection",
    "EngineLoad",
    "EngineLoadProbe",
    "Guard",
    "ModelProbe",
    "ModelRejected",
    "ModelState",
    "Stall",
    "build_load_probe",
    "build_model",
    "build_probe",
    "parse_engine_load",
]


def build_model(settings: LLMSettings, guard: Guard | None = None) -> ChatVLLM | None:
    """The chat model the settings describe, or None where no server is named. Without a guard it only asks again."""
    if not settings.url:
        return None
    return ChatVLLM(
        base_url=settings.url,
        model=settings.model,
        adapter=settings.adapter,
        api_key=settings.api_key,
        timeout_s=settings.timeout_s,
        connect_timeout_s=settings.connect_timeout_s,
        max_concurrency=settings.max_concurrency,
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        guard=guard or Guard(),
    )


def build_probe(settings: LLMSettings) -> ModelProbe:
    """The probe of the server the settings name; without one it says so at every check."""
    return ModelProbe(
        base_url=settings.url,
        model=settings.adapter or settings.model,
        api_key=settings.api_key.get_secret_value(),
        timeout_s=settings.connect_timeout_s,
    )


def build_load_probe(settings: LLMSettings) -> EngineLoadProbe:
    """The reader of the load of the server the settings name."""
    return EngineLoadProbe(
        settings.url, api_key=settings.api_key.get_secret_value(), timeout_s=settings.connect_timeout_s
    )
