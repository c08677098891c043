"""JSON documents that carry a checksum of themselves, so that damage shows where no other file vouches for them."""

import json
import re
from collections.abc import Mapping
from hashlib import sha256

_SEAL = re.compile(rb',\n "checksum": "([0-9a-f]{64})"\n}\n\Z')


def sealed(document: Mapping[str, object]) -> bytes:
    """The document as JSON, with the SHA-256 of all that stands before it as its last field, `checksum`."""
    body = json.dumps(document, indent=1, ensure_ascii=False).encode().removesuffix(b"\n}")
    return body + f',\n "checksum": "{sha256(body).hexdigest()}"\n}}\n'.encode()


def is_whole(content: bytes) -> bool:
    """Whether a sealed document is as it was written."""
    seal = _SEAL.search(content)
    return seal is not None and sha256(content[: seal.start()]).hexdigest().encode() == seal[1]
