"""How many tokens a prompt takes, as the server that will read it counts them."""

from dataclasses import dataclass
from typing import Any

from core.errors import ModelUnavailable


@dataclass(frozen=True, slots=True)
class Counted:
    """`tokens` of a prompt, the model's chat template included; `context` is the most that prompt and answer may take.

    `context` is 0 where the server does not tell.
    """

    tokens: int
    context: int


def read_count(answer: Any) -> Counted:
    """What vLLM's `/tokenize` answers. Raises ModelUnavailable where it is no such answer."""
    tokens = answer.get("count") if isinstance(answer, dict) else None
    if not isinstance(tokens, int):
        raise ModelUnavailable("the model server counted no tokens")
    context = answer.get("max_model_len")
    return Counted(tokens, context if isinstance(context, int) else 0)
