"""The embedded model, served for the length of a block: for jobs that want a model for a while and then no more."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.settings import PREFIX
from deploy.local.address import answers, free_port
from deploy.local.child import Child, tail
from deploy.vllm.export import SMOLLM2, ExportFailed, export
from deploy.vllm.serve import EMBEDDED, EMBEDDED_NAME

START_S = 300


class ModelNotStarted(Exception):
    """The embedded model's server did not come up; the message says why."""


@contextmanager
def embedded_model(log: Path, say: Callable[[str], None]) -> Iterator[str]:
    """Serve the embedded model on a free port of loopback until the block is left; the URL, ending in /v1.

    Its name is `deploy.vllm.serve.EMBEDDED_NAME`.

    Raises:
        ModelNotStarted: the model cannot be unpacked, or vLLM ended or did not answer within five minutes.
    """
    try:
        export(SMOLLM2, EMBEDDED)
    except ExportFailed as e:
        raise ModelNotStarted(f"the embedded model cannot be unpacked: {e}") from e
    port = free_port()
    began = time.monotonic()
    command = (sys.executable, "-m", "deploy.vllm.serve", "--port", str(port), "--model", str(EMBEDDED))
    environment = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    child = Child("vllm", (*command, "--name", EMBEDDED_NAME), environment=environment, log=log)
    try:
        while not answers(f"http://127.0.0.1:{port}/health"):
            if child.exit_code() is not None or time.monotonic() > began + START_S:
                why = f"vLLM did not start within {START_S} s. The end of {log}:"
                raise ModelNotStarted(f"{why}\n{tail(child.log)}")
            time.sleep(0.5)
        say(f"embedded model: up after {time.monotonic() - began:.0f} s")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        child.let_go()
        child.wait()
