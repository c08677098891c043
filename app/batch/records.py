"""What a batch is made of."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from core.errors import AnamnesisError
from core.records import SummaryRequest

BatchState: TypeAlias = Literal["running", "done", "cancelled"]
ItemState: TypeAlias = Literal["pending", "running", "ok", "failed", "cancelled"]


class BatchNotFound(AnamnesisError):
    """The caller has no such batch."""

    code, status = "batch_not_found", 404


@dataclass(frozen=True, slots=True)
class ItemError:
    """Why an item has no summary: a code of docs/api.md and a sentence that quotes nothing."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class OrderedItem:
    """One summary that was asked for. `error` is set where the wish cannot be understood; then it is never tried."""

    patient_id: str
    request: SummaryRequest | None
    error: ItemError | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A batch that is asked for: by whom, what for, and what. Digests are SHA-256, in hexadecimal digits.

    `key_digest` stands for the caller's Idempotency-Key, None where there is none; `request_digest` for the body.
    """

    caller: str
    request_id: str
    purpose: str
    key_digest: str | None
    request_digest: str
    items: tuple[OrderedItem, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """What came of one item. `summary_id` is there where its state is "ok", `error` where it is "failed"."""

    position: int
    patient_id: str
    state: ItemState
    summary_id: str | None = None
    error: ItemError | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """How far a batch is. `counts` tells how many items are in each state; times are UTC in ISO 8601."""

    batch_id: str
    state: BatchState
    created_at: str
    finished_at: str | None
    counts: dict[ItemState, int]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One item to be worked on now."""

    batch_id: str
    position: int
    caller: str
    purpose: str
    request: SummaryRequest

    @property
    def request_id(self) -> str:
        """Under which its reading stands in the audit log."""
        return item_request_id(self.batch_id, self.position)


def item_request_id(batch_id: str, position: int) -> str:
    """The id of an item in the audit log; the same whenever it is tried."""
    return f"{batch_id}-{position}"
