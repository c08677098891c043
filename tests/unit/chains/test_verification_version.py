"""The verifier's version names the very rules it was made of."""

import re
from importlib.resources import files
from pathlib import Path

from chains.verification import VERIFIER
from chains.verification.version import version_of


def test_the_version_is_of_the_rules_at_hand() -> None:
    assert re.fullmatch(r"rules-2\+[0-9a-f]{8}", VERIFIER)
    assert version_of(files("chains.verification"), "rules-2") == VERIFIER


def test_any_change_of_a_rule_or_a_word_list_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "check.py").write_text("LEAST = 1\n")
    (tmp_path / "words" / "same.yaml").write_text("- pain ache\n")
    first = version_of(tmp_path, "rules")
    (tmp_path / "words" / "same.yaml").write_text("- pain ache sore\n")
    second = version_of(tmp_path, "rules")
    (tmp_path / "check.py").rename(tmp_path / "checks.py")
    third = version_of(tmp_path, "rules")
    assert len({first, second, third}) == 3


def test_what_is_no_rule_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "check.py").write_text("LEAST = 1\n")
    first = version_of(tmp_path, "rules")
    (tmp_path / "check.cpython-311.pyc").write_bytes(b"\x00")
    assert version_of(tmp_path, "rules") == first
