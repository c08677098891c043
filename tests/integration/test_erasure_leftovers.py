"""What is left in any sink after erasing is found, and what is left elsewhere can be removed."""

import gzip
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.erase.run import erase
from ingest.erase.search import Place
from tests.fakes.house import EMMA, SECRETS, House, copied

pytestmark = pytest.mark.integration


@pytest.fixture
def house(tmp_path: Path) -> House:
    return copied(tmp_path / "house")


def planting(plant: Callable[[], object]) -> Callable[[str], None]:
    """Do something after all is erased and before it is proved."""
    return lambda step: plant() and None if step == "quarantine" else None


def _append(path: Path, content: bytes) -> None:
    path.write_bytes(path.read_bytes() + content)


def _sql(house: House, *statements: str) -> None:
    with house.database() as db:
        db.execute("PRAGMA secure_delete = OFF")
        for statement in statements:
            db.execute(statement)


def _one(house: House, pattern: str) -> Path:
    return sorted(house.index.glob(pattern))[-1]


SUMMARY = f"'s', '2026', 'c', 'ben', 'handoff', 'm', 'd', '[]', '{{}}', CAST('{SECRETS[0]}' AS BLOB)"
COMMENT = "The bassoon of the aunt is missing in all"
AUDIT = "INSERT INTO audit (at, request_id, caller, action, purpose, note_ids, target, outcome) VALUES "
LEFTOVERS: dict[str, Callable[[House], object]] = {
    "slack of a catalog": lambda h: _append(_one(h, "segments/*/catalog.sqlite"), SECRETS[1].encode()[9:44]),
    "a row of a catalog": lambda h: _in_catalog(h),
    "a segment nobody names": lambda h: _leave(h.index / "segments/x/catalog.sqlite", SECRETS[0].encode()),
    "vectors": lambda h: _append(_one(h, "segments/*/vectors.f32"), _vector(h)),
    "a directory": lambda h: _append(_one(h, "generations/*/directory*.sqlite"), EMMA.encode()),
    "a manifest": lambda h: _leave(h.index / "generations/00000002/manifest.json.new", SECRETS[2].encode()),
    "the staging": lambda h: _append(h.index / "staging/notes.sqlite", SECRETS[1].encode()),
    "vectors of the staging": lambda h: _append(h.index / "staging/vectors.f32", _vector(h)),
    "a file of the index that nobody knows": lambda h: _leave(h.index / "new.json", f'"{EMMA}-DS-1"'.encode()),
    "a summary": lambda h: _sql(h, f"INSERT INTO summaries VALUES ({SUMMARY})"),
    "a free page": lambda h: _sql(
        h, f"INSERT INTO summaries VALUES ({SUMMARY})", "DELETE FROM summaries WHERE summary_id = 's'"
    ),
    "a trace": lambda h: _sql(
        h, "PRAGMA foreign_keys = OFF", f"INSERT INTO traces VALUES ('s', CAST('{SECRETS[0]}' AS BLOB))"
    ),
    "a verdict": lambda h: _sql(
        h,
        "PRAGMA foreign_keys = OFF",
        f"INSERT INTO feedback VALUES ('f', '2026', 'c', 's', NULL, 'correct', '{COMMENT}')",
    ),
    "an audit entry": lambda h: _sql(h, f"{AUDIT} ('2026', 'r', 'c', 'a', 'p', '[\"{EMMA}-DS-2\"]', NULL, 'ok')"),
    "the target of an audit entry": lambda h: _sql(
        h, f"{AUDIT} ('2026', 'r', 'c', 'a', 'p', '[]', 'GET /notes/{EMMA}-DS-2', 'ok')"
    ),
    "a session": lambda h: _sql(h, f"INSERT INTO sessions VALUES ('{EMMA}', 'c', 'k', 1, 2)"),
    "a certificate": lambda h: _leave(h.state / "erasures/erasure-0000.1.txt", f"patient {EMMA}".encode()),
    "a quarantine report": lambda h: _leave(h.quarantine / "x.jsonl", f'{{"note_id": "{EMMA}-XX-1"}}\n'.encode()),
    "a packed report": lambda h: _leave(h.quarantine / "x.gz", gzip.compress(SECRETS[2].encode())),
    "an evaluation": lambda h: _leave(h.root / "evaluation/r.json", json.dumps({"text": SECRETS[0]}).encode()),
    "an export": lambda h: _leave(h.root / "exports/page.html", f"<p>{SECRETS[1]}</p>".encode()),
    "an export in an archive": lambda h: _zip(h.root / "exports/all.zip", SECRETS[1]),
    "the name of an export": lambda h: _leave(h.root / f"exports/{EMMA}.pdf", b"%PDF"),
}


def _leave(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _zip(path: Path, text: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside/page.txt", text * 20)


def _vector(house: House) -> bytes:
    return (house.root / "vector").read_bytes()


def _in_catalog(house: House) -> None:
    with sqlite3.connect(_one(house, "segments/*/catalog.sqlite")) as db:
        db.execute("INSERT INTO texts VALUES (9999, ?)", (SECRETS[0],))


@pytest.mark.parametrize("sink", LEFTOVERS)
def test_a_leftover_in_any_sink_is_found(house: House, sink: str) -> None:
    certificate = erase(house.order(), step=planting(lambda: LEFTOVERS[sink](house)))
    assert certificate.findings, f"something was left in {sink} and not found"
    assert not certificate.complete
    text = certificate.as_text() + certificate.as_json()
    assert EMMA not in text
    assert not any(secret in text for secret in SECRETS)


def test_what_is_found_elsewhere_is_removed_when_that_is_asked_for(house: House) -> None:
    for sink in ("an evaluation", "an export", "an export in an archive", "the name of an export"):
        LEFTOVERS[sink](house)
    assert not erase(house.order()).complete
    certificate = erase(house.order(remove_found=True))
    assert certificate.complete
    left = {p.name for folder in ("exports", "evaluation") for p in (house.root / folder).iterdir()}
    assert left == {"ben.txt", "run.json"}


@pytest.mark.parametrize(("verbatim", "complete"), [(40, False), (200, True)])
def test_in_a_folder_of_other_charts_a_phrase_is_alike_and_a_passage_is_a_finding(
    house: House, verbatim: int, complete: bool
) -> None:
    (house.root / "evaluation/one.md").write_text(f"A case in which {SECRETS[0].lower()[:20]} and {SECRETS[0][8:]}.")
    place = Place("reports", house.root / "evaluation", own=False, verbatim=verbatim)
    certificate = erase(house.order(elsewhere=(place,)))
    assert certificate.complete == complete
    assert bool(certificate.alike) == complete
    (house.root / "evaluation/two.md").write_text(f"The chart {EMMA}-DS-1 was cited.")
    assert not erase(house.order(elsewhere=(place,))).complete
