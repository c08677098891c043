"""Resources out of FHIR R4 files: a Bundle, one resource, or NDJSON with a resource (or a Bundle) a line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.sources.files import Opener, UnusableFile, open_bytes, read_lines
from ingest.sources.jsonl import parse_object
from ingest.sources.rows import as_id

Json = dict[str, Any]
MAX_DOCUMENT = 128 << 20
"""Bytes of a Bundle or of a line of NDJSON that are held in memory at once."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource, or None where its place holds none, with what its Bundle knows of the ids in it."""

    where: str
    body: Json | None
    full_url: str = ""
    bundle: "dict[str, Json]" = field(default_factory=dict, repr=False)

    @property
    def type(self) -> str:
        """Its `resourceType`, "" where there is none."""
        return string(self.body.get("resourceType")) if self.body else ""

    @property
    def id(self) -> str | None:
        """Its id; in a transaction that has given none yet, the end of its full URL."""
        return (as_id(self.body.get("id")) if self.body else None) or reference_id(self.full_url)

    def resolve(self, reference: object) -> str | None:
        """The id a Reference points to, by literal reference (also within the Bundle) or by identifier."""
        target = mapping(reference)
        literal = string(target.get("reference"))
        known = self.bundle.get(literal)
        return (
            (as_id(known.get("id")) if known else None)
            or reference_id(literal)
            or as_id(mapping(target.get("identifier")).get("value"))
        )


def mapping(value: object) -> Json:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def string(value: object) -> str:
    """The value where it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def reference_id(reference: str) -> str | None:
    """The id x in `Patient/x`, `urn:uuid:x`, `https://host/fhir/Patient/x/_history/2`, `Patient?identifier=sys|x`."""
    if not reference or reference.startswith("#"):
        return None
    if reference.startswith("urn:"):
        return reference.rpartition(":")[2] or None
    path, _, query = reference.partition("?")
    if query:
        return query.rpartition("|")[2].rpartition("=")[2] or None
    parts = path.partition("/_history/")[0].rstrip("/").split("/")
    return parts[-1] or None


def read_resources(path: Path, opener: Opener = open_bytes) -> Iterator[Resource]:
    """Every resource of a file, Bundles unpacked.

    Raises:
        OSError, EOFError, zlib.error: the file cannot be read to its end.
        ValueError: the file is one JSON document and that is broken, or no FHIR.
    """
    with opener(path) as raw:
        lines = read_lines(raw, MAX_DOCUMENT)
        first = next(lines, b"")
        if ".ndjson" in path.name or first is None or parse_object(first) is not None:
            yield from _unpack(f"{path.name}:1", first)
            for number, line in enumerate(lines, 2):
                yield from _unpack(f"{path.name}:{number}", line)
            return
        rest = raw.read(MAX_DOCUMENT)
        if len(rest) == MAX_DOCUMENT:
            raise UnusableFile(f"one JSON document of over {MAX_DOCUMENT >> 20} MiB; write it as NDJSON")
        try:
            document = json.loads((first + rest).decode("utf-8-sig"))
        except RecursionError as e:
            raise ValueError("nested too deeply") from e
    if not isinstance(document, dict) or "resourceType" not in document:
        raise ValueError("no FHIR resource")
    yield from _resources(path.name, document)


def _unpack(where: str, line: bytes | None) -> Iterator[Resource]:
    if line is None:
        yield Resource(where, None)
    elif line.strip():
        document = parse_object(line)
        yield from _resources(where, document) if document is not None else [Resource(where, None)]


def _resources(where: str, document: Json) -> Iterator[Resource]:
    if document.get("resourceType") != "Bundle":
        yield Resource(where, document)
        return
    entries = [mapping(entry) for entry in items(document.get("entry"))]
    bundle = {string(e.get("fullUrl")): mapping(e.get("resource")) for e in entries if e.get("fullUrl")}
    bundle |= {f"{string(r.get('resourceType'))}/{r['id']}": r for r in [*bundle.values()] if as_id(r.get("id"))}
    for number, entry in enumerate(entries, 1):
        body = entry.get("resource")
        place = f"{where}: entry {number}"
        yield Resource(place, body if isinstance(body, dict) else None, string(entry.get("fullUrl")), bundle)
