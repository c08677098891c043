"""How good the summaries are, measured: tasks, metrics, baselines, a report, and a gate that a release must pass."""
