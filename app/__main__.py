"""Runs the service: `python -m app`, one process with one event loop. Replicas are further processes."""

import argparse
import sys
from collections.abc import Sequence

from app.factory import create_app
from app.server import serve
from app.tracing_setup import record_spans
from app.warm_up import settle_memory
from core.errors import AnamnesisError
from core.settings import load_settings
from core.telemetry import configure_logging


def main(arguments: Sequence[str] = ()) -> int:
    """Serve until told to stop, and return the exit code: 2 where the settings or the usage forbid to start."""
    argparse.ArgumentParser(
        prog="python -m app",
        description="Serve the index until told to stop. It takes no arguments: all settings are variables ANAMNESIS_… "
        "(docs/settings.md).",
        epilog="Exit codes: 0 stopped when told, 2 wrong usage or settings, 3 could not start.",
    ).parse_args(arguments)
    try:
        settings = load_settings()
        configure_logging(settings.log.level, settings.log.format)
        stop_recording = record_spans(settings.tracing)
        app = create_app(settings)
        app.state.when_warm = settle_memory
    except AnamnesisError as e:
        print(f"{e.code}: {e}", file=sys.stderr)
        return 2
    code = serve(app, settings.service)
    stop_recording()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
