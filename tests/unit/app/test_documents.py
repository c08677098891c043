"""The documents say what the service does."""

from pathlib import Path

from app.audit.entry import Action
from app.schemas import SummarizeBody
from core import errors
from prompts import load_templates


def test_every_field_of_a_request_is_described(repository: Path) -> None:
    page = (repository / "docs" / "api.md").read_text()
    assert [name for name in SummarizeBody.model_fields if f"`{name}`" not in page] == []
    assert [name for name in load_templates() if f"`{name}`" not in page] == []


def test_every_code_is_described(repository: Path) -> None:
    pages = "".join((repository / "docs" / name).read_text() for name in ("api.md", "architecture.md"))
    kinds = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.AnamnesisError)]
    never_answered = {"ingest_failed", "settings_invalid"}
    assert sorted({e.code for e in kinds if f"`{e.code}`" not in pages} - never_answered) == []


def test_every_action_of_the_audit_log_is_described(repository: Path) -> None:
    page = (repository / "docs" / "audit.md").read_text()
    assert [name for name in Action.__args__ if f"`{name}`" not in page] == []
