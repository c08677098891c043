"""What a model server's refusal means to us. Its own words are not passed on: they may quote the prompt."""

import re

from core.errors import ModelUnavailable

_LIMIT = re.compile(r"max_model_len\D{0,20}(\d+)|maximum context length\D{0,20}(\d+)")
_OVERLOADED = {408, 425, 429}
_PASSING = {500, 502}
RETRY_WAIT_S = 0.1
LONGEST_RETRY_WAIT_S = 2.0


class ModelRejected(ModelUnavailable):
    """The server is there and refused this one request, for instance because the prompt is too long."""


class PromptTooLong(ModelRejected):
    """A prompt that leaves no room for its answer in a context of so many tokens."""

    def __init__(self, context: int) -> None:
        super().__init__(
            f"the prompt is longer than the model's context of {context} tokens allows; send less evidence"
        )


class ModelNotServed(ModelRejected):
    """The server has no model of the name that was asked for; its list tells which it has."""


class ModelInterrupted(ModelUnavailable):
    """No answer came, or not a whole one, for a reason that may be gone after `wait_s` seconds.

    Asking again is safe: a generation changes nothing on the server.
    """

    def __init__(self, message: str, wait_s: float = RETRY_WAIT_S) -> None:
        super().__init__(message)
        self.wait_s = wait_s


def refusal(status: int, body: str, retry_after: str = "") -> ModelUnavailable:
    """The error for an HTTP status of 400 or more; of `body` only the context limit is read.

    `retry_after` is the header of that name: a server that is back in a moment is asked again, one that asks for
    more patience is not.
    """
    limit = _LIMIT.search(body)
    if status in {400, 413, 422} and limit:
        return PromptTooLong(int(limit[1] or limit[2]))
    if status in {401, 403}:
        return ModelRejected(f"the model server refused the API key ({status}); set ANAMNESIS_LLM__API_KEY")
    if status == 404:
        return ModelNotServed(
            "the model server does not serve that model (404); see ANAMNESIS_LLM__MODEL and __ADAPTER"
        )
    if 400 <= status < 500 and status not in _OVERLOADED:
        return ModelRejected(f"the model server refused the request ({status})")
    wait_s = RETRY_WAIT_S if status in _PASSING else _seconds(retry_after)
    if wait_s is not None and wait_s <= LONGEST_RETRY_WAIT_S:
        return ModelInterrupted(f"the model server failed ({status})", wait_s)
    return ModelUnavailable(f"the model server failed ({status})")


def _seconds(retry_after: str) -> float | None:
    """The header's number of seconds; None where it is absent or a date, which nobody sends for a moment."""
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None
