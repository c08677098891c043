"""The model server, by its own series: is it full, what does it reuse, how long does it take."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.parts import Panel, Query, Section, board, quantiles, rate, rates, variable

MODEL = 'job="vllm",model_name=~"$model"'
_HITS = rate("vllm:prefix_cache_hits_total", "", MODEL)


def total(series: str) -> str:
    """A gauge, summed over all engines."""
    return f"sum({series}{{{MODEL}}})"


LOAD = Section(
    "Load",
    (
        Panel(
            "graph",
            "Requests",
            (
                Query(total("vllm:num_requests_running"), "running"),
                Query(total("vllm:num_requests_waiting"), "waiting"),
            ),
        ),
        Panel(
            "graph",
            "Key-value cache in use",
            (Query(f"max by (instance) (vllm:kv_cache_usage_perc{{{MODEL}}})", "{{instance}}"),),
            "percentunit",
        ),
        Panel(
            "graph",
            "Preemptions",
            (Query(rate("vllm:num_preemptions_total", "", MODEL), "a second"),),
            "cps",
            "Requests put back for want of cache, to be computed again.",
        ),
        Panel(
            "stack", "Requests done, by reason", rates("vllm:request_success_total", "finished_reason", MODEL), "reqps"
        ),
        Panel(
            "graph",
            "Tokens in a step of the engine",
            quantiles("vllm:iteration_tokens_total", "", MODEL),
            said="How full the batches are.",
        ),
        Panel(
            "graph",
            "Tokens a second",
            (
                Query(rate("vllm:prompt_tokens_total", "", MODEL), "prompt"),
                Query(rate("vllm:generation_tokens_total", "", MODEL), "generated"),
            ),
            "cps",
        ),
    ),
    across=3,
)
REUSE = Section(
    "Prefix cache",
    (
        Panel(
            "graph",
            "Share of prompt tokens found",
            (Query(f"{_HITS} / {rate('vllm:prefix_cache_queries_total', '', MODEL)}", "found"),),
            "percentunit",
        ),
        Panel(
            "stack",
            "Prompt tokens, by where they came from",
            rates("vllm:prompt_tokens_by_source_total", "source", MODEL),
            "cps",
        ),
    ),
    across=2,
)
TIME = Section(
    "Time of a request",
    (
        Panel("graph", "Waiting", quantiles("vllm:request_queue_time_seconds", "", MODEL), "s"),
        Panel("graph", "First token", quantiles("vllm:time_to_first_token_seconds", "", MODEL), "s"),
        Panel("graph", "Between tokens", quantiles("vllm:inter_token_latency_seconds", "", MODEL), "s"),
        Panel("graph", "Whole", quantiles("vllm:e2e_request_latency_seconds", "", MODEL), "s"),
    ),
    across=4,
)


def vllm() -> Dashboard:
    """The dashboard."""
    models = variable("model", "label_values(vllm:num_requests_running, model_name)")
    return board("anamnesis-vllm", "Anamnesis: the model server", (LOAD, REUSE, TIME), models)
