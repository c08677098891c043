"""The loop around the service, offline: evaluation, training, monitoring. Never part of the serving image."""
