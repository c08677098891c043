"""Erasing a patient from a house where they have left something everywhere."""

import asyncio
import gc
import json
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.audit.entry import AuditEntry
from core.errors import IngestFailed, PatientNotFound
from ingest.erase.__main__ import main
from ingest.erase.run import Order, erase
from tests.fakes.house import EMMA, House, copied, rows, use
from tests.fakes.ingest_world import WORDS
from vectorstore.kept import open_kept
from vectorstore.lock import WriterLock
from vectorstore.rollback import main as rollback
from vectorstore.store import Store
from vectorstore.verify import main as verify

pytestmark = pytest.mark.integration


@pytest.fixture
def house(tmp_path: Path) -> House:
    return copied(tmp_path / "house")


def test_nothing_is_left_anywhere_and_the_certificate_says_what_was_done(house: House) -> None:
    assert {Path(t).parts[0] for t in house.traces()} == {"index", "quarantine", "state"}
    certificate = erase(house.order())
    assert not house.traces()
    assert (certificate.complete, certificate.known, certificate.findings) == (True, True, ())
    removed = {sink.name: sink.removed for sink in certificate.sinks}
    assert removed["notes"] == "4 notes, 1 segment copied without them"
    assert removed["staging"] == "1 note"
    tables = ("summaries", "traces", "replays", "summary_cache", "feedback")
    assert [removed[name] for name in tables] == ["1 row"] * 5
    assert removed["audit log"] == "7 entries stripped"
    assert removed["quarantine reports"] == "2 lines from 2 reports"
    assert certificate.marks["text of a note"] > 50
    assert certificate.explained > 10
    assert all(place.findings == 0 and place.files for place in certificate.searched)
    assert verify([str(house.index)]) == 0


def test_all_others_are_as_they_were(house: House) -> None:
    before = Store(house.index, WORDS).generation.stored_notes("ben")
    erase(house.order())
    after = Store(house.index, WORDS).generation.stored_notes("ben")
    assert house.patients() == ["ben", "cara", "dan", "eve"]
    assert [n.text for n in after] == [n.text for n in before]
    with house.database() as db:
        assert db.execute("SELECT patient_id FROM summaries").fetchall() == [("ben",)]
        for table in ("traces", "replays", "summary_cache"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)
    (report,) = house.quarantine.iterdir()
    assert [json.loads(line)["patient_id"] for line in report.read_text().splitlines()] == ["ben"]


def test_the_audit_log_keeps_only_that_it_happened_and_stays_append_only(house: House) -> None:
    with house.database() as db:
        before = db.execute("SELECT entry_id, at, caller, action, outcome FROM audit ORDER BY 1").fetchall()
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY 1").fetchall()
    erase(house.order())
    with house.database() as db:
        now = db.execute("SELECT entry_id, at, caller, action, outcome FROM audit ORDER BY 1").fetchall()
        stripped = db.execute(
            "SELECT DISTINCT patient_id, note_ids = '[]', summary_id IS NULL, target FROM audit "
            "WHERE purpose = 'erased' ORDER BY 1"
        ).fetchall()
        assert now[: len(before)] == before
        assert [(row[3], row[4]) for row in now[len(before) :]] == [("erase", "started"), ("erase", "ok")]
        assert stripped == [(None, 1, 1, None), ("ben", 0, 0, None)], "Ben's entries lose the purpose that named Emma"
        assert (
            db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY 1").fetchall() == triggers
        )
        for change in ("UPDATE audit SET caller = 'x'", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(change)


def test_the_next_run_leaves_the_patient_out_until_it_is_lifted(house: House) -> None:
    erase(house.order())
    world = house.world()
    path = world.write("notes", rows(changed=True))
    outcome = world.ingest(path)
    assert (outcome.rejected["erased"], outcome.quarantined, outcome.report) == (3, 0, None)
    assert EMMA not in house.patients()
    assert not house.traces()
    assert main_in(house, EMMA, "--lift", "--reason", "asked back") == 0
    world.ingest(path)
    assert EMMA in house.patients()
    with house.database() as db:
        last = db.execute("SELECT action, purpose, outcome FROM audit ORDER BY entry_id DESC LIMIT 1").fetchone()
    assert last == ("lift_erasure", "asked back", "ok")


def test_going_back_to_a_kept_generation_does_not_bring_the_patient_back(house: House) -> None:
    erase(house.order())
    numbers = house.layout.generation_numbers()
    assert len(numbers) >= 3
    for number in numbers:
        generation = open_kept(house.index, number, WORDS)
        assert not generation.has(EMMA)
        assert generation.has("ben")
    assert rollback(["--dir", str(house.index), "--to", str(numbers[0])]) == 0
    assert not Store(house.index, WORDS).generation.has(EMMA)


async def test_a_service_under_way_switches_misses_no_request_and_is_erased_too(house: House) -> None:
    async with house.service() as service:
        summary_id = await use(service)
        answers: list[int] = []
        done = asyncio.Event()

        async def reading() -> None:
            while not done.is_set():
                answers.append((await service.client.get("/patients/ben")).status_code)
                answers.append((await service.client.post("/summarize", json={"patient_id": "ben"})).status_code)

        load = asyncio.create_task(reading())
        certificate = await asyncio.to_thread(erase, house.order(wait_s=20.0))
        done.set()
        await load
        assert certificate.left == ()
        assert certificate.complete
        assert set(answers) == {200}
        assert (await service.client.get(f"/summaries/{summary_id}")).status_code == 404
        services = service.app.state.services
        with pytest.raises(PatientNotFound):
            await anext(services.summarizer.resume(summary_id, 1, AuditEntry("r", "c", "summarize", "ok", EMMA)))
        assert services.runs.with_id(summary_id) is None
        assert (await service.client.get(f"/notes/{EMMA}-DS-1")).status_code == 404
        again = await service.client.post("/summarize", json={"patient_id": EMMA})
        assert again.json()["code"] == "patient_not_found"
        # Who asks for the id after that is audited with it, and the next run strips that too.
        certificate = await asyncio.to_thread(erase, house.order())
        assert certificate.complete, certificate.as_text()
        assert not house.traces()


def test_a_reader_that_does_not_let_go_makes_it_incomplete_and_the_next_run_completes_it(house: House) -> None:
    store = Store(house.index, WORDS)
    first = erase(house.order(wait_s=0.3))
    assert not first.complete
    assert any("still being read" in line for line in first.left)
    assert "see to what is listed" in first.as_text()
    assert first.findings
    del store
    gc.collect()
    second = erase(house.order())
    assert (second.number, second.run, second.complete) == (first.number, 2, True)
    assert "text of a note" in second.marks
    assert not house.traces()


def test_words_that_another_chart_holds_too_are_no_finding(house: House) -> None:
    (house.root / "exports/form.txt").write_text("Consent for treatment was explained and signed.\n")
    certificate = erase(house.order())
    assert certificate.complete


def test_an_unknown_patient_gets_a_tombstone_and_a_search(house: House) -> None:
    certificate = erase(house.order(patient_id="nobody-at-all"))
    assert (certificate.complete, certificate.known) == (True, False)
    assert "Nothing was held under this id" in certificate.as_text()
    assert EMMA in house.patients()


def test_a_patient_with_the_shortest_of_ids_is_told_from_others(tmp_path: Path) -> None:
    from tests.fakes.ingest_world import World, row

    world = World(tmp_path)
    notes = [row(f"n{i}", str(i), f"HISTORY:\nThe patient number {i} likes {i} sorts of tea.") for i in range(12)]
    bad = [{"note_id": f"x{i}", "patient_id": str(i), "text": ""} for i in (1, 11)]
    world.ingest(world.write("a", [*notes, *bad]), max_bad_share=1)
    order = Order("1", world.index, tmp_path / "state", tmp_path / "quarantine", "J. Doe", "a request")
    certificate = erase(order)
    assert certificate.complete, certificate.as_text()
    assert list(world.live().patient_ids()) == sorted(str(i) for i in range(12) if i != 1)
    (report,) = (tmp_path / "quarantine").iterdir()
    assert [json.loads(line)["patient_id"] for line in report.read_text().splitlines()] == ["11"]


def test_a_note_that_moved_to_another_patient_is_theirs(house: House) -> None:
    world = house.world()
    moved = [{**r, "patient_id": "ben"} if r["note_id"].endswith("DS-2") else r for r in rows(changed=True)]
    world.ingest(world.write("notes", moved))
    certificate = erase(house.order())
    assert certificate.complete, certificate.as_text()
    assert Store(house.index, WORDS).generation.note(f"{EMMA}-DS-2").patient_id == "ben"


def test_without_a_state_and_an_index_it_still_says_so(tmp_path: Path) -> None:
    certificate = erase(Order("p1", tmp_path / "index", tmp_path / "state", tmp_path / "quarantine", "J. Doe", "why"))
    assert certificate.complete
    assert "no database" in certificate.as_text()


def test_while_a_run_of_ingest_is_at_work_it_waits_and_then_says_that_it_is_not_complete(house: House) -> None:
    with WriterLock(house.layout.lock):
        certificate = erase(house.order(wait_s=0.3))
    assert not certificate.complete
    assert any("another writer" in line for line in certificate.left)
    # The tombstone stands, so the run after that one brings nobody back; and the next erasure completes.
    assert erase(house.order()).complete


def test_a_damaged_index_keeps_nothing_else_from_being_erased(house: House) -> None:
    (house.index / "CURRENT").write_bytes(b"rubbish")
    certificate = erase(house.order())
    assert not certificate.complete
    assert not [t for t in house.traces() if not t.startswith("index")]


def test_a_state_of_a_later_release_is_not_pronounced_clean(house: House) -> None:
    with house.database() as db:
        db.execute("CREATE TABLE chats (words TEXT)")
    certificate = erase(house.order())
    assert any("chats" in line for line in certificate.left)


def test_certificates_are_private_and_name_nobody(house: House) -> None:
    certificate = erase(house.order())
    files = sorted((house.state / "erasures").iterdir())
    assert [f.name for f in files] == ["erasure-0001.1.json", "erasure-0001.1.txt"]
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert EMMA not in file.read_text()
    written = json.loads(files[0].read_text())
    assert written["patient"] == certificate.patient
    assert written["requested_by"] == "J. Doe"


def main_in(house: House, *arguments: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(house.root)
        patch.setenv("ANAMNESIS_INDEX__DIR", "index")
        patch.setenv("ANAMNESIS_STATE__DIR", "state")
        patch.setenv("ANAMNESIS_INGEST__QUARANTINE_DIR", "quarantine")
        return main(["--wait", "1", *arguments])


def test_the_command_prints_the_certificate_and_says_by_its_exit_code(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main_in(house, EMMA, "--requested-by", "J. Doe", "--reason", "a request", "--also", "exports") == 0
    printed = capsys.readouterr().out
    assert "Erased, and nothing found" in printed
    assert EMMA not in printed
    assert main_in(house, EMMA, "--status") == 0
    assert "erasure 1" in capsys.readouterr().out
    (house.root / "exports/x.txt").write_text(f"{EMMA}-DS-1")
    assert main_in(house, EMMA, "--also", "exports") == 1
    assert main_in(house, EMMA, "--also", "exports", "--remove-found") == 0


@pytest.mark.parametrize(
    "arguments", [[EMMA, "--reason", f"for {EMMA}"], [EMMA, "--also", "nowhere"], [EMMA, "--requested-by", EMMA]]
)
def test_wrong_usage_begins_nothing(house: House, arguments: list[str]) -> None:
    assert main_in(house, *arguments) == 2
    assert not (house.index / "tombstones.json").exists()


def test_damaged_tombstones_begin_nothing(house: House) -> None:
    (house.index / "tombstones.json").write_text("{")
    with pytest.raises(IngestFailed, match="damaged"):
        erase(house.order())
    assert house.traces()


def test_a_folder_of_a_removed_file_that_a_process_holds_open_is_named(house: House) -> None:
    path = house.layout.segments / "held"
    path.mkdir()
    (path / "vectors.f32").write_bytes(b"x" * 64)
    script = "import sys; f = open(sys.argv[1], 'rb'); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, str(path / "vectors.f32")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        certificate = erase(house.order(wait_s=0.3))
        assert any(str(holder.pid) in line for line in certificate.left)
        holder.communicate(b"")
    assert erase(house.order()).complete


def test_items_of_batches_go_and_nothing_stays_of_what_was_sent_with_them(house: House) -> None:
    with house.database() as db:
        db.execute(
            "INSERT INTO batches VALUES ('b', '2026', 'c', 'r', ?, NULL, 'digest', 'running', NULL)", (f"for {EMMA}",)
        )
        items = [(0, EMMA, '{"focus": "her dose"}'), (1, "ben", f'{{"focus": "as {EMMA} has"}}'), (2, "ben", "{}")]
        db.executemany("INSERT INTO batch_items VALUES ('b', ?, ?, ?, 'pending', NULL, NULL, '')", items)
        db.commit()
    certificate = erase(house.order())
    with house.database() as db:
        batches = db.execute("SELECT purpose, request_digest FROM batches").fetchall()
        left = db.execute("SELECT position, patient_id, request, state FROM batch_items").fetchall()
    assert not house.traces()
    assert certificate.complete
    assert {sink.name: sink.removed for sink in certificate.sinks}["batches"] == "1 row"
    assert batches == [("erased", "")]
    assert left == [(1, "ben", "{}", "cancelled"), (2, "ben", "{}", "pending")]


def test_a_database_that_knows_no_cache_yet_is_erased_too(house: House) -> None:
    with house.database() as db:
        for table in ("summary_cache", "replays"):
            db.execute(f"DROP TABLE {table}")
    certificate = erase(house.order())
    assert certificate.complete, certificate.as_text()
    assert not house.traces()
