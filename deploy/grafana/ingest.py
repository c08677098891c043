"""Ingest: did the last run end well, what became of the notes, what is being served."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.parts import OURS, Panel, Query, Section, Warned, board, replicas

DAY_AND_A_HALF_S = 36 * 3600
# Of the job's file, under whatever job label its machine's exporter has.
_RUN_S = "anamnesis_ingest_seconds_sum"

RUN = Section(
    "The last run",
    (
        Panel("stat", "Ended", (Query("anamnesis_ingest_success", "{{instance}}"),), words=("badly", "well")),
        Panel(
            "stat",
            "When",
            (Query("anamnesis_ingest_last_run_timestamp_seconds * 1000", "{{instance}}"),),
            "dateTimeFromNow",
        ),
        Panel(
            "stat",
            "Since one ended well",
            (Query("time() - anamnesis_ingest_last_success_timestamp_seconds", "{{instance}}"),),
            "s",
            warned=Warned(DAY_AND_A_HALF_S),
        ),
        Panel("stat", "It took", (Query(_RUN_S, "{{instance}}"),), "s"),
    ),
    across=4,
)
NOTES = Section(
    "Its notes",
    (
        Panel(
            "stack",
            "Notes of the last run, by outcome",
            (Query("sum by (outcome) (anamnesis_ingest_notes_total)", "{{outcome}}"),),
        ),
        Panel("graph", "Time of a run", (Query(_RUN_S, "{{instance}}"),), "s"),
    ),
    across=2,
)
SERVED = Section(
    "What is served",
    (
        Panel("graph", "Notes in the index", (Query(f"anamnesis_index_notes{{{OURS}}}", "{{instance}}"),)),
        Panel("graph", "Generation", (Query(f"anamnesis_index_generation{{{OURS}}}", "{{instance}}"),)),
        Panel(
            "graph",
            "Since the index was last up to date",
            (
                Query(f"time() - anamnesis_index_checked_timestamp_seconds{{{OURS}}}", "looked at, {{instance}}"),
                Query(f"time() - anamnesis_index_published_timestamp_seconds{{{OURS}}}", "changed, {{instance}}"),
            ),
            "s",
            "A ticket above 36 hours since it was looked at.",
        ),
    ),
    across=3,
)


def ingest() -> Dashboard:
    """The dashboard."""
    return board("anamnesis-ingest", "Anamnesis ingest", (RUN, NOTES, SERVED), replicas())
