"""Writes the dashboards that Grafana is provisioned with: `python -m deploy.grafana [FOLDER]`."""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.ingest import ingest
from deploy.grafana.quality import quality
from deploy.grafana.service import service
from deploy.grafana.vllm import vllm

FOLDER = Path(__file__).parent / "dashboards"
BOARDS = {"service": service, "vllm": vllm, "ingest": ingest, "quality": quality}


def files() -> dict[str, str]:
    """What each file holds, by its name."""
    return {f"{name}.json": encoded(name) for name in BOARDS}


def encoded(name: str) -> str:
    """One dashboard as JSON."""
    return json.dumps(BOARDS[name]().build(), cls=JSONEncoder, indent=2) + "\n"


def main(folder: Path = FOLDER) -> None:
    """Write every file."""
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")
        print(folder / name)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
