"""What a vLLM server says of its own load, in the series it exports for Prometheus."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from chains.models.connection import Connection

# The page has some 600 lines, most of them histograms; parsing all of them takes 17 ms, these 0.3.
_SUMMED = {
    "vllm:num_requests_running": "running",
    "vllm:num_requests_waiting": "waiting",
    "vllm:prompt_tokens_total": "prompt_tokens",
    "vllm:generation_tokens_total": "generated_tokens",
    "vllm:prefix_cache_hits_total": "prefix_hits",
    "vllm:prefix_cache_queries_total": "prefix_queries",
    "vllm:num_preemptions_total": "preemptions",
}
_KV_USAGE = "vllm:kv_cache_usage_perc"
_WANTED = frozenset({*_SUMMED, _KV_USAGE})


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """The load of a server, all its engines taken together.

    `running` and `waiting` are requests in the batch and before it, `kv_usage` is the share (0 to 1) of the fullest
    engine's KV cache that running requests hold. The rest are counters since the server started: tokens read and
    written, prompt tokens looked up in the prefix cache and found there, and requests put back for want of cache.
    """

    running: int
    waiting: int
    kv_usage: float
    prompt_tokens: int = 0
    generated_tokens: int = 0
    prefix_hits: int = 0
    prefix_queries: int = 0
    preemptions: int = 0


def parse_engine_load(text: str) -> EngineLoad | None:
    """The load in a page of Prometheus' text format; None where it is not a vLLM server's.

    Names: https://docs.vllm.ai/en/latest/usage/metrics.html (V1 engine).

    Raises:
        ValueError: a line that should tell the load is no sample.
    """
    sums: dict[str, float] = {}
    for sample in _samples(text):
        if sample.name == _KV_USAGE:
            sums["kv_usage"] = max(sums.get("kv_usage", 0.0), sample.value)
        elif field := _SUMMED.get(sample.name):
            sums[field] = sums.get(field, 0.0) + sample.value
    if not sums.keys() >= {"running", "waiting"}:
        return None
    kv_usage = sums.pop("kv_usage", 0.0)
    return EngineLoad(kv_usage=kv_usage, **{field: int(value) for field, value in sums.items()})


class EngineLoadProbe:
    """Reads the load of the server at `base_url` from `/metrics`."""

    def __init__(self, base_url: str, *, api_key: str = "", timeout_s: float = 3.0) -> None:
        self._connection = Connection(base_url, api_key=api_key, timeout_s=timeout_s, connect_timeout_s=timeout_s)

    async def read(self) -> EngineLoad | None:
        """The load now; None where the server does not say it as vLLM does.

        Raises:
            ModelUnavailable: the server does not answer.
            ModelRejected: it answers and has no such page.
        """
        text = await self._connection.get_text("/metrics")
        try:
            return parse_engine_load(text)
        except ValueError:
            return None

    async def aclose(self) -> None:
        """Close the connection."""
        await self._connection.aclose()


def _samples(text: str) -> Iterator[Sample]:
    try:
        for family in text_string_to_metric_families("\n".join(_wanted(text))):
            yield from family.samples
    except ValueError:
        raise ValueError("a line of the server's metrics is no sample") from None


def _wanted(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.startswith("vllm:") and line.partition("{")[0].partition(" ")[0] in _WANTED:
            yield line
