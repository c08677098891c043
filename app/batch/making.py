"""Making one item's summary, however long others are served first."""

import asyncio
import logging
from contextlib import aclosing

from app.audit.entry import AuditEntry
from app.batch.records import Item, ItemError, Task
from app.summarizing import Summarizer
from core.errors import AnamnesisError, AuditUnavailable, Draining, IndexUnavailable, ModelUnavailable, Overloaded
from core.records import SummaryEvent
from core.telemetry import traits_of

log = logging.getLogger(__name__)

# The wait behind others counts.
DEADLINE_S = 3600.0
# A model that an item requires may come back; it is waited for so often.
MODEL_TRIES = 3
_LONGEST_PAUSE_S = 120.0


async def make(summarizer: Summarizer, task: Task) -> Item | None:
    """What came of an item; None where the service stops before anything could.

    What fails for want of a place, of the index or of the audit log is tried again until it works, at growing
    intervals; what fails for any other reason is an error of this item alone. Never raises, but when it is cancelled.
    """
    tries = 0
    while True:
        try:
            summary_id = await _summarize(summarizer, task)
        except Draining:
            return None
        except (Overloaded, IndexUnavailable, AuditUnavailable, ModelUnavailable) as e:
            tries += 1
            if isinstance(e, ModelUnavailable) and tries >= MODEL_TRIES:
                return _failed(task, e)
            await asyncio.sleep(min((e.retry_after_s or 1) * tries, _LONGEST_PAUSE_S))
        except AnamnesisError as e:
            return _failed(task, e)
        except Exception as e:
            log.error("a batch's summary failed", extra=traits_of(e))
            return _failed(task, AnamnesisError("the summary failed for a reason of the service's own"))
        else:
            return Item(task.position, task.request.patient_id, "ok", summary_id)


async def _summarize(summarizer: Summarizer, task: Task) -> str:
    entry = AuditEntry(
        request_id=task.request_id,
        caller=task.caller,
        action="summarize",
        outcome="ok",
        patient_id=task.request.patient_id,
        purpose=task.purpose,
    )
    events = summarizer.summarize(task.request, entry, priority="batch", deadline_s=DEADLINE_S)
    async with aclosing(events):
        async for numbered in events:
            if isinstance(numbered.event, SummaryEvent):
                return numbered.event.summary.summary_id
    raise AnamnesisError("the chain ended without a summary")


def _failed(task: Task, error: AnamnesisError) -> Item:
    return Item(task.position, task.request.patient_id, "failed", None, ItemError(error.code, str(error)))
