"""A real nginx with the configuration we recommend, on ports and in a folder of the test's own."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy/nginx/anamnesis.conf"
PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
needs_nginx = pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed")

MAIN = """{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/main.log crit;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u;
    scgi_temp_path {folder}/s;
    include {folder}/anamnesis.conf;
}}
"""


class Nginx:
    """Proxies to `upstream`. `changes` are made to the configuration, word for word, each of which must be in it."""

    def __init__(self, folder: Path, upstream: str, changes: dict[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self.folder = folder
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None
        text = CONFIGURATION.read_text()
        ours = {
            "127.0.0.1:8000": upstream.removeprefix("http://").rstrip("/"),
            "127.0.0.1:8080": f"127.0.0.1:{self._port}",
            "/var/log/nginx/": f"{folder}/",
        }
        for old, new in {**ours, **(changes or {})}.items():
            assert old in text, old
            text = text.replace(old, new)
        (folder / "anamnesis.conf").write_text(text)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _e: BaseException | None, _tb: TracebackType | None) -> None:
        self.end(signal.SIGKILL)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        assert PROGRAM
        command = [
            PROGRAM,
            "-p",
            str(self.folder),
            "-c",
            str(self.folder / "nginx.conf"),
            "-e",
            str(self.folder / "log"),
        ]
        self._process = subprocess.Popen(command, start_new_session=True)
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
                return
            except OSError:
                assert self._process.poll() is None and time.monotonic() < until, self.logged()
                time.sleep(0.02)

    def end(self, how: signal.Signals) -> None:
        """End master and workers."""
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, how)
            self._process.wait(10)

    def logged(self) -> str:
        """All that it wrote."""
        return "\n".join(p.read_text() for p in self.folder.iterdir() if p.is_file() and p.suffix != ".conf")

    def kept(self) -> list[str]:
        """The files in which it holds bodies and answers, if any."""
        return [str(p) for name in ("bodies", "answers") for p in (self.folder / name).rglob("*") if p.is_file()]
