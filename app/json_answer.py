"""Records as JSON answers."""

from typing import Any

import orjson
from fastapi import Response


def json_answer(content: Any, *, status: int = 200) -> Response:
    """Write dataclasses and plain values as JSON, without a second validation."""
    return Response(orjson.dumps(content), status, media_type="application/json")
