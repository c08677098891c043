"""`python -m tests.crash.service`: the service as `python -m app` starts it, with the model that the harness uses."""

import sys

import uvicorn

from app.factory import create_app
from core.settings import load_settings
from core.telemetry import configure_logging
from tests.fakes.embeddings import HashedWords


def main() -> int:
    settings = load_settings()
    configure_logging(settings.log.level, settings.log.format)
    app = create_app(settings, embeddings=HashedWords())
    service = settings.service
    server = uvicorn.Server(
        uvicorn.Config(app, host=service.host, port=service.port, log_config=None, access_log=False)
    )
    server.run()
    return 0 if server.started else 3


if __name__ == "__main__":
    sys.exit(main())
