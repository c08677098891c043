"""Our retrieval and our prompts with every check left out: what the checks are worth."""

from langchain_core.language_models import BaseChatModel

from chains import build_chain
from chains.verification import Verifier
from core.settings import LLMSettings
from core.telemetry import Metrics
from mlops.evaluation.systems.chain import ChainSystem


def unchecked(llm: BaseChatModel, limit: int, *, llm_settings: LLMSettings | None = None) -> ChainSystem:
    """The chain as it is, but for a verifier that lets everything pass."""
    settings = llm_settings or LLMSettings()
    chain = build_chain(llm=llm, metrics=Metrics(), llm_settings=settings, verifier=Verifier(checks={}))
    return ChainSystem(chain, "unchecked", model_ready=True, limit=limit)
