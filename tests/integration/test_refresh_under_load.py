"""A service that is asked all the time while its index is published anew, rolled back and compacted."""

from pathlib import Path

import pytest

from tests.crash.load import observe

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


def test_no_request_fails_and_no_citation_is_wrong_while_generations_come_and_go(tmp_path: Path) -> None:
    seen = observe(tmp_path, seconds=20)
    print(f"{len(seen.seconds)} requests, {len(seen.cited)} citations, {dict(seen.publications)}")
    assert seen.failures == []
    assert len(seen.seconds) >= 100
    assert len(seen.cited) >= 100
    assert len(seen.generations) >= 4
    assert all(seen.publications[kind] for kind in ("refresh", "compaction", "rollback"))
    half = len(seen.uses) // 2
    # How many generations are open at once varies; a file that each publication left open would add up.
    assert seen.fewest_files(slice(half, None)) <= seen.files(slice(None, half))
    log = (tmp_path / "service.log").read_text()
    assert "Traceback" not in log
    assert '"level": "ERROR"' not in log
