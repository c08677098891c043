"""Serve the model: the official vLLM where there is an NVIDIA GPU, else vLLM's CPU build with the embedded model.

    python -m deploy.vllm.serve --port 8001

Replaces itself by the server's process, so its pid is the server's and the whole of it ends with its process group.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.settings import load_settings
from deploy.vllm.hardware import nvidia_gpu
from deploy.vllm.recipe import FOLDER, names, recipe_for

EMBEDDED = Path("var/models/smollm2-135m")
EMBEDDED_NAME = "smollm2-135m-instruct"
GPU_COMMAND = Path(".venv-vllm/bin/vllm")
# Without it a grammar lets the model write blanks and line breaks between the parts of its JSON, for which it pays.
_COMPACT = ("--structured-outputs-config", '{"backend": "xgrammar", "disable_any_whitespace": true}')
_QUIET = {"HF_HUB_DISABLE_TELEMETRY": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
_CPU = {
    # One thread: two of them on two cores fight the engine's own loop and are several times slower.
    "OMP_NUM_THREADS": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    # GiB; 45,000 tokens of the embedded model, sixteen prompts of nearly three thousand.
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "HF_HUB_OFFLINE": "1",
}


@dataclass(frozen=True)
class Launch:
    """A command and what its environment needs beside the caller's."""

    command: tuple[str, ...]
    environment: Mapping[str, str]


def on_cpu(model: str, *, name: str, host: str, port: int, extra: tuple[str, ...] = ()) -> Launch:
    """vLLM's CPU build, serving a small model with the parameters measured to suit two cores."""
    command = (
        *(sys.executable, "-m", "deploy.vllm.cpu_server", "serve", model, "--served-model-name", name),
        *("--host", host, "--port", str(port), "--dtype", "bfloat16", "--max-model-len", "8192"),
        *("--max-num-seqs", "16", "--enforce-eager", "--enable-prefix-caching", "--enable-prompt-tokens-details"),
        *("--disable-uvicorn-access-log", *_COMPACT, *extra),
    )
    return Launch(command, _QUIET | _CPU)


def on_gpu(
    model: str, *, name: str, host: str, port: int, extra: tuple[str, ...] = (), recipe: Path | None = None
) -> Launch:
    """The official vLLM out of its own environment, which pins another torch than ours.

    `recipe` holds the parameters that suit the GPU; what is in `extra` overrides it.
    """
    common = ("--max-model-len", "8192", "--enable-prefix-caching", "--enable-prompt-tokens-details")
    plain = (*common, "--disable-uvicorn-access-log", *_COMPACT)
    command = (
        *(str(GPU_COMMAND), "serve", model, "--served-model-name", name, "--host", host, "--port", str(port)),
        *(("--config", str(recipe)) if recipe else plain),
        *extra,
    )
    return Launch(command, _QUIET)


def main() -> None:
    """Become the model server."""
    parser = argparse.ArgumentParser(description="Serve the model with vLLM.")
    parser.add_argument("--model", default="", help="folder or hub name (default: ANAMNESIS_LLM__MODEL on a GPU)")
    parser.add_argument("--name", default="", help="name under which to serve it")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--recipe", choices=names(), help="parameters for this GPU (default: by its name)")
    args, extra = parser.parse_known_args()
    gpu = nvidia_gpu() if GPU_COMMAND.exists() else ""
    if args.recipe and not gpu:
        why = "nvidia-smi names none here" if GPU_COMMAND.exists() else f"there is no {GPU_COMMAND} (make gpu-env)"
        parser.error(f"--recipe is for an NVIDIA GPU, and {why}; leave it out to serve on the CPU")
    model = args.model or (load_settings().llm.model if gpu else "") or str(EMBEDDED)
    name = args.name or (EMBEDDED_NAME if model == str(EMBEDDED) else model)
    if gpu:
        recipe = FOLDER / f"{args.recipe}.yaml" if args.recipe else recipe_for(gpu)
        launch = on_gpu(model, name=name, host=args.host, port=args.port, extra=tuple(extra), recipe=recipe)
    else:
        launch = on_cpu(model, name=name, host=args.host, port=args.port, extra=tuple(extra))
    os.execve(launch.command[0], launch.command, os.environ | launch.environment)


if __name__ == "__main__":
    main()
