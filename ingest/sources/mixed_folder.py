"""Telling a folder that holds notes in several forms from one where other files merely lie beside the notes."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from core.errors import IngestFailed
from ingest.sources.csv_table import column_names
from ingest.sources.files import READ_ERRORS, open_bytes
from ingest.sources.text_folder import ENDINGS

JSON_ENDINGS = frozenset({"json", "ndjson", "jsonl"})
_HEAD = 65536
_NOTE_KEYS = (b'"resourceType"', b'"note_id"', b'"text"')
# What data sets come with: PhysioNet's downloads have the first three and a robots.txt.
_ABOUT = re.compile(
    r"licen[cs]e|sha\d+sums?|records|robots|md5sums?|checksums?|readme|change(s|log)|notice|copying|authors|citation"
    r"|manifest|version|index|requirements",
    re.IGNORECASE,
)


def ending(path: Path) -> str:
    """The ending of a file's name in lower case, whether it is compressed or not."""
    return path.name.lower().removesuffix(".gz").rpartition(".")[2]


def json_of_notes(path: Path) -> bool:
    """Whether a file of JSON may hold notes; a JSON document without a key that notes have does not."""
    if ending(path) not in JSON_ENDINGS:
        return False
    try:
        with open_bytes(path) as raw:
            head = raw.read(_HEAD)
    except READ_ERRORS:
        return True  # whoever reads it will say what is wrong
    return any(key in head for key in _NOTE_KEYS) or bool(head.strip() and ending(path) != "json")


def text_of_notes(path: Path, folder: Path) -> bool:
    """Whether a file is named like a note in a folder of text files, which has a folder for each patient."""
    about = _ABOUT.match(path.stem.removesuffix(".txt"))
    return path.suffix.lower() in ENDINGS and path.parent != folder and not about


def refuse_mixed(folder: Path, files: Sequence[Path], chosen: Collection[Path]) -> None:
    """See to it that no notes would be left out in silence.

    Text files beside the notes, in the same folder as these, are taken for descriptions of them.

    Raises:
        IngestFailed: files that are not `chosen` look like notes in another form.
    """
    taken, places = set(chosen), {path.parent for path in chosen}
    left = Counter(kind for path in files if path not in taken and (kind := _kind(path, folder, places)))
    if left:
        kinds = Counter(map(ending, taken)) + left
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        raise IngestFailed(
            f"{folder}: notes in several forms ({counts} files), of which one run would read one alone: name it with "
            "--source-format, or give the files of each form as inputs of their own"
        )


def _kind(path: Path, folder: Path, places: Collection[Path]) -> str | None:
    """The form of a file that looks like notes, None where it does not."""
    if ending(path) == "csv":
        return "csv" if "text" in column_names(path) else None
    if json_of_notes(path):
        return ending(path)
    return "txt" if text_of_notes(path, folder) and path.parent not in places else None
