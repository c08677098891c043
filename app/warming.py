"""Making ready what will be asked for: the handoffs of a list of patients, whenever something they rest on is new."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from app.audit.entry import AuditEntry
from app.draining import Drain
from app.index_watch import IndexWatch
from app.model_watch import ModelWatch
from app.runs import Finder
from app.summarizing import Summarizer
from core.errors import AnamnesisError, Overloaded
from core.records import SummaryRequest
from core.telemetry import traits_of

log = logging.getLogger(__name__)

CALLER = "warming"
AT_ONCE = 4
"""Patients at a time: a few keep a model's batch from running dry, and a batch's places are not all taken."""


@dataclass(frozen=True, slots=True)
class _State:
    """What the last round rested on."""

    generation: int
    model: str | None
    listed: float


class Warming:
    """Makes the handoff of each patient in a file, one id a line, at a batch's priority, unless it is kept already.

    A round begins when the service has started, with each new generation, when another model is ready, and when the
    file has changed. With `has_model` it waits until that is ready: what is made without it answers for nobody later.
    Blank lines and those that begin with # are passed over. Each summary made is audited under the caller `warming`.
    """

    def __init__(
        self,
        path: Path,
        *,
        summarizer: Summarizer,
        finder: Finder,
        store: IndexWatch,
        model: ModelWatch,
        drain: Drain,
        has_model: bool,
    ) -> None:
        self._path = path
        self._summarizer = summarizer
        self._finder = finder
        self._store = store
        self._model = model
        self._drain = drain
        self._has_model = has_model

    async def follow(self, look_s: float) -> None:
        """Look every `look_s` seconds whether a round is due, for ever."""
        warmed: _State | None = None
        while True:
            try:
                state = self._state()
                if state and state != warmed and not self._drain.draining:
                    await self.warm()
                    warmed = state
            except Exception as e:
                # Whatever it is, the next look may find it mended.
                log.warning("not_warmed", extra=traits_of(e))
            await asyncio.sleep(look_s)

    async def warm(self) -> None:
        """One round. A patient who is not in the index is passed over, and leaves no trace."""
        patients = iter(self._listed())
        await asyncio.gather(*(self._work(patients) for _ in range(AT_ONCE)))

    async def _work(self, patients: Iterator[str]) -> None:
        for patient_id in patients:
            try:
                await self._warm_one(patient_id)
            except AnamnesisError as e:
                log.warning("patient_not_warmed", extra={"code": e.code})

    async def _warm_one(self, patient_id: str) -> None:
        request = SummaryRequest(patient_id)
        if self._drain.draining or not self._store.generation.has(patient_id) or await self._finder.has(request):
            return
        while True:
            entry = AuditEntry(uuid4().hex, CALLER, "summarize", "ok", patient_id, purpose=CALLER)
            try:
                async with aclosing(self._summarizer.summarize(request, entry, priority="batch")) as events:
                    async for _ in events:
                        pass
                return
            except Overloaded as e:
                await asyncio.sleep(e.retry_after_s or 1)

    def _state(self) -> _State | None:
        ready = self._model.state.ready
        if self._has_model and not ready:
            return None
        return _State(
            self._store.generation.number, self._model.state.model if ready else None, self._path.stat().st_mtime
        )

    def _listed(self) -> list[str]:
        lines = (line.strip() for line in self._path.read_text(encoding="utf-8").splitlines())
        return list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
