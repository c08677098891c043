import errno
import sqlite3
from pathlib import Path

import pytest

from core.errors import IngestFailed
from tests.fakes.indexes import lined, publish
from vectorstore.disk_errors import disk_errors


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_named_with_what_to_do(tmp_path: Path, number: int) -> None:
    with (
        pytest.raises(IngestFailed, match=r"no space left for .*vectors: free some.*; nothing was published"),
        disk_errors(tmp_path, live=None),
    ):
        raise OSError(number, "said by the system", str(tmp_path / "vectors"))


def test_a_full_disk_that_sqlite_meets_is_told_alike(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "small", isolation_level=None)
    database.execute("PRAGMA max_page_count = 2")
    with pytest.raises(IngestFailed, match="no space left"), disk_errors(tmp_path, live=None):
        database.execute("CREATE TABLE one (text)")
        database.execute("CREATE TABLE two (text)")
    database.close()


def test_other_refusals_are_told_with_their_reason(tmp_path: Path) -> None:
    with (
        pytest.raises(IngestFailed, match=r"cannot be written \(Read-only"),
        disk_errors(tmp_path, live=None),
    ):
        raise OSError(errno.EROFS, "said by the system")


def test_what_was_published_before_the_disk_failed_is_said_to_be_live(tmp_path: Path) -> None:
    with pytest.raises(IngestFailed, match="generation 1 is live"), disk_errors(tmp_path, live=None):
        publish(tmp_path, {"ann": [lined("ann", "n", "one")]})
        raise OSError(errno.ENOSPC, "said by the system")


def test_what_is_not_the_disks_fault_passes_through(tmp_path: Path) -> None:
    database = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError), disk_errors(tmp_path, live=None):
        database.execute("SELECT nothing FROM nowhere")
    with pytest.raises(KeyError), disk_errors(tmp_path, live=None):
        raise KeyError
    database.close()
