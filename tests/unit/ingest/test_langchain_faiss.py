"""Folders that langchain_community's FAISS wrote, now and in earlier years, as notes."""

import base64
import json
import os
import pickle
import stat
import sys
import types
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.errors import IngestFailed
from core.records import Note
from ingest.sources.jsonl import read_jsonl
from ingest.sources.langchain_faiss import Keys, StoredDocument, convert, main, read_documents

WRITTEN_BY = {
    "langchain 0.0.200": """
        gASVEwEAAAAAAACMHGxhbmdjaGFpbi5kb2NzdG9yZS5pbl9tZW1vcnmUjBBJbk1lbW9yeURvY3N0b3JllJOUKYGUfZSMBV9kaWN0lH2UjAFhlI
        wQbGFuZ2NoYWluLnNjaGVtYZSMCERvY3VtZW50lJOUKYGUfZQojAhfX2RpY3RfX5R9lCiMCWxjX2t3YXJnc5R9lCiMDHBhZ2VfY29udGVudJSM
        CFdlbGwuIMOplIwIbWV0YWRhdGGUfZSMB3BhdGllbnSUSwdzdWgRaBJoE2gUdYwOX19maWVsZHNfc2V0X1+Uj5QoaA9oEWgTkIwcX19wcml2YX
        RlX2F0dHJpYnV0ZV92YWx1ZXNfX5R9lHVic3NifZRLAGgHc4aULg==
    """,
    "langchain 0.0.320": """
        gASVJQEAAAAAAACMHGxhbmdjaGFpbi5kb2NzdG9yZS5pbl9tZW1vcnmUjBBJbk1lbW9yeURvY3N0b3JllJOUKYGUfZSMBV9kaWN0lH2UjAFhlI
        wZbGFuZ2NoYWluLnNjaGVtYS5kb2N1bWVudJSMCERvY3VtZW50lJOUKYGUfZQojAhfX2RpY3RfX5R9lCiMDHBhZ2VfY29udGVudJSMCFdlbGwu
        IMOplIwIbWV0YWRhdGGUfZSMB3BhdGllbnSUSwdzjAR0eXBllGgJdYwOX19maWVsZHNfc2V0X1+Uj5QoaBFoD5CMHF9fcHJpdmF0ZV9hdHRyaW
        J1dGVfdmFsdWVzX1+UfZSMCl9sY19rd2FyZ3OUfZQoaA9oEGgRaBJ1c3Vic3NifZRLAGgHc4aULg==
    """,
    "langchain 0.1.20": """
        gASVGQEAAAAAAACMJmxhbmdjaGFpbl9jb21tdW5pdHkuZG9jc3RvcmUuaW5fbWVtb3J5lIwQSW5NZW1vcnlEb2NzdG9yZZSTlCmBlH2UjAVfZG
        ljdJR9lIwBYZSMHWxhbmdjaGFpbl9jb3JlLmRvY3VtZW50cy5iYXNllIwIRG9jdW1lbnSUk5QpgZR9lCiMCF9fZGljdF9flH2UKIwMcGFnZV9j
        b250ZW50lIwIV2VsbC4gw6mUjAhtZXRhZGF0YZR9lIwHcGF0aWVudJRLB3OMBHR5cGWUaAl1jA5fX2ZpZWxkc19zZXRfX5SPlChoEWgPkIwcX1
        9wcml2YXRlX2F0dHJpYnV0ZV92YWx1ZXNfX5R9lHVic3NifZRLAGgHc4aULg==
    """,
}
"""`index.pkl` of one document, as these releases wrote it (protocol 4)."""


def document(id: str, text: str, **metadata: object) -> StoredDocument:
    return StoredDocument(id, text, metadata)


@pytest.mark.parametrize("release", WRITTEN_BY)
def test_reads_what_earlier_releases_wrote(tmp_path: Path, release: str) -> None:
    (tmp_path / "index.pkl").write_bytes(base64.b64decode(WRITTEN_BY[release]))
    assert list(read_documents(tmp_path / "index.pkl")) == [StoredDocument("a", "Well. é", {"patient": 7})]


def test_documents_of_a_note_are_joined_in_their_order_and_take_the_first_ones_metadata() -> None:
    found = convert(
        [
            document("1", "First part of it,", p=7, n=1, when=date(2150, 3, 4), kind="letter", stay=5.0),
            document("2", "Other note.", p=7, n=2),
            document("3", "second part of it.", p=7, n=1, when="2151", kind="report"),
        ],
        Keys("p", "n", encounter="stay", date="when", type="kind"),
    )
    assert found.notes == [
        Note("1", "7", "5", "letter", "2150-03-04", "First part of it, second part of it."),
        Note("2", "7", None, "note", None, "Other note."),
    ]
    assert (found.documents, found.rejected, found.renamed) == (3, {}, False)


def test_documents_that_nobody_can_place_are_counted_by_what_they_lack() -> None:
    documents = [document("1", "x", n="1"), document("2", "x", p=None, n="1"), document("3", "x", p=True, n="1")]
    found = convert([*documents, document("4", "x", p="p"), None, document("5", "x", p="p", n="5")], Keys("p", "n"))
    assert [note.note_id for note in found.notes] == ["5"]
    assert found.rejected == {"without p": 3, "without n": 1, "without text": 1}


def test_without_a_key_of_notes_each_document_is_one() -> None:
    found = convert([document("a", "One.", p=1), document("b", "Two.", p=1)], Keys("p"))
    assert [(note.note_id, note.text) for note in found.notes] == [("a", "One."), ("b", "Two.")]


def test_note_ids_that_count_within_a_patient_stand_behind_the_patients() -> None:
    found = convert([document("a", "One.", p="x", n=1), document("b", "Two.", p="y", n=1)], Keys("p", "n"))
    assert found.renamed
    assert [note.note_id for note in found.notes] == ["x/1", "y/1"]


@pytest.fixture(autouse=True)
def old_langchain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins under the names that LangChain 0.0 gave its classes, to write files with whatever state."""
    for module, name in (("langchain.docstore.in_memory", "InMemoryDocstore"), ("langchain.schema", "Document")):
        holder = types.ModuleType(module)
        setattr(holder, name, type(name, (), {"__module__": module}))
        monkeypatch.setitem(sys.modules, module, holder)


def store(folder: Path, documents: Any) -> None:
    docstore = sys.modules["langchain.docstore.in_memory"].InMemoryDocstore()
    docstore.__dict__.update(_dict=documents)
    (folder / "index.pkl").write_bytes(pickle.dumps((docstore, {}), 4))


def as_documents(states: Iterable[Any]) -> dict[str, Any]:
    made = {}
    for number, state in enumerate(states):
        made[str(number)] = sys.modules["langchain.schema"].Document()
        made[str(number)].__dict__.update(state)
    return made


def test_what_is_no_document_is_counted(tmp_path: Path) -> None:
    good = {"page_content": "Well.", "metadata": {"p": "1"}}
    bad = ({"page_content": 5, "metadata": {}}, {"page_content": "x"}, {"__dict__": 3}, {})
    store(tmp_path, {**as_documents([good, *bad]), "x": "not a document"})
    found = list(read_documents(tmp_path / "index.pkl"))
    assert found == [StoredDocument("0", "Well.", {"p": "1"}), None, None, None, None, None]


def test_a_text_repeated_beyond_the_size_of_the_file_is_refused(tmp_path: Path) -> None:
    text = "long " * 10_000
    store(tmp_path, as_documents([{"page_content": text, "metadata": {"p": "1"}}] * 500))
    with pytest.raises(IngestFailed, match="repeat"):
        list(read_documents(tmp_path / "index.pkl"))


@pytest.mark.parametrize("value", [[], ({}, {}), ("a", "b"), None, {"_dict": {}}])
def test_other_pickles_are_no_docstore(tmp_path: Path, value: object) -> None:
    (tmp_path / "index.pkl").write_bytes(pickle.dumps(value))
    with pytest.raises(IngestFailed, match="not a pair"):
        list(read_documents(tmp_path / "index.pkl"))


class Touch:
    def __reduce__(self) -> Any:
        return os.system, ("touch it-ran",)


def test_a_crafted_folder_writes_nothing_and_names_what_it_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    store(tmp_path, {"a": Touch()})
    assert main([str(tmp_path), "out.jsonl", "--patient-key", "p"]) == 1
    said = capsys.readouterr().err
    assert f"{os.system.__module__}.system" in said and "JSONL" in said
    assert [path.name for path in tmp_path.iterdir()] == ["index.pkl"]


def test_says_which_keys_there_are_when_none_fits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(tmp_path, as_documents([{"page_content": "SECRET", "metadata": {"pid": "SECRET", "src": 1}}]))
    assert main([str(tmp_path), str(tmp_path / "out.jsonl"), "--patient-key", "patient_id"]) == 1
    said = capsys.readouterr().err
    assert "pid, src" in said and "SECRET" not in said
    assert main([str(tmp_path / "absent"), str(tmp_path / "out.jsonl"), "--patient-key", "p"]) == 1
    assert "No such file" in capsys.readouterr().err
    assert not (tmp_path / "out.jsonl").exists()


def test_a_file_that_cannot_be_written_leaves_no_part_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out.jsonl").mkdir()
    store(tmp_path, as_documents([{"page_content": "x", "metadata": {"p": 1}}]))
    assert main([str(tmp_path), str(tmp_path / "out.jsonl"), "--patient-key", "p"]) == 1
    assert "out.jsonl: Is a directory" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("placed", [True, False])
@pytest.mark.parametrize("ids", [True, False])
def test_a_folder_of_split_notes_gives_the_notes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], placed: bool, ids: bool
) -> None:
    faiss = pytest.importorskip("langchain_community.vectorstores").FAISS
    splitters = pytest.importorskip("langchain_text_splitters")
    from langchain_core.documents import Document
    from langchain_core.embeddings import DeterministicFakeEmbedding

    texts = {
        (patient, number): "\n".join(
            f"{heading} of note {number}: {patient} has item {item} in it, which goes on for some words."
            for heading in ("History", "Plan")
            for item in range(12)
        )
        for patient in ("p/1", "p 2 🩺")
        for number in range(3)
    }
    splitter = splitters.RecursiveCharacterTextSplitter(chunk_size=300, chunk_overlap=90, add_start_index=placed)
    pieces = splitter.split_documents(
        [
            Document(page_content=text, metadata={"patient_id": patient, "note_id": number, "day": "2150-03-04"})
            for (patient, number), text in texts.items()
        ]
    )
    pieces.append(Document(page_content="Whose?", metadata={"note_id": 1}))
    given = {"ids": [f"d{i}" for i in range(len(pieces))]} if ids else {}
    faiss.from_documents(pieces, DeterministicFakeEmbedding(size=4), **given).save_local(str(tmp_path / "f"))

    out = tmp_path / "notes.jsonl"
    options = ["--patient-key", "patient_id", "--note-key", "note_id", "--date-key", "day"]
    assert main([str(tmp_path / "f"), str(out), *options]) == 0
    said = capsys.readouterr().out
    assert "6 notes of 2 patients" in said and f"1 of {len(pieces)} documents left out: without patient_id" in said
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    notes = [row for row in read_jsonl([out], 100_000) if isinstance(row, Note)]
    assert {(note.patient_id, note.note_id, note.charted_at): note.text for note in notes} == {
        (patient, f"{patient}/{number}", "2150-03-04"): text for (patient, number), text in texts.items()
    }
    assert len(notes) == len(out.read_text().splitlines()) == len(texts)
    assert json.loads(out.read_text().splitlines()[0])["text"] == texts["p/1", 0]
