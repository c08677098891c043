"""What this machine can run a model on."""

import importlib.util
import platform
import shutil
import subprocess
from pathlib import Path

NEEDED_BYTES = 6 << 30
_CPUINFO, _MEMINFO = Path("/proc/cpuinfo"), Path("/proc/meminfo")


def nvidia_gpu() -> str:
    """The name that `nvidia-smi` gives its first GPU, "" where there is none."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return ""
    ask = [command, "--query-gpu=name", "--format=csv,noheader"]
    try:
        done = subprocess.run(ask, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    name = done.stdout.partition("\n")[0].strip()
    return "" if done.returncode or name.startswith("No devices") else name


def has_nvidia_gpu() -> bool:
    """Whether there is an NVIDIA GPU with a working driver."""
    return bool(nvidia_gpu())


def why_no_cpu_model() -> str | None:
    """Why vLLM's CPU build cannot run here, or None where it can."""
    if platform.system() != "Linux":
        return f"vLLM's CPU build runs on Linux, and this is {platform.system()}"
    if platform.machine() == "x86_64" and "avx2" not in _cpu_flags(_CPUINFO):
        return "vLLM's CPU build needs a processor with AVX2"
    if importlib.util.find_spec("vllm") is None:
        return "vLLM is not installed (the extra `vllm`)"
    available = available_bytes(_MEMINFO)
    if available is not None and available < NEEDED_BYTES:
        return (
            f"the embedded model needs {NEEDED_BYTES >> 30} GB of free memory and {available / 2**30:.1f} GB are free"
        )
    return None


def available_bytes(meminfo: Path) -> int | None:
    """Memory that can be had without swapping, in bytes; None where the kernel does not say."""
    for line in _lines(meminfo):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _cpu_flags(cpuinfo: Path) -> frozenset[str]:
    flags = next((line for line in _lines(cpuinfo) if line.startswith("flags")), "")
    return frozenset(flags.partition(":")[2].split())


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
