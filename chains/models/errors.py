"""What a model server's refusal means to us. Its own words are not passed on: they may quote the prompt."""

import re

from core.errors import ModelUnavailable

_LIMIT = re.compile(r"max_model_len\D{0,20}(\d+)|maximum context length\D{0,20}(\d+)")
_OVERLOADED = {408, 425, 429}


class ModelRejected(ModelUnavailable):
    """The server is there and refused this one request, for instance because the prompt is too long."""


def refusal(status: int, body: str) -> ModelUnavailable:
    """The error for an HTTP status of 400 or more; of `body` only the context limit is read."""
    limit = _LIMIT.search(body)
    if status in {400, 413, 422} and limit:
        tokens = limit[1] or limit[2]
        return ModelRejected(f"the prompt is longer than the model's context of {tokens} tokens; send less evidence")
    if status in {401, 403}:
        return ModelRejected(f"the model server refused the API key ({status}); set ANAMNESIS_LLM__API_KEY")
    if status == 404:
        return ModelRejected("the model server does not serve that model (404); see ANAMNESIS_LLM__MODEL and __ADAPTER")
    if 400 <= status < 500 and status not in _OVERLOADED:
        return ModelRejected(f"the model server refused the request ({status})")
    return ModelUnavailable(f"the model server failed ({status})")
