"""The serving path under load: arrivals, a paced model, the figures of docs/performance.md."""
