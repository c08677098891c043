"""Whoever adds a place where something of a patient may lie has to say how it is erased."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import vectorstore.layout as layout_module
from app.state import schema
from core.settings import Settings
from ingest.erase.register import SINKS
from ingest.erase.state import TABLES
from vectorstore.layout import Layout

COVERED = {name for sink in SINKS for name in sink.covers}
DOCS = Path(__file__).parents[3] / "docs/erasure.md"


def covered(kind: str) -> set[str]:
    return {name.removeprefix(f"{kind}:") for name in COVERED if name.startswith(f"{kind}:")}


def test_every_table_of_the_state_database_is_in_the_register() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        schema.migrate(db)
        names = {n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    tables = {name for name in names if not name.startswith("sqlite_")}
    assert tables == covered("table")
    assert tables == TABLES


def test_every_kind_of_file_of_the_index_is_in_the_register() -> None:
    constants = {v for k, v in vars(layout_module).items() if k.isupper() and isinstance(v, str)}
    properties = [name for name, value in vars(Layout).items() if isinstance(value, property)]
    paths = {getattr(Layout(Path("/index")), name).relative_to("/index").as_posix() for name in properties}
    assert constants | paths == covered("index")


def test_every_folder_in_the_settings_is_in_the_register() -> None:
    folders = {
        f"ANAMNESIS_{group}__{name}".upper()
        for group, holder in Settings.model_fields.items()
        for name, field in getattr(holder.annotation, "model_fields", {}).items()
        if field.annotation is Path
    }
    assert folders == covered("setting")


@pytest.mark.parametrize("sink", SINKS, ids=lambda sink: sink.name)
def test_every_sink_says_how_it_is_emptied_and_searched_and_is_documented(sink) -> None:
    assert sink.where
    assert sink.erased
    assert sink.searched
    assert f"| {sink.name} |" in DOCS.read_text()
