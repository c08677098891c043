"""Many summaries asked for at once: kept in the state database, made one after another behind whoever waits."""

from app.batch.records import Batch, BatchNotFound, Item, Order, OrderedItem
from app.batch.runner import Batches
from app.batch.submission import BatchBody, order_of

__all__ = ["Batch", "BatchBody", "BatchNotFound", "Batches", "Item", "Order", "OrderedItem", "order_of"]
