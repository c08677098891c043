"""Writes the dashboards that Grafana is provisioned with: `python -m deploy.grafana [FOLDER]`."""

import argparse
import json
from collections.abc import Sequence
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Write every file."""
    parser = argparse.ArgumentParser(prog="python -m deploy.grafana", description="Writes Grafana's dashboards.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, metavar="FOLDER", help="where they go")
    folder: Path = parser.parse_args(arguments).folder
    if not folder.is_dir():
        parser.error(f"{folder} is no folder; make it first or name another")
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")
        print(folder / name)


if __name__ == "__main__":
    main()
