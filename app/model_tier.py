"""The model of a service, with all that watches over it."""

from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel

from app.hang_watch import HangWatch
from app.model_watch import ModelWatch, Trial, reporting
from chains.models import Breaker, ChatVLLM, Guard, ModelState, build_load_probe, build_model, build_probe
from core.settings import LLMSettings
from core.telemetry import Metrics


@dataclass(frozen=True, slots=True)
class ModelTier:
    """A model to ask, None where there is none, and what is known of it. `owned` is the same where it is ours."""

    llm: BaseChatModel | None
    watch: ModelWatch
    owned: ChatVLLM | None = None

    async def aclose(self) -> None:
        """Close every connection that was opened here."""
        await self.watch.aclose()
        if self.owned:
            await self.owned.aclose()


def build_model_tier(settings: LLMSettings, metrics: Metrics, llm: BaseChatModel | None) -> ModelTier:
    """The model that the settings describe, guarded and watched; one that is handed in is taken as it is."""
    if llm is not None:
        name = getattr(llm, "model", None) or getattr(llm, "model_name", None) or llm._llm_type
        return ModelTier(llm, ModelWatch(None, ModelState(True, str(name), "handed in")))
    breaker = Breaker(failures=settings.breaker_failures, report=reporting(metrics))
    model = build_model(settings, Guard(breaker, metrics))
    if model is None:
        unnamed = ModelState(False, None, "no model is configured: summaries are extractive")
        return ModelTier(None, ModelWatch(None, unnamed))
    watch = ModelWatch(
        build_probe(settings),
        ModelState(False, None, "the model server was not asked yet"),
        Trial(breaker, model.try_out, settings.hang_s),
        HangWatch(build_load_probe(settings), breaker, settings.hang_s),
    )
    return ModelTier(model, watch, owned=model)
