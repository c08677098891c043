"""What every other package shares: settings, errors, records and telemetry."""
