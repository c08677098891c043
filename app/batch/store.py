"""Batches and their items, as they lie in the state database. Every function is to be run within a transaction."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import orjson

from app.batch.records import Batch, BatchNotFound, Item, ItemError, ItemState, Order, Task, item_request_id
from core.errors import InvalidRequest, Overloaded
from core.records import SummaryRequest

MOST_PENDING = 5000


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A batch of which items are pending, by their positions."""

    batch_id: str
    caller: str
    positions: tuple[int, ...]


def insert_batch(db: sqlite3.Connection, batch_id: str, order: Order) -> Unfinished:
    """Keep a batch, or find the one that the same Idempotency-Key stands for, however much is pending.

    Raises:
        InvalidRequest: the key stands for another body.
        Overloaded: the caller would have more than MOST_PENDING items pending.
    """
    if order.key_digest is not None:
        row = db.execute(
            "SELECT batch_id, request_digest FROM batches WHERE caller = ? AND key_digest = ?",
            (order.caller, order.key_digest),
        ).fetchone()
        if row is not None:
            if row[1] != order.request_digest:
                raise InvalidRequest("this Idempotency-Key was sent with another body before; take a new one")
            return Unfinished(row[0], order.caller, ())
    if pending_of(db, order.caller) + len(order.items) > MOST_PENDING:
        raise _too_much_pending()
    db.execute(
        "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, 'running', NULL)",
        (batch_id, _now(), order.caller, order.request_id, order.purpose, order.key_digest, order.request_digest),
    )
    db.executemany(
        "INSERT INTO batch_items VALUES (?, ?, ?, ?, ?, NULL, ?, ?)",
        [
            (
                batch_id,
                position,
                item.patient_id,
                _packed(item.request),
                "failed" if item.error else "pending",
                item.error.code if item.error else None,
                item.error.detail if item.error else "",
            )
            for position, item in enumerate(order.items)
        ],
    )
    finish_if_complete(db, batch_id)
    pending = tuple(position for position, item in enumerate(order.items) if item.error is None)
    return Unfinished(batch_id, order.caller, pending)


def unfinished_batches(db: sqlite3.Connection) -> list[Unfinished]:
    """What is to be worked on, oldest first."""
    batches = db.execute("SELECT batch_id, caller FROM batches WHERE state = 'running' ORDER BY created_at, batch_id")
    return [Unfinished(batch_id, caller, _pending(db, batch_id)) for batch_id, caller in batches.fetchall()]


def settle_what_was_made(db: sqlite3.Connection, batch_id: str | None = None) -> int:
    """Enter the summaries, of one batch or of all, that were kept and not entered yet; how many there were.

    Each reading leaves an entry with the item's id in the audit log before anything is shown, and it names the summary.
    """
    rows = db.execute(
        "SELECT batch_id, position, patient_id, created_at FROM batch_items JOIN batches USING (batch_id)"
        " WHERE batch_items.state = 'pending' AND batches.state = 'running' AND (?1 IS NULL OR batch_id = ?1)",
        (batch_id,),
    ).fetchall()
    made = 0
    for of_batch, position, patient_id, created_at in rows:
        found = db.execute(
            "SELECT summary_id FROM audit JOIN summaries USING (summary_id)"
            " WHERE audit.patient_id = ? AND at >= ? AND request_id = ? AND action = 'summarize' LIMIT 1",
            (patient_id, created_at, item_request_id(of_batch, position)),
        ).fetchone()
        if found:
            made += 1
            finish_item(db, of_batch, Item(position, patient_id, "ok", found[0]))
    return made


def find_task(db: sqlite3.Connection, batch_id: str, position: int) -> Task | None:
    """An item to work on; None where it is pending no more, or was erased."""
    row = db.execute(
        "SELECT caller, purpose, patient_id, request FROM batch_items JOIN batches USING (batch_id)"
        " WHERE batch_id = ? AND position = ? AND batch_items.state = 'pending'",
        (batch_id, position),
    ).fetchone()
    if row is None:
        return None
    caller, purpose, patient_id, request = row
    return Task(batch_id, position, caller, purpose, _unpacked(patient_id, request))


def finish_item(db: sqlite3.Connection, batch_id: str, item: Item) -> None:
    """Enter what came of an item that was pending, and finish the batch where it was the last."""
    error = item.error
    db.execute(
        "UPDATE batch_items SET state = ?, summary_id = ?, code = ?, detail = ?"
        " WHERE batch_id = ? AND position = ? AND state = 'pending'",
        (
            item.state,
            item.summary_id,
            error.code if error else None,
            error.detail if error else "",
            batch_id,
            item.position,
        ),
    )
    finish_if_complete(db, batch_id)


def cancel_batch(db: sqlite3.Connection, batch_id: str) -> int:
    """Take back what is pending; how many items that were."""
    changed = db.execute(
        "UPDATE batch_items SET state = 'cancelled' WHERE batch_id = ? AND state = 'pending'", (batch_id,)
    ).rowcount
    db.execute(
        "UPDATE batches SET state = 'cancelled', finished_at = ? WHERE batch_id = ? AND state = 'running'",
        (_now(), batch_id),
    )
    return changed


def find_batch(db: sqlite3.Connection, batch_id: str, caller: str, running: Sequence[int] = ()) -> Batch:
    """A caller's batch; `running` are the positions that are worked on now. Raises BatchNotFound."""
    row = db.execute(
        "SELECT state, created_at, finished_at FROM batches WHERE batch_id = ? AND caller = ?", (batch_id, caller)
    ).fetchone()
    if row is None:
        raise BatchNotFound("there is no such batch of this caller's")
    items = tuple(
        _item(fields, running=fields[0] in running)
        for fields in db.execute(
            "SELECT position, patient_id, state, summary_id, code, detail FROM batch_items"
            " WHERE batch_id = ? ORDER BY position",
            (batch_id,),
        )
    )
    counted = Counter(item.state for item in items)
    states: tuple[ItemState, ...] = ("pending", "running", "ok", "failed", "cancelled")
    return Batch(batch_id, row[0], row[1], row[2], {state: counted[state] for state in states}, items)


def pending_of(db: sqlite3.Connection, caller: str) -> int:
    """How many items of a caller's are pending."""
    query = "SELECT count(*) FROM batch_items JOIN batches USING (batch_id) WHERE caller = ?"
    return int(db.execute(f"{query} AND batch_items.state = 'pending'", (caller,)).fetchone()[0])


def delete_batches(db: sqlite3.Connection, *, finished_before: str) -> int:
    """Forget batches that finished before a time; their summaries stay. How many there were."""
    gone = "SELECT batch_id FROM batches WHERE finished_at < ?"
    db.execute(f"DELETE FROM batch_items WHERE batch_id IN ({gone})", (finished_before,))  # noqa: S608
    return db.execute("DELETE FROM batches WHERE finished_at < ?", (finished_before,)).rowcount


def _pending(db: sqlite3.Connection, batch_id: str) -> tuple[int, ...]:
    rows = db.execute(
        "SELECT position FROM batch_items WHERE batch_id = ? AND state = 'pending' ORDER BY position", (batch_id,)
    )
    return tuple(position for (position,) in rows)


def finish_if_complete(db: sqlite3.Connection, batch_id: str) -> None:
    """Finish a batch of which nothing is pending."""
    db.execute(
        "UPDATE batches SET state = 'done', finished_at = ?1 WHERE batch_id = ?2 AND state = 'running'"
        " AND NOT EXISTS (SELECT 1 FROM batch_items WHERE batch_id = ?2 AND state = 'pending')",
        (_now(), batch_id),
    )


def _item(fields: tuple[int, str, ItemState, str | None, str | None, str], *, running: bool) -> Item:
    position, patient_id, state, summary_id, code, detail = fields
    error = None if code is None else ItemError(code, detail)
    return Item(position, patient_id, "running" if running and state == "pending" else state, summary_id, error)


def _too_much_pending() -> Overloaded:
    error = Overloaded(f"at most {MOST_PENDING} summaries of a caller's batches may be pending; wait for some")
    error.retry_after_s = 120
    return error


def _packed(request: SummaryRequest | None) -> str:
    """Without the patient, who has a column of their own."""
    fields = asdict(request) if request else {}
    fields.pop("patient_id", None)
    return orjson.dumps(fields).decode()


def _unpacked(patient_id: str, packed: str) -> SummaryRequest:
    fields = orjson.loads(packed)
    return SummaryRequest(patient_id, **{**fields, "note_types": tuple(fields["note_types"])})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
