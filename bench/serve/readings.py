"""What service and model server say of themselves, before and after."""

import asyncio
from dataclasses import dataclass, fields
from typing import Self

import aiohttp
from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True, slots=True)
class Reading:
    """Sums over all labels of a series. CPU in seconds, memory in bytes. Where a server has no such series, 0."""

    cpu_s: float = 0.0
    memory: float = 0.0
    files: float = 0.0
    tokens_in: float = 0.0
    cache_hits: float = 0.0
    cache_lookups: float = 0.0
    generated: float = 0.0
    prompted: float = 0.0
    prefix_hits: float = 0.0
    prefix_queries: float = 0.0

    def since(self, earlier: Self) -> "Reading":
        """What was added since."""
        return Reading(*(getattr(self, f.name) - getattr(earlier, f.name) for f in fields(self)))


async def reading(service: str, model: str = "", *, key: str = "") -> Reading:
    """Ask both for /metrics; `service` and `model` are their root URLs."""
    own, theirs = await asyncio.gather(_series(service, key), _series(model, ""))
    hits = own.get('anamnesis_cache_lookups_total{result="hit"}', 0.0)
    return Reading(
        cpu_s=own.get("process_cpu_seconds_total", 0.0),
        memory=own.get("process_resident_memory_bytes", 0.0),
        files=own.get("process_open_fds", 0.0),
        tokens_in=own.get('anamnesis_llm_tokens_total{direction="completion"}', 0.0),
        cache_hits=hits,
        cache_lookups=own.get("anamnesis_cache_lookups_total", 0.0),
        generated=theirs.get("vllm:generation_tokens_total", 0.0),
        prompted=theirs.get("vllm:prompt_tokens_total", 0.0),
        prefix_hits=theirs.get("vllm:prefix_cache_hits_total", 0.0),
        prefix_queries=theirs.get("vllm:prefix_cache_queries_total", 0.0),
    )


async def _series(root: str, key: str) -> dict[str, float]:
    """Each series summed over its labels, and by each label of its own."""
    if not root:
        return {}
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with aiohttp.ClientSession() as session, session.get(f"{root}/metrics", headers=headers) as answer:
        text = await answer.text()
        if answer.status != 200:
            return {}
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            names = [sample.name, *(f'{sample.name}{{{k}="{v}"}}' for k, v in sample.labels.items())]
            for name in names:
                sums[name] = sums.get(name, 0.0) + sample.value
    return sums
