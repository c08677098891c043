"""Grafana's dashboards, as code; `python -m deploy.grafana` writes the files that Grafana reads."""
