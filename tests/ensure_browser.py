"""A Chromium for the page's tests: the system's, else Playwright's, else Debian's package. Never none.

python -m tests.ensure_browser
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


class NoBrowser(Exception):
    """There is no Chromium and none could be installed; the message says what was tried."""


def find_or_install() -> Path:
    """The path of a Chromium that starts, installed where need be.

    Raises:
        NoBrowser: with what was tried.
    """
    tried = []
    for look in (_of_the_system, _of_playwright, _downloaded, _of_debian):
        found, said = look()
        if found:
            return found
        tried.append(said)
    raise NoBrowser("no Chromium for the page's tests: " + "; ".join(tried))


def _of_the_system() -> tuple[Path | None, str]:
    for name in NAMES:
        path = shutil.which(name)
        if path and _starts(Path(path)):
            return Path(path), ""
    return None, f"none of {', '.join(NAMES)} on the path starts"


def _of_playwright() -> tuple[Path | None, str]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    if path.exists() and _starts(path):
        return path, ""
    return None, "Playwright has none installed"


def _downloaded() -> tuple[Path | None, str]:
    failure = _run(sys.executable, "-m", "playwright", "install", "chromium")
    found, _ = _of_playwright()
    return found, f"`playwright install chromium`: {failure or 'what it installed does not start'}"


def _of_debian() -> tuple[Path | None, str]:
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return None, "apt-get is not to be had, or not by this user"
    _run("apt-get", "update")
    failure = _run("apt-get", "install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core")
    found, said = _of_the_system()
    return found, f"`apt-get install chromium`: {failure or said}"


def _starts(path: Path) -> bool:
    return not _run(str(path), *FLAGS, "--dump-dom", "about:blank", timeout_s=60)


def _run(*command: str, timeout_s: float = 900) -> str:
    """Run a command; empty where it went well, else the end of what it said."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as e:
        return type(e).__name__
    if done.returncode == 0:
        return ""
    return (done.stderr or done.stdout).strip().rpartition("\n")[2] or f"status {done.returncode}"


if __name__ == "__main__":
    print(find_or_install())
