"""FHIR R4: notes are DocumentReference resources. A document that another one replaces is left out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.sources.fhir_attachments import read_attachments
from ingest.sources.fhir_json import Json, Resource, items, mapping, read_resources, string
from ingest.sources.files import READ_ERRORS, Opener, open_bytes
from ingest.sources.note_types import loinc_note_type
from ingest.sources.rows import Reason, SourceRow, build_row, reject, unreadable

ENTERED_IN_ERROR = "entered-in-error"


def read_fhir(files: Sequence[Path], max_chars: int, opener: Opener = open_bytes) -> Iterator[SourceRow]:
    """Read the documents of all files. They are read twice: a document may be replaced by one that comes earlier.

    The status `superseded` alone leaves nothing out: without the replacing document its text stands nowhere else.
    """
    replaced = set[str]()
    for path in files:
        replaced.update(_replaced(path, opener))
    for path in files:
        try:
            for resource in read_resources(path, opener):
                yield from _rows(resource, replaced, max_chars)
        except READ_ERRORS as e:
            yield unreadable(path, e)
        except ValueError:
            yield reject(Reason.UNREADABLE_FILE, f"{path.name}: broken JSON, or no FHIR resource")


def _replaced(path: Path, opener: Opener) -> Iterator[str]:
    try:
        for resource in read_resources(path, opener):
            body = resource.body or {}
            if resource.type != "DocumentReference" or _in_error(body):
                continue
            for relation in map(mapping, items(body.get("relatesTo"))):
                target = resource.resolve(relation.get("target"))
                if target and target != resource.id and "replaces" in _codes(relation.get("code")):
                    yield target
    except (*READ_ERRORS, ValueError):
        return


def _rows(resource: Resource, replaced: set[str], max_chars: int) -> Iterator[SourceRow]:
    if not resource.type:
        yield reject(Reason.BAD_ROW, resource.where)
        return
    if resource.type != "DocumentReference" or resource.body is None:
        return
    body, note_id = resource.body, resource.id
    patient_id = resource.resolve(body.get("subject"))
    if _in_error(body):
        yield reject(Reason.ENTERED_IN_ERROR, resource.where, note_id, patient_id)
    elif note_id in replaced:
        yield reject(Reason.SUPERSEDED, resource.where, note_id, patient_id)
    else:
        found = read_attachments(resource, body.get("content"))
        for reason in found.failures:
            yield reject(reason, resource.where, note_id, patient_id)
        if found.text is not None:
            yield build_row(
                resource.where,
                note_id=note_id,
                patient_id=patient_id,
                encounter_id=_encounter(resource, body),
                note_type=_note_type(body),
                charted_at=_date(body),
                text=found.text,
                max_chars=max_chars,
            )


def _in_error(body: Json) -> bool:
    return ENTERED_IN_ERROR in (body.get("status"), body.get("docStatus"))


def _codes(value: object) -> set[str]:
    """The code itself (R4), or those of a CodeableConcept (R5)."""
    return {string(value), *(string(mapping(c).get("code")) for c in items(mapping(value).get("coding")))}


def _encounter(resource: Resource, body: Json) -> str | None:
    context = body.get("context")
    candidates = items(context) or items(mapping(context).get("encounter"))
    return next((found for c in candidates if (found := resource.resolve(c))), None)


def _date(body: Json) -> str | None:
    given = body.get("date")
    if given is None:
        period = mapping(mapping(body.get("context")).get("period"))
        given = period.get("start")
    return None if given is None else string(given) or "not a date"


def _note_type(body: Json) -> str | None:
    concept = mapping(body.get("type"))
    codings = [mapping(coding) for coding in items(concept.get("coding"))]
    named = (loinc_note_type(string(c.get("code"))) for c in codings if "loinc.org" in string(c.get("system")))
    shown = (string(c.get("display")) or string(c.get("code")) for c in codings)
    return next(filter(None, [*named, string(concept.get("text")), *shown]), None)
