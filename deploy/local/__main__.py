"""`python -m deploy.local`: charts, index, service and model on this machine, until Ctrl-C."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from core.errors import SettingsInvalid
from core.settings import Settings, load_settings
from deploy.local.address import address, free_port, why_not_listen
from deploy.local.model import plan_model
from deploy.local.model_watch import ModelWatch
from deploy.local.supervisor import Failed, Stopped, Supervisor, report
from vectorstore.layout import Layout

CHARTS = Path("var/charts")
LOGS = Path("var/log")


def main() -> int:
    """Run everything; 0 when somebody asked for the end, 1 when something failed, 2 when the settings are wrong."""
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - started:6.1f} s] {text}", flush=True)

    try:
        settings = load_settings()
    except SettingsInvalid as e:
        print(f"settings: {e}", file=sys.stderr)
        return 2
    supervisor = Supervisor(environment=os.environ, logs=LOGS, say=say)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: supervisor.stop())
    try:
        run(supervisor, settings)
    except Failed as e:
        say(str(e).rstrip())
        return 1
    except Stopped:
        say("stopping")
        return 0
    finally:
        supervisor.end_all()
        say("stopped")


def run(supervisor: Supervisor, settings: Settings) -> NoReturn:
    """Bring everything up in the order that shows the page soonest, then stay.

    Raises:
        Failed: the port is taken, the index cannot be made, or the service ended.
        Stopped: the end was asked for.
    """
    host, port = settings.service.host, settings.service.port or free_port()
    if reason := why_not_listen(host, port):
        raise Failed(
            f"cannot listen on {host}:{port} ({reason}): end the program that does, or set "
            "ANAMNESIS_SERVICE__PORT to another port"
        )
    if not Layout(settings.index.dir).pointer.exists():
        make_index(supervisor)
    plan = plan_model(settings.llm)
    supervisor.say("service: starting")
    environment = {**plan.environment, "ANAMNESIS_SERVICE__PORT": str(port)}
    service = supervisor.start("service", (sys.executable, "-m", "app"), environment)
    url = address(host, port)
    supervisor.wait_for(service, f"{url}/readyz")
    supervisor.say(f"service: {url} is up (end with Ctrl-C; logs in {LOGS}/)")
    model = ModelWatch(supervisor, plan)
    while (code := service.exit_code()) is None:
        model.look()
        supervisor.look()
    raise Failed(report(service, code))


def make_index(supervisor: Supervisor) -> None:
    """Make synthetic charts where there are none, and index them."""
    notes = CHARTS / "notes.csv.gz"
    if not notes.exists():
        supervisor.say("charts: none yet, making synthetic ones")
        made = ("--patients", "12", "--seed", "7", "--out", str(CHARTS))
        supervisor.run("charts", (sys.executable, "-m", "ingest.synthetic", *made))
    supervisor.say(f"index: none yet, ingesting {notes}")
    supervisor.run("ingest", (sys.executable, "-m", "ingest", str(notes)))


if __name__ == "__main__":
    raise SystemExit(main())
