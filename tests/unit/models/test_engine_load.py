"""Reading a vLLM server's own load."""

import pytest

from chains.models import EngineLoad, EngineLoadProbe, ModelRejected, parse_engine_load
from core.errors import ModelUnavailable
from tests.fakes.openai_server import FakeOpenAIServer

# As vLLM 0.32 writes it, shortened.
PAGE = """\
# HELP python_info Python platform information
# TYPE python_info gauge
python_info{implementation="CPython",major="3"} 1.0
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="a{b} c"} 3.0
# HELP vllm:num_requests_waiting Number of requests waiting to be processed.
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="a{b} c"} 12.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="a{b} c",reason="capacity"} 900.0
# TYPE vllm:kv_cache_usage_perc gauge
vllm:kv_cache_usage_perc{engine="0",model_name="a{b} c"} 0.75
# TYPE vllm:prefix_cache_queries counter
vllm:prefix_cache_queries_total{engine="0",model_name="a{b} c"} 4.096e+03
vllm:prefix_cache_queries_created{engine="0",model_name="a{b} c"} 1.795299433900477e+09
# TYPE vllm:prefix_cache_hits counter
vllm:prefix_cache_hits_total{engine="0",model_name="a{b} c"} 1024.0
vllm:num_preemptions_total{engine="0",model_name="a{b} c"} 2.0
vllm:prompt_tokens_total{engine="0",model_name="a{b} c"} 5000.0
vllm:generation_tokens_total{engine="0",model_name="a{b} c"} 70.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="0.001",model_name="a{b} c"} 0.0
"""
LOAD = EngineLoad(
    running=3,
    waiting=12,
    kv_usage=0.75,
    prompt_tokens=5000,
    generated_tokens=70,
    prefix_hits=1024,
    prefix_queries=4096,
    preemptions=2,
)


def test_reads_the_series_of_a_server() -> None:
    assert parse_engine_load(PAGE) == LOAD


def test_engines_are_added_up_and_the_fullest_cache_counts() -> None:
    second = PAGE.replace('engine="0"', 'engine="1"').replace("} 0.75", "} 0.25")
    both = parse_engine_load(PAGE + second)
    assert both == EngineLoad(6, 24, 0.75, 10_000, 140, 2048, 8192, 4)


def test_a_page_of_another_server_tells_no_load() -> None:
    assert parse_engine_load("# TYPE up gauge\nup 1\n") is None
    assert parse_engine_load("") is None
    assert parse_engine_load("<html>no</html>") is None


@pytest.mark.parametrize("line", ["vllm:num_requests_waiting", 'vllm:num_requests_waiting{engine="0"} many'])
def test_a_broken_sample_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match="no sample"):
        parse_engine_load(PAGE + line + "\n")


async def test_asks_the_server_for_its_page(server: FakeOpenAIServer) -> None:
    server.metrics_page = PAGE
    probe = EngineLoadProbe(server.url)
    assert await probe.read() == LOAD
    server.metrics_page = PAGE + "vllm:num_requests_waiting{\n"
    assert await probe.read() is None
    server.metrics_page = None
    with pytest.raises(ModelRejected):
        await probe.read()
    await probe.aclose()


async def test_a_server_that_is_gone_is_unavailable() -> None:
    probe = EngineLoadProbe("http://127.0.0.1:1/v1", timeout_s=1)
    with pytest.raises(ModelUnavailable):
        await probe.read()
    await probe.aclose()
