"""The service: is it well, what do readers wait for, where does the time go, who is turned away."""

from grafana_foundation_sdk.builders.dashboard import AnnotationQuery, Dashboard

from deploy.grafana.parts import (
    OURS,
    SOURCE,
    Panel,
    Query,
    Section,
    Warned,
    board,
    mean,
    quantiles,
    rate,
    rates,
    replicas,
)

STATES = ("closed", "half open", "open")


def one(series: str) -> str:
    """A gauge of each replica."""
    return f"{series}{{{OURS}}}"


NOW = Section(
    "Now",
    (
        Panel("stat", "Up", (Query('up{job=~"anamnesis|vllm"}', "{{job}} {{instance}}"),), words=("down", "up")),
        Panel("stat", "Index generation", (Query(one("anamnesis_index_generation"), "{{instance}}"),)),
        Panel("stat", "Notes in the index", (Query(one("anamnesis_index_notes"), "{{instance}}"),)),
        Panel("stat", "In flight", (Query(f"sum({one('anamnesis_inflight_summaries')})", "in flight"),)),
        Panel("stat", "Queued", (Query(f"sum({one('anamnesis_queued_summaries')})", "queued"),), warned=Warned(1)),
        Panel(
            "stat",
            "Model breaker",
            (Query(one("anamnesis_breaker_state"), "{{instance}}"),),
            said="Open: the model is left alone for a while, and summaries are extractive.",
            words=STATES,
            warned=Warned(1),
        ),
    ),
    across=6,
)
READERS = Section(
    "What readers get",
    (
        Panel("stack", "Summaries by outcome", rates("anamnesis_summaries_total", "outcome"), "reqps"),
        Panel(
            "stack",
            "Summaries by template and mode",
            (Query(rate("anamnesis_summaries_total", "template, mode"), "{{template}} {{mode}}"),),
            "reqps",
            "Extractive means that no model wrote a statement.",
        ),
        Panel("stack", "Turned away", rates("anamnesis_rejected_total", "reason"), "reqps"),
        Panel(
            "graph",
            "Time to the first statement",
            quantiles("anamnesis_first_statement_seconds"),
            "s",
            "What a reader waits for.",
        ),
        Panel("graph", "Time of a whole summary", quantiles("anamnesis_summary_seconds"), "s"),
        Panel(
            "graph",
            "Readers who left and who came back",
            (
                Query(rate("anamnesis_cancelled_total", "stage"), "left while {{stage}}"),
                Query(rate("anamnesis_streams_resumed_total"), "stream taken up again"),
            ),
            "reqps",
        ),
    ),
    across=3,
)
TIME = Section(
    "Where the time goes",
    (
        Panel("graph", "Wait for a place", quantiles("anamnesis_queue_seconds", "priority"), "s"),
        Panel("graph", "Time to gather evidence", quantiles("anamnesis_gather_seconds"), "s"),
        Panel("graph", "Time of a model request", quantiles("anamnesis_llm_request_seconds"), "s"),
        Panel(
            "graph",
            "Time in checks",
            (*quantiles("anamnesis_verify_seconds"), mean("anamnesis_verify_seconds", "mean")),
            "s",
            "All statements of one summary together.",
        ),
        Panel(
            "graph",
            "Time until the prefix cache was primed",
            (Query(f"{one('anamnesis_prime_seconds_sum')} / {one('anamnesis_prime_seconds_count')}", "{{instance}}"),),
            "s",
            "When the model became ready: the openings of all requests, read ahead. The mean since the start.",
        ),
    ),
    across=3,
)
LOAD = Section(
    "Load",
    (
        Panel(
            "graph",
            "Places",
            (
                Query(f"sum({one('anamnesis_inflight_summaries')})", "in flight"),
                Query(f"sum({one('anamnesis_queued_summaries')})", "queued"),
                Query(f"sum({one('anamnesis_concurrency_limit')})", "limit"),
            ),
            said="The limit follows the load that the model server tells of.",
        ),
        Panel("stack", "Summaries of batches", rates("anamnesis_batch_summaries_total", "outcome"), "reqps"),
        Panel(
            "graph",
            "Summaries of batches still to be made",
            (Query(f"sum({one('anamnesis_batch_waiting')})", "waiting"),),
        ),
        Panel(
            "graph",
            "Processor time of a summary",
            (
                Query(
                    f"{rate('process_cpu_seconds_total')} / {rate('anamnesis_summaries_total')}",
                    "processor seconds, all work of the process",
                ),
            ),
            "s",
        ),
    ),
    across=4,
)
TWICE = Section(
    "Work not done twice",
    (
        Panel("stack", "Looked up among finished summaries", rates("anamnesis_cache_lookups_total", "result"), "reqps"),
        Panel(
            "graph",
            "Share found",
            (
                Query(
                    f'sum(rate(anamnesis_cache_lookups_total{{{OURS},result="hit"}}[$__rate_interval]))'
                    f" / {rate('anamnesis_cache_lookups_total')}",
                    "found",
                ),
            ),
            "percentunit",
        ),
        Panel(
            "graph",
            "Joined a summary being made",
            (Query(rate("anamnesis_coalesced_total"), "joined"),),
            "reqps",
        ),
    ),
    across=3,
)
MODEL = Section(
    "The model, as the service sees it",
    (
        Panel("stack", "Model requests by outcome", rates("anamnesis_llm_requests_total", "outcome"), "reqps"),
        Panel("graph", "Model tokens", rates("anamnesis_llm_tokens_total", "direction"), "cps", "A second."),
        Panel(
            "graph",
            "Breaker",
            (Query(one("anamnesis_breaker_state"), "{{instance}}"),),
            said="0 closed, 1 half open, 2 open.",
            words=STATES,
        ),
    ),
    across=3,
)
PROCESS = Section(
    "The process",
    (
        Panel("graph", "Processors in use", (Query(rate("process_cpu_seconds_total", "instance"), "{{instance}}"),)),
        Panel("graph", "Memory", (Query(one("process_resident_memory_bytes"), "{{instance}}"),), "bytes"),
        Panel("graph", "Open files and sockets", (Query(one("process_open_fds"), "{{instance}}"),)),
    ),
    across=3,
)


def service() -> Dashboard:
    """The dashboard."""
    published = (
        AnnotationQuery()
        .name("Published")
        .datasource(SOURCE)
        .enable(True)
        .icon_color("blue")
        .expr('changes(anamnesis_index_generation{job="anamnesis"}[1m]) > 0')
    )
    sections = (NOW, READERS, TIME, LOAD, TWICE, MODEL, PROCESS)
    return board("anamnesis-service", "Anamnesis service", sections, replicas()).annotations([published])
