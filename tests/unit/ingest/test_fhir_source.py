"""DocumentReference resources out of Bundles and NDJSON, whole and broken."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from core.records import Note
from ingest.sources import Reason, Rejected
from ingest.sources.fhir import read_fhir
from ingest.sources.fhir_json import reference_id

Json = dict[str, Any]


def attachment(text: str | bytes, content_type: str = "text/plain; charset=utf-8") -> Json:
    data = text.encode() if isinstance(text, str) else text
    return {"attachment": {"contentType": content_type, "data": base64.b64encode(data).decode()}}


def document(document_id: str = "d1", *content: Json, **changes: Any) -> Json:
    return {
        "resourceType": "DocumentReference",
        "id": document_id,
        "status": "current",
        "subject": {"reference": "Patient/p1"},
        "date": "2020-01-02T03:04:05+01:00",
        "type": {"coding": [{"system": "http://loinc.org", "code": "18842-5", "display": "Discharge Summary"}]},
        "context": {"encounter": [{"reference": "Encounter/e1"}]},
        "content": list(content) or [attachment("Doing well.")],
    } | changes


def bundle(*resources: Json) -> str:
    entries = [{"fullUrl": f"urn:uuid:{r.get('id')}", "resource": r} for r in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}, indent=1)


def read(tmp_path: Path, content: str, name: str = "b.json") -> tuple[dict[str, Note], list[Rejected]]:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    rows = list(read_fhir([path], 1000))
    return (
        {r.note_id: r for r in rows if isinstance(r, Note)},
        [r for r in rows if isinstance(r, Rejected)],
    )


def test_maps_a_document(tmp_path: Path) -> None:
    notes, rejected = read(tmp_path, bundle(document()))
    assert notes == {"d1": Note("d1", "p1", "e1", "discharge summary", "2020-01-02T03:04:05", "Doing well.")}
    assert rejected == []


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Patient/x", "x"),
        ("urn:uuid:12-ab", "12-ab"),
        ("https://ehr.example/fhir/Patient/x", "x"),
        ("https://ehr.example/fhir/Patient/x/_history/3", "x"),
        ("Patient?identifier=http://sys|x", "x"),
        ("#contained", None),
        ("", None),
    ],
)
def test_reads_every_form_of_reference(reference: str, expected: str | None) -> None:
    assert reference_id(reference) == expected


def test_a_reference_by_full_url_gives_the_id_of_the_resource_there(tmp_path: Path) -> None:
    patient = {"resourceType": "Patient", "id": "real-id"}
    entries = [
        {"fullUrl": "urn:uuid:0000", "resource": patient},
        {"fullUrl": "urn:uuid:1111", "resource": document("d1", subject={"reference": "urn:uuid:0000"})},
    ]
    notes, _ = read(tmp_path, json.dumps({"resourceType": "Bundle", "entry": entries}))
    assert notes["d1"].patient_id == "real-id"


def test_ndjson_reports_the_line_that_is_no_json_and_reads_the_others(tmp_path: Path) -> None:
    lines = [json.dumps(document("a")), "{broken", json.dumps({"resourceType": "Patient"}), json.dumps(document("b"))]
    notes, rejected = read(tmp_path, "\n".join(lines), "docs.ndjson")
    assert set(notes) == {"a", "b"}
    assert [(r.reason, r.where) for r in rejected] == [(Reason.BAD_ROW, "docs.ndjson:2")]


def test_a_bundle_that_is_no_json_is_an_unreadable_file(tmp_path: Path) -> None:
    assert [r.reason for r in read(tmp_path, bundle(document())[:-20])[1]] == [Reason.UNREADABLE_FILE]


def test_honours_the_charset(tmp_path: Path) -> None:
    notes, _ = read(tmp_path, bundle(document("d1", attachment("café".encode("latin-1"), "text/plain;charset=latin1"))))
    assert notes["d1"].text == "café"


@pytest.mark.parametrize(
    "broken",
    [
        {"attachment": {"contentType": "text/plain", "data": "%%%"}},
        {"attachment": {"contentType": "text/plain", "data": 7}},
        attachment(b"\xff\xfe\xff", "text/plain"),
        attachment("x", "text/plain; charset=klingon"),
        attachment("x", "text/plain; charset=zlib"),
    ],
)
def test_an_undecodable_attachment_is_set_aside_with_its_ids(tmp_path: Path, broken: Json) -> None:
    notes, rejected = read(tmp_path, bundle(document("d1", broken)))
    assert notes == {}
    assert [(r.reason, r.note_id, r.patient_id) for r in rejected] == [(Reason.UNDECODABLE_ATTACHMENT, "d1", "p1")]


def test_other_attachments_are_told_apart(tmp_path: Path) -> None:
    pdf, elsewhere = (
        attachment("x", "application/pdf"),
        {"attachment": {"contentType": "text/plain", "url": "Binary/1"}},
    )
    _, rejected = read(tmp_path, bundle(document("d1", pdf), document("d2", elsewhere), document("d3", content=[])))
    assert [r.reason for r in rejected] == [
        Reason.UNSUPPORTED_ATTACHMENT,
        Reason.MISSING_ATTACHMENT,
        Reason.MISSING_ATTACHMENT,
    ]


def test_an_attachment_may_lie_in_the_bundle_as_a_binary(tmp_path: Path) -> None:
    binary = {
        "resourceType": "Binary",
        "id": "1",
        "contentType": "text/plain",
        "data": base64.b64encode(b"Hi").decode(),
    }
    elsewhere = {"attachment": {"contentType": "text/plain", "url": "Binary/1"}}
    assert read(tmp_path, bundle(binary, document("d1", elsewhere)))[0]["d1"].text == "Hi"


def test_html_becomes_text_and_scripts_are_dropped(tmp_path: Path) -> None:
    page = (
        "<html><head><title>t</title></head><body><h1>Plan</h1><script>evil()</script><p>Rest &amp; fluids</p></body>"
    )
    assert (
        read(tmp_path, bundle(document("d1", attachment(page, "text/html"))))[0]["d1"].text == "Plan\n\nRest & fluids"
    )


def test_the_same_document_in_two_formats_is_read_once_and_different_parts_are_joined(tmp_path: Path) -> None:
    plain, page = attachment("Rest and fluids."), attachment("<p>Rest and <b>fluids</b>.</p>", "text/html")
    notes, _ = read(tmp_path, bundle(document("same", page, plain), document("parts", plain, attachment("Call me."))))
    assert notes["same"].text == "Rest and fluids."
    assert notes["parts"].text == "Rest and fluids.\n\nCall me."


def test_a_broken_attachment_beside_a_good_one_does_not_vanish(tmp_path: Path) -> None:
    broken = {"attachment": {"contentType": "text/plain", "data": "%%%"}}
    notes, rejected = read(tmp_path, bundle(document("d1", broken, attachment("Fine."))))
    assert notes["d1"].text == "Fine."
    assert [r.reason for r in rejected] == [Reason.UNDECODABLE_ATTACHMENT]


def test_leaves_out_what_was_entered_in_error(tmp_path: Path) -> None:
    wrong = [document("a", status="entered-in-error"), document("b", docStatus="entered-in-error")]
    notes, rejected = read(tmp_path, bundle(*wrong, document("c")))
    assert set(notes) == {"c"}
    assert [r.reason for r in rejected] == [Reason.ENTERED_IN_ERROR] * 2


@pytest.mark.parametrize("target", ["DocumentReference/old", "urn:uuid:old", "https://h/fhir/DocumentReference/old"])
@pytest.mark.parametrize("newest_first", [True, False])
def test_leaves_out_the_document_that_another_replaces(tmp_path: Path, target: str, newest_first: bool) -> None:
    new = document("new", relatesTo=[{"code": "replaces", "target": {"reference": target}}])
    both = [new, document("old")] if newest_first else [document("old"), new]
    notes, rejected = read(tmp_path, bundle(*both))
    assert set(notes) == {"new"}
    assert [(r.reason, r.note_id) for r in rejected] == [(Reason.SUPERSEDED, "old")]


def test_the_replacing_document_may_lie_in_another_file(tmp_path: Path) -> None:
    new = document("new", relatesTo=[{"code": "replaces", "target": {"reference": "DocumentReference/old"}}])
    paths = [tmp_path / "1.ndjson", tmp_path / "2.ndjson"]
    paths[0].write_text(json.dumps(document("old")))
    paths[1].write_text(json.dumps(new))
    assert [r.note_id for r in read_fhir(paths, 1000) if isinstance(r, Note)] == ["new"]


def test_a_replacement_entered_in_error_replaces_nothing_and_appends_does_not_either(tmp_path: Path) -> None:
    target = {"target": {"reference": "DocumentReference/old"}}
    wrong = document("new", status="entered-in-error", relatesTo=[{"code": "replaces", **target}])
    more = document("more", relatesTo=[{"code": "appends", **target}])
    assert set(read(tmp_path, bundle(document("old"), wrong, more))[0]) == {"old", "more"}


def test_the_status_superseded_alone_leaves_nothing_out(tmp_path: Path) -> None:
    assert set(read(tmp_path, bundle(document("d1", status="superseded")))[0]) == {"d1"}


def test_bad_documents_have_their_reasons(tmp_path: Path) -> None:
    nameless = document()
    del nameless["id"]
    resources = [
        document("a", date="soon"),
        document("b", date=7),
        document("c", subject=None),
        document("d", attachment("  ")),
        document("e", attachment("x" * 1001)),
        {"id": "no type"},
    ]
    content = json.loads(bundle(*resources))
    content["entry"] += [{"resource": nameless}, {}, "nonsense"]
    notes, rejected = read(tmp_path, json.dumps(content))
    assert notes == {}
    assert [r.reason for r in rejected] == [
        Reason.INVALID_DATE,
        Reason.INVALID_DATE,
        Reason.MISSING_PATIENT_ID,
        Reason.EMPTY_NOTE,
        Reason.TOO_LONG,
        Reason.BAD_ROW,
        Reason.MISSING_NOTE_ID,
        Reason.BAD_ROW,
        Reason.BAD_ROW,
    ]


def test_reads_every_note_of_a_synthea_patient(shared_data: Path) -> None:
    rows = list(read_fhir([shared_data / "fhir-synthea" / "kasey-feest.json"], 2_000_000))
    assert [type(row) for row in rows] == [Note] * 10
    assert len({row.patient_id for row in rows}) == 1
    assert rows[0].charted_at == "2017-01-21T12:50:25.828"  # type: ignore[union-attr]
