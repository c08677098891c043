"""A summary of a 60-note patient: extractive, and how much we add to the model's own time."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.charts import build_index, open_index, patient_with
from bench.figures import Figure
from chains import ChainInput, SummaryChain, build_chain
from chains.models import ChatVLLM
from core.records import StatementEvent, SummaryRequest
from core.settings import LLMSettings
from core.telemetry import Metrics
from vectorstore.generation import Generation

NOTES = 60
MODEL_S = 0.5
REPEATS = 15


def run() -> list[Figure]:
    """Build charts, then time summaries of one patient, each from a chart opened anew."""
    with tempfile.TemporaryDirectory() as folder:
        generation = open_index(build_index(Path(folder), patients=20))
        patient_id = patient_with(generation, NOTES)
        notes = len(generation.chart(patient_id).headers)
        extractive = asyncio.run(_extractive(generation, patient_id))
        added = asyncio.run(_added_to_model(generation, patient_id))
    against = f"{notes} notes, median of {REPEATS}"
    return [
        Figure("extractive summary", extractive * 1000, "ms", 150, "at_most", against),
        Figure("first verified statement over the model's own time", added * 1000, "ms", 25, "at_most", _paced(notes)),
    ]


def _paced(notes: int) -> str:
    return f"model paced at {MODEL_S} s, {notes} notes, evidence gathered: from first request to statement"


async def _extractive(generation: Generation, patient_id: str) -> float:
    chain = build_chain(llm=None, metrics=Metrics(), llm_settings=LLMSettings())
    return statistics.median([await _whole(chain, generation, patient_id) for _ in range(REPEATS + 1)][1:])


async def _whole(chain: SummaryChain, generation: Generation, patient_id: str) -> float:
    began = time.perf_counter()
    await chain.ainvoke(ChainInput(SummaryRequest(patient_id), generation.chart(patient_id), "bench"))
    return time.perf_counter() - began


async def _added_to_model(generation: Generation, patient_id: str) -> float:
    with _paced_model() as url:
        llm = ChatVLLM(base_url=url)
        chain = build_chain(llm=llm, metrics=Metrics(), llm_settings=LLMSettings())
        taken = [await _first_by_model(chain, generation, patient_id) for _ in range(REPEATS + 1)][1:]
        await llm.aclose()
    return statistics.median(taken) - MODEL_S


async def _first_by_model(chain: SummaryChain, generation: Generation, patient_id: str) -> float:
    """Seconds from the evidence event, after which the model is asked, to the first statement that it wrote."""
    chain_input = ChainInput(SummaryRequest(patient_id), generation.chart(patient_id), "bench", model_ready=True)
    stream = chain.astream(chain_input)
    await anext(stream)
    began = time.perf_counter()
    async for event in stream:
        if isinstance(event, StatementEvent) and time.perf_counter() - began > MODEL_S:
            await stream.aclose()
            return time.perf_counter() - began
    raise RuntimeError("the model wrote no statement")


@contextmanager
def _paced_model() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.paced_model", str(MODEL_S)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout is not None  # noqa: S101
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        finally:
            server.terminate()
