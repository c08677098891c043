"""Every damaged byte is found, and named with its file and the way out."""

from pathlib import Path

import pytest

from tests.fakes.indexes import lined, publish
from vectorstore.verify import main


@pytest.fixture
def root(tmp_path: Path) -> Path:
    publish(tmp_path, {"ann": [lined("ann", "n1", "takes aspirin")]})
    return tmp_path


def test_a_sound_index_passes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(root)]) == 0
    assert capsys.readouterr().out == "generation 1: 3 files as published\n"


@pytest.mark.parametrize("name", ["vectors.f32", "catalog.sqlite", "directory.sqlite", "manifest.json", "CURRENT"])
@pytest.mark.parametrize("harm", ["flip", "cut", "remove"])
def test_any_damage_is_named(root: Path, capsys: pytest.CaptureFixture[str], name: str, harm: str) -> None:
    path = next(root.rglob(name))
    content = bytearray(path.read_bytes())
    if harm == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif harm == "cut":
        path.write_bytes(content[: len(content) // 3])
    else:
        path.unlink()
    status = main([str(root)])
    out = capsys.readouterr().out
    assert status == (2 if (name, harm) == ("CURRENT", "remove") else 1)
    assert "make ingest NOTES=…" in out
    assert "aspirin" not in out
    if name != "CURRENT":
        assert str(path) in out
