"""`python -m ingest.sources.langchain_faiss FOLDER OUT.jsonl --patient-key KEY`: a langchain_community index as notes.

Reads the documents in `FOLDER/index.pkl`, as `FAISS.save_local` writes it, without unpickling it, and writes JSONL.
Chunks of a note are joined again. The vectors in `index.faiss` are left alone: nothing in the folder says which model
made them, so they could not be told from another's.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from core.errors import IngestFailed
from core.records import Note
from ingest.sources.chunk_joining import TextChunk, join_chunks
from ingest.sources.inert_pickle import Instance, RefusedPickle, read_inert
from ingest.sources.rows import as_id

DOCSTORES = frozenset(
    {(f"{package}.docstore.in_memory", "InMemoryDocstore") for package in ("langchain", "langchain_community")}
)
DOCUMENTS = frozenset(
    {
        ("langchain_core.documents.base", "Document"),
        ("langchain.schema.document", "Document"),
        ("langchain.schema", "Document"),
        ("langchain.docstore.document", "Document"),
    }
)
"""The class as LangChain 0.0 to 1.x call it in a pickle."""

_MAX_REPETITION = 4
_WAY_OUT = (
    "Where the file is your own, write its documents as JSONL from the program that made it: note_id, patient_id, text"
)


@dataclass(frozen=True, slots=True)
class Keys:
    """Which keys of a document's metadata hold what. Without `note` each document is a note by itself."""

    patient: str
    note: str | None = None
    encounter: str | None = None
    date: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """One document of a docstore."""

    id: str
    text: str
    metadata: Mapping[Any, Any]


@dataclass(slots=True)
class Import:
    """The notes of a folder, and why documents became none."""

    notes: list[Note] = field(default_factory=list)
    documents: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    seen_keys: Counter[str] = field(default_factory=Counter)
    renamed: bool = False
    """True where note ids were not unique and stand behind the patient's, as in `p1/n1`."""


def read_documents(path: Path) -> Iterator[StoredDocument | None]:
    """The documents of an `index.pkl` in the order of its docstore; None for one that has no text.

    Raises:
        IngestFailed: the file cannot be read, or is not what `FAISS.save_local` writes.
    """
    try:
        found = read_inert(path, DOCSTORES | DOCUMENTS)
        size = path.stat().st_size
    except RefusedPickle as e:
        raise IngestFailed(f"{path}: {e}; nothing of it was run or written. {_WAY_OUT}") from e
    except OSError as e:
        raise IngestFailed(f"{path}: {e.strerror or 'cannot be read'}") from e
    docstore = found[0] if isinstance(found, tuple) and len(found) == 2 else None
    documents = docstore.state.get("_dict") if isinstance(docstore, Instance) and docstore.name in DOCSTORES else None
    if not isinstance(documents, dict):
        raise IngestFailed(f"{path}: not a pair of an InMemoryDocstore and its ids, as FAISS.save_local writes it")
    characters = 0
    for key, value in documents.items():
        state = value.state.get("__dict__", value.state) if isinstance(value, Instance) else {}
        text, metadata = (state.get("page_content"), state.get("metadata")) if isinstance(state, dict) else (None, None)
        if not isinstance(text, str) or not isinstance(metadata, dict):
            yield None
            continue
        characters += len(text)
        if characters > _MAX_REPETITION * size:
            raise IngestFailed(f"{path}: its documents repeat one text so often that they are larger than the file")
        yield StoredDocument(str(key), text, metadata)


def convert(documents: Iterable[StoredDocument | None], keys: Keys) -> Import:
    """Join the documents of each note."""
    found = Import()
    groups: dict[tuple[str, str], list[StoredDocument]] = {}
    for document in documents:
        found.documents += 1
        if document is None:
            found.rejected["without text"] += 1
            continue
        found.seen_keys.update(key for key in document.metadata if isinstance(key, str))
        patient_id = _id(document.metadata.get(keys.patient))
        note_id = document.id if keys.note is None else _id(document.metadata.get(keys.note))
        if patient_id is None:
            found.rejected[f"without {keys.patient}"] += 1
        elif note_id is None:
            found.rejected[f"without {keys.note}"] += 1
        else:
            groups.setdefault((patient_id, note_id), []).append(document)
    found.renamed = len({note_id for _, note_id in groups}) < len(groups)
    for (patient_id, note_id), parts in groups.items():
        first = parts[0].metadata
        found.notes.append(
            Note(
                f"{patient_id}/{note_id}" if found.renamed else note_id,
                patient_id,
                _id(first.get(keys.encounter)),
                _id(first.get(keys.type)) or "note",
                _date(first.get(keys.date)),
                join_chunks([TextChunk(part.text, _start(part.metadata)) for part in parts]),
            )
        )
    return found


def _id(value: object) -> str | None:
    return as_id(int(value) if isinstance(value, float) and value.is_integer() else value)


def _date(value: object) -> str | None:
    return value.isoformat() if isinstance(value, date) else _id(value)


def _start(metadata: Mapping[Any, Any]) -> int | None:
    start = metadata.get("start_index")
    return start if isinstance(start, int) and not isinstance(start, bool) and start >= 0 else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the JSONL file; returns the exit code: 0, or 1 where nothing was written."""
    options = _parser().parse_args(arguments)
    keys = Keys(options.patient_key, options.note_key, options.encounter_key, options.date_key, options.type_key)
    try:
        found = convert(read_documents(options.folder / f"{options.index_name}.pkl"), keys)
        if not found.notes:
            seen = ", ".join(sorted(ascii(key)[1:-1][:40] for key, _ in found.seen_keys.most_common(20))) or "none"
            raise IngestFailed(
                f"none of {found.documents:,} documents can be told a note; keys of their metadata: {seen}"
            )
        _write(options.out, found.notes)
    except IngestFailed as e:
        sys.stderr.write(f"langchain_faiss: {e}\n")
        return 1
    patients = len({note.patient_id for note in found.notes})
    sys.stdout.write(f"{len(found.notes):,} notes of {patients:,} patients written to {options.out}\n")
    for why, count in sorted(found.rejected.items()):
        sys.stdout.write(f"{count:,} of {found.documents:,} documents left out: {why}\n")
    if found.renamed:
        sys.stdout.write("note ids came in several patients and stand behind the patient's: PATIENT/NOTE\n")
    return 0


def _write(path: Path, notes: Iterable[Note]) -> None:
    partial = path.with_name(f"{path.name}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.writelines(json.dumps(asdict(note)) + "\n" for note in notes)
        partial.replace(path)
    except OSError as e:
        with suppress(OSError):
            partial.unlink()
        raise IngestFailed(f"{path}: {e.strerror or 'cannot be written'}") from e


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest.sources.langchain_faiss", description=__doc__)
    add = parser.add_argument
    add("folder", type=Path, help="folder that FAISS.save_local wrote")
    add("out", type=Path, help="JSONL file to write, for python -m ingest")
    add("--patient-key", required=True, metavar="KEY", help="metadata key of the patient's id")
    add("--note-key", metavar="KEY", help="metadata key of the note's id; without it each document is a note")
    add("--encounter-key", metavar="KEY", help="metadata key of the encounter's id")
    add("--date-key", metavar="KEY", help="metadata key of the date, in ISO 8601")
    add("--type-key", metavar="KEY", help="metadata key of the type of note")
    add("--index-name", default="index", metavar="NAME", help="name given to save_local, index when left out")
    return parser


if __name__ == "__main__":
    sys.exit(main())
