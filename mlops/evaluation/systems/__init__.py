"""What is compared: our chain, and what a user would otherwise take."""

from langchain_core.language_models import BaseChatModel

from core.settings import LLMSettings
from mlops.evaluation.systems.base import System, SystemSummary
from mlops.evaluation.systems.chain import ChainSystem
from mlops.evaluation.systems.lead import Lead
from mlops.evaluation.systems.mmr import AspectMmr
from mlops.evaluation.systems.prompted import FullContext, NoRetrieval
from mlops.evaluation.systems.textrank import TextRank
from mlops.evaluation.systems.unchecked import unchecked

__all__ = [
    "AspectMmr",
    "ChainSystem",
    "FullContext",
    "Lead",
    "NoRetrieval",
    "System",
    "SystemSummary",
    "TextRank",
    "baselines",
    "model_baselines",
    "unchecked",
]


def baselines() -> list[System]:
    """The baselines that need no model."""
    return [Lead(), TextRank(), AspectMmr()]


def model_baselines(
    llm: BaseChatModel, *, window_tokens: int, limit: int, llm_settings: LLMSettings | None = None
) -> list[System]:
    """The baselines that ask a model, each on at most `limit` charts; `window_tokens` is the model's context window.

    `llm_settings` decide how the chain without checks writes, as they do for the chain itself.
    """
    return [
        NoRetrieval(llm, limit),
        FullContext(llm, limit, window_tokens=window_tokens),
        unchecked(llm, limit, llm_settings=llm_settings),
    ]
