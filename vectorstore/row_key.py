"""The secret that source rows are digested with, so that a digest tells nothing to who can guess a row.

Without it every row looks new: losing it costs time, never correctness. The file is the key and eight bytes of its
SHA-256, by which damage shows.
"""

import secrets
from hashlib import sha256

from vectorstore.durable import replace_atomically
from vectorstore.layout import Layout

_BYTES = 32
_CHECK = 8


def read_row_key(layout: Layout) -> bytes:
    """The key of an index; a new one where there is none, or none that is whole. Only the writer may call this."""
    try:
        content = layout.row_key.read_bytes()
    except FileNotFoundError:
        content = b""
    if not is_row_key(content):
        key = secrets.token_bytes(_BYTES)
        content = key + _check(key)
        replace_atomically(layout.row_key, content, private=True)
    return content[:_BYTES]


def is_row_key(content: bytes) -> bool:
    """Whether a file's content is a key as it was written."""
    return len(content) == _BYTES + _CHECK and content[_BYTES:] == _check(content[:_BYTES])


def _check(key: bytes) -> bytes:
    return sha256(key).digest()[:_CHECK]
