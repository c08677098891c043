"""Which files an input path stands for, and in which format they are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from core.errors import IngestFailed
from ingest.sources.csv_table import column_names
from ingest.sources.fhir import read_fhir
from ingest.sources.files import (
    READ_ERRORS,
    CountingOpener,
    bare_name,
    list_files,
    open_bytes,
    showable,
    why_unreadable,
)
from ingest.sources.jsonl import parse_object, read_jsonl
from ingest.sources.mimic import REQUIRED as MIMIC_COLUMNS
from ingest.sources.mimic import read_mimic
from ingest.sources.mimic_iii import REQUIRED as MIMIC_III_COLUMNS
from ingest.sources.mimic_iii import read_mimic_iii
from ingest.sources.mixed_folder import JSON_ENDINGS, json_of_notes, refuse_mixed, text_of_notes
from ingest.sources.mixed_folder import ending as ending_of
from ingest.sources.rows import Reader
from ingest.sources.text_folder import ENDINGS, read_text_folder

Format: TypeAlias = Literal["mimic", "mimic3", "fhir", "jsonl", "text"]
FORMATS: tuple[Format, ...] = get_args(Format)
READERS: dict[Format, Reader] = {
    "mimic": read_mimic,
    "mimic3": read_mimic_iii,
    "fhir": read_fhir,
    "jsonl": read_jsonl,
    "text": read_text_folder,
}
_COLUMNS: dict[Format, tuple[str, ...]] = {"mimic": MIMIC_COLUMNS, "mimic3": MIMIC_III_COLUMNS}
_HEAD = 65536


@dataclass(frozen=True, slots=True)
class SourceInput:
    """An input path, resolved. `name` is the default name of its source: the path's last part without its ending."""

    name: str
    format: Format
    files: tuple[Path, ...]

    def counting_opener(self) -> CountingOpener:
        """An opener to give to the format's reader, which counts towards all that it will read."""
        return CountingOpener(self.files, passes=2 if self.format == "fhir" else 1)


def resolve_input(path: Path, format: Format | None = None) -> SourceInput:
    """Find the files of an input and tell their format, unless it is given.

    Raises:
        IngestFailed: there is no such path, nothing in it looks like notes, or it holds notes in several forms.
    """
    if not path.exists():
        raise IngestFailed(f"{path}: no such file or folder")
    if path.is_file():
        found = format or _file_format(path)
        if found is None or found == "text":
            raise IngestFailed(f"{path}: {_why_unknown(path)}")
        return SourceInput(bare_name(path), found, (path,))
    if not path.is_dir():
        raise IngestFailed(f"{path}: neither a file nor a folder")
    name = showable(path.resolve().name)
    try:
        files = [p for p in list_files(path) if not p.name.startswith(".")]
    except OSError as e:
        raise IngestFailed(f"{e.filename or path}: {why_unreadable(e)}; its notes would be missing") from e
    found = format or _folder_format(path, files)
    if found is None:
        raise IngestFailed(f"{path}: no notes in this folder; name their form with --source-format")
    chosen = (path,) if found == "text" else tuple(f for f in files if _named_like(f, found))
    if not chosen:
        raise IngestFailed(f"{path}: no {found} files in this folder")
    if format is None and found != "text":
        # The reader of text files says of every other file that it left it out.
        refuse_mixed(path, files, chosen)
    return SourceInput(name, found, chosen)


def _named_like(path: Path, format: Format) -> bool:
    ending = ending_of(path)
    if format in _COLUMNS:
        # MIMIC keeps other tables beside its notes; a file that cannot be opened must not vanish.
        return ending == "csv" and (not (names := column_names(path)) or set(_COLUMNS[format]) <= set(names))
    return ending in ({"json", "ndjson"} if format == "fhir" else JSON_ENDINGS)


def _table_format(names: Collection[str]) -> Format | None:
    return next((format for format, needed in _COLUMNS.items() if set(needed).issubset(names)), None)


def _why_unknown(path: Path) -> str:
    try:
        open_bytes(path).close()
    except READ_ERRORS as e:
        return why_unreadable(e)
    return "not a csv of MIMIC notes, FHIR or JSONL; name it with --source-format"


def _file_format(path: Path) -> Format | None:
    ending = ending_of(path)
    if ending == "csv":
        return _table_format(column_names(path)) or "mimic"
    if ending == "ndjson":
        return "fhir"
    try:
        with open_bytes(path) as raw:
            head = raw.read(_HEAD)
    except READ_ERRORS:
        head = b""
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return "jsonl" if ending == "jsonl" else "fhir" if ending == "json" else None
    first = parse_object(head.split(b"\n", 1)[0])
    is_fhir = b'"resourceType"' in head if first is None else "resourceType" in first
    return "fhir" if is_fhir else "jsonl"


def _folder_format(path: Path, files: Sequence[Path]) -> Format | None:
    headers = [column_names(f) for f in files if ending_of(f) == "csv"]
    found = {format for names in headers if (format := _table_format(names))}
    if len(found) > 1:
        raise IngestFailed(f"{path}: tables of {' and '.join(sorted(found))}; name one of these with --source-format")
    if found or not all(headers):
        return found.pop() if found else "mimic"
    json = [file for file in files if ending_of(file) in JSON_ENDINGS]
    first = next((file for file in json if json_of_notes(file)), None)
    if first is None and not any(text_of_notes(file, path) for file in files):
        first = next(iter(json), None)
    if first is not None:
        return _file_format(first)
    return "text" if any(f.suffix.lower() in ENDINGS for f in files) else None
