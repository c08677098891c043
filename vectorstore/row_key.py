"""The secret that source rows are digested with, so that a digest tells nothing to who can guess a row.

Without it every row looks new: losing it costs time, never correctness.
"""

import secrets

from vectorstore.durable import replace_atomically
from vectorstore.layout import Layout

_BYTES = 32


def read_row_key(layout: Layout) -> bytes:
    """The key of an index; a new one where there is none, or none that is whole. Only the writer may call this."""
    try:
        key = layout.row_key.read_bytes()
    except FileNotFoundError:
        key = b""
    if len(key) != _BYTES:
        key = secrets.token_bytes(_BYTES)
        replace_atomically(layout.row_key, key, private=True)
    return key
