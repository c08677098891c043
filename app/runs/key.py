"""What a summary is known by: everything its words depend on, as one digest."""

import hashlib
from dataclasses import asdict, dataclass, replace

import orjson

from chains.identity import ChainIdentity
from chains.models import ModelState
from core.records import SummaryRequest
from vectorstore.specs import ChunkingSpec, EmbeddingSpec


@dataclass(frozen=True, slots=True)
class Origins:
    """All that the words of a summary depend on; another of any of these makes another summary.

    `chart` is the chart's digest, over its notes and what was set aside. `chunking` holds the versions of the rules
    that cut notes and find facts. `chain` is what writes and checks, down to its code.
    """

    request: SummaryRequest
    chart: str
    embedding: EmbeddingSpec
    chunking: ChunkingSpec
    chain: ChainIdentity
    model: str | None
    model_ready: bool


def origins_of(
    request: SummaryRequest,
    *,
    chart: str,
    embedding: EmbeddingSpec,
    chunking: ChunkingSpec,
    chain: ChainIdentity,
    model: ModelState,
) -> Origins:
    """The origins of what would be made now; requests that differ in nothing that counts are one."""
    types = tuple(sorted({name.casefold() for name in request.note_types}))
    same = replace(request, note_types=types, focus=(request.focus or "").strip() or None)
    return Origins(same, chart, embedding, chunking, chain, model.model if model.ready else None, model.ready)


def run_key(origins: Origins) -> str:
    """SHA-256 of the origins in hexadecimal. It tells nothing, but who knows a chart can guess it; erase it as text."""
    return hashlib.sha256(orjson.dumps(asdict(origins), option=orjson.OPT_SORT_KEYS)).hexdigest()
