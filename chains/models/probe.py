"""Whether the model server is ready."""

from dataclasses import dataclass

from chains.models.chat import listed
from chains.models.connection import Connection
from chains.models.errors import ModelRejected
from core.errors import ModelUnavailable


@dataclass(frozen=True)
class ModelState:
    """What a probe found: `model` is the name that will be asked for, `detail` a sentence for people."""

    ready: bool
    model: str | None
    detail: str


class ModelProbe:
    """Looks whether the server at `base_url` is healthy and serves `model` (any model where that is empty)."""

    def __init__(self, base_url: str, *, model: str = "", api_key: str = "", timeout_s: float = 3.0) -> None:
        self._configured = bool(base_url)
        self._model = model
        self._connection = Connection(base_url, api_key=api_key, timeout_s=timeout_s, connect_timeout_s=timeout_s)

    async def check(self) -> ModelState:
        """Ask the server once. Never raises."""
        if not self._configured:
            return ModelState(False, None, "no model server is configured")
        try:
            await self._ask_health()
            names = listed(await self._connection.get("/v1/models"))
        except ModelUnavailable as e:
            return ModelState(False, None, str(e))
        if not names:
            return ModelState(False, None, "the model server lists no model")
        if self._model and self._model not in names:
            return ModelState(False, None, f"the model server does not serve {self._model}; it lists {names[0]}")
        return ModelState(True, self._model or names[0], "ready")

    async def aclose(self) -> None:
        """Close the connection."""
        await self._connection.aclose()

    async def _ask_health(self) -> None:
        try:
            await self._connection.get("/health")
        except ModelRejected:
            # Only vLLM has this route; the list of models, asked next, tells about any other server.
            return
