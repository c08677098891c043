"""An index on a mount that cannot be written: read as ever, held while it is read, and refused by name to a writer."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.indexes import lined, publish

REPOSITORY = Path(__file__).resolve().parents[3]
MOUNTED = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" -c "$3" "$1"'

READS = """
import sys
from pathlib import Path
from tests.fakes.indexes import open_store
from vectorstore.verify import main
root = Path(sys.argv[1])
generation = open_store(root).generation
print(generation.note("n1").text, generation.chart("ann").search("was")[0].chunk.note_id, main([str(root)]), flush=True)
sys.stdin.readline()
print(generation.note("n1").text)
"""

WRITES = """
import sys
from pathlib import Path
from core.errors import IngestFailed
from tests.fakes.indexes import open_writer
from vectorstore.migrate import migrate
from vectorstore.rollback import roll_back
for work in (lambda root: open_writer(root).__enter__(), roll_back, migrate):
    try:
        work(Path(sys.argv[1]))
    except IngestFailed as e:
        print(e)
"""


def on_read_only_mount(folder: Path, code: str) -> subprocess.Popen[str]:
    """Run code in a namespace of its own, where the folder is mounted read-only; skips where that is not permitted."""
    unshare = shutil.which("unshare")
    if unshare is None or os.geteuid() != 0:
        pytest.skip("mounting needs root and unshare")
    command = [unshare, "--mount", "sh", "-c"]
    trial = [*command, MOUNTED, "sh", str(folder), "true", ""]
    if subprocess.run(trial, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    return subprocess.Popen(
        [*command, MOUNTED, "sh", str(folder), sys.executable, code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY,
    )  # fmt: skip


def say(root: Path, text: str) -> None:
    publish(root, {"ann": [lined("ann", "n1", text)]}, keep=1)


def test_a_reader_reads_holds_and_verifies(tmp_path: Path) -> None:
    say(tmp_path, "as it was")
    with on_read_only_mount(tmp_path, READS) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(2)]
        assert lines == ["live generation 1: 3 files as published\n", "as it was n1 0\n"]
        # The writer works on the same folder, mounted for writing.
        say(tmp_path, "as it is")
        names = sorted(path.name for path in (tmp_path / "generations").iterdir())
        assert names == ["00000001", "00000002"]
        out, _ = child.communicate("go on\n")
        assert out == "as it was\n"
    publish(tmp_path, {}, keep=1)
    assert [path.name for path in (tmp_path / "generations").iterdir()] == ["00000002"]


def test_a_writer_is_told_which_folder(tmp_path: Path) -> None:
    say(tmp_path, "as it was")
    with on_read_only_mount(tmp_path, WRITES) as child:
        out, _ = child.communicate()
    lines = out.splitlines()
    assert len(lines) == 3
    for line in lines:
        assert line.startswith(f"{tmp_path} cannot be written (Read-only file system): let this user write there")
