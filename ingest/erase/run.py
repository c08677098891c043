"""One erasure from the tombstone to the certificate.

The tombstone comes first, then the journal of what to look for; from there on every step can be repeated, so whenever a
run ends early the same command completes it.
"""

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core.errors import AnamnesisError, IngestFailed
from ingest.erase import certificate as certificates
from ingest.erase.certificate import Certificate, SearchedPlace, SinkLine, counted
from ingest.erase.journal import Journal, merged
from ingest.erase.lines import gather_lines, remove_lines
from ingest.erase.marks import Gathered, Kind, Marks, Role
from ingest.erase.open_files import holders
from ingest.erase.proof import Finding, Proof, Words, prove
from ingest.erase.register import OUT_OF_REACH, SINKS
from ingest.erase.search import Place, Searcher
from ingest.erase.state import Entry, StateFile
from ingest.tombstones import Tombstone, Tombstones
from vectorstore.erasure import scrub
from vectorstore.holdings import (
    holdings,
    ids_of_others,
    patients_served,
    staged_specs,
    vectors_of_others,
    words_of_others,
)
from vectorstore.layout import Layout
from vectorstore.lock import WriterLock
from vectorstore.staging import DATABASE, Staging

_PROGRAM = ("prompts", "chains", "extraction", "core", "app", "mlops")
_LOOK_S = 0.2
_NOTHING_DONE = {
    "journal of an erasure": "removed when this certificate is complete",
    "evaluation reports": "searched where there are any",
    "exports and further folders": "searched where named with --also",
}
Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """Whom to erase, from where, who asked and why.

    `elsewhere` are folders that are searched; files of theirs that hold something are removed with `remove_found`.
    `wait_s` is how long to wait for a run of ingest, for readers and for the service's database, each.
    """

    patient_id: str
    index_dir: Path
    state_dir: Path
    quarantine_dir: Path
    requested_by: str
    reason: str
    keep: int = 3
    wait_s: float = 60.0
    elsewhere: tuple[Place, ...] = ()
    remove_found: bool = False


@dataclass(slots=True)
class _Report:
    """What a run did and what it could not do."""

    removed: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    notes: int = 0
    vectors: int = 0
    known: bool = False


def erase(order: Order, *, step: Step = lambda _: None) -> Certificate:
    """Erase a patient, prove it and write the certificate. `step` is told after each step, for tests.

    Raises:
        IngestFailed: it cannot be told who was erased before (damaged tombstones), so nothing was begun.
    """
    return _Erasure(order, step).run()


class _Erasure:
    def __init__(self, order: Order, step: Step) -> None:
        self._order = order
        self._step = step
        self._layout = Layout(order.index_dir)
        self._report = _Report()
        self._began = _now()

    def run(self) -> Certificate:
        order = self._order
        stone = Tombstones.read(order.index_dir).add(order.patient_id, at=self._began)
        self._step("tombstone")
        stones = Tombstones.read(order.index_dir)
        journal = Journal(order.index_dir, stones.key, order.patient_id)
        run, before = certificates.earlier(order.state_dir, stone.number, stone.digest)
        lines = [_earlier_line(raw) for raw in before]
        marks = proof = None
        with self._trying("index"), _locked(self._layout, order.wait_s):
            before_this = journal.read()
            if before_this is not None:
                lines.append("did not finish; this one looks for all that it looked for")
            marks = merged(before_this, self._gather().marks(journal.windower))
            journal.write(marks)
            self._step("journal")
            self._remove(stone, run, marks)
            proof = self._prove(marks, Searcher(marks, journal.windower))
            self._step("proved")
        certificate = self._certificate(stone, run, tuple(lines), marks, proof)
        self._audit(stone, run, "ok" if certificate.complete else "incomplete")
        certificates.write(certificate, order.state_dir)
        self._step("certificate")
        if certificate.complete:
            journal.remove()
        return certificate

    def _gather(self) -> Gathered:
        order, found = self._order, Gathered()
        for holding in holdings(self._layout, order.patient_id):
            found.ids[Role.NOTE].update(holding.note_ids)
            found.ids[Role.ENCOUNTER].update(holding.encounter_ids)
            found.digests.update(holding.digests)
            found.texts += holding.texts
            found.vectors.append(holding.vectors)
            self._report.vectors += len(holding.vectors)
        self._report.notes = len(found.ids[Role.NOTE])
        state = StateFile(order.state_dir)
        if state.exists:
            state.gather(order.patient_id, found)
        gather_lines(order.quarantine_dir, order.patient_id, found)
        self._report.known = bool(found.texts or found.answers or any(found.ids.values()))
        found.ids[Role.PATIENT].add(order.patient_id)
        # A note that has moved to another patient, or a stay that several share, no longer tells of this one.
        other = ids_of_others(self._layout, order.patient_id, {*found.ids[Role.NOTE], *found.ids[Role.ENCOUNTER]})
        for role in (Role.NOTE, Role.ENCOUNTER):
            found.ids[role] -= other
        return found

    def _remove(self, stone: Tombstone, run: int, marks: Marks) -> None:
        order, report = self._order, self._report
        with self._trying("staging"):
            report.removed["staging"] = self._clear_staging()
            self._step("staging")
        with self._trying("index"):
            self._clear_index(stone)
            self._step("index")
        # Only now: a summary that was being written when the old generation was still read is in the database.
        with self._trying("state"):
            self._clear_state(stone, run, marks)
            self._step("state")
        with self._trying("quarantine reports"):
            gone = remove_lines(order.quarantine_dir, marks)
            report.removed["quarantine reports"] = (
                f"{counted(gone.lines, 'line')} from {counted(gone.reports, 'report')}"
            )
            self._step("quarantine")

    def _clear_staging(self) -> str:
        folder, specs = self._layout.staging, staged_specs(self._layout)
        if specs is None:
            # Not one that a run could take up.
            shutil.rmtree(folder, ignore_errors=True)
            return "no checkpoint"
        with Staging(folder, embedding=specs[0], chunking=specs[1]) as staging:
            before = staging.notes
            staging.remove_patient(self._order.patient_id)
            gone = before - staging.notes
        with closing(sqlite3.connect(folder / DATABASE)) as db:
            db.execute("VACUUM")
        return counted(gone, "note")

    def _clear_index(self, stone: Tombstone) -> None:
        order, report = self._order, self._report
        done = scrub(
            self._layout, order.patient_id, stone.number, keep=order.keep, wait_s=order.wait_s, step=self._step
        )
        copied = f", {counted(len(done.segments), 'segment')} copied without them" if done.segments else ""
        report.removed["notes"] = f"{counted(report.notes, 'note')}{copied}"
        report.removed["vectors"] = counted(report.vectors, "vector")
        words = [f"{done.published} published without the patient"] if done.published else []
        words += [f"{_numbers(done.rewritten)} rewritten"] if done.rewritten else []
        words += [f"{_numbers(done.removed)} removed"] if done.removed else []
        report.removed["generations"] = ", ".join(words) or "none held the patient"
        report.left += [f"generation {n} is still being read: run again when it is not" for n in done.held]
        until = time.monotonic() + order.wait_s
        while (found := holders((order.index_dir,))) and time.monotonic() < until:
            time.sleep(_LOOK_S)
        report.left += [f"{name} still holds removed files of the index open" for name in found]
        report.removed["memory of running services"] = (
            "still in use, see above" if done.held or found else "no reader holds what was removed"
        )

    def _clear_state(self, stone: Tombstone, run: int, marks: Marks) -> None:
        order, report = self._order, self._report
        state = StateFile(order.state_dir)
        if not state.exists:
            report.removed |= dict.fromkeys(("summaries", "traces", "feedback", "batches", "audit log"), "no database")
            return
        entry = self._entry(stone, run, "started")
        cleared = state.clear(order.patient_id, marks.ids, entry, wait_s=order.wait_s)
        self._step("state rows")
        state.wipe(wait_s=order.wait_s)
        report.removed |= {table: counted(count, "row") for table, count in cleared.rows.items()}
        for table in state.unknown_tables():
            report.left.append(
                f"{state.path} has a table that this release does not know ({table}): erase with its own"
            )
        report.removed["audit log"] = f"{counted(cleared.stripped, 'entry', 'entries')} stripped"

    def _prove(self, marks: Marks, searcher: Searcher) -> Proof:
        order = self._order
        state = StateFile(order.state_dir)
        explanations: list[tuple[frozenset[Kind], Words]] = [
            (frozenset({Kind.TEXT, Kind.NAME, Kind.ANSWER}), lambda: words_of_others(self._layout, order.patient_id)),
            (frozenset({Kind.ANSWER}), _words_of_the_program),
            (frozenset({Kind.VECTOR}), lambda: vectors_of_others(self._layout, order.patient_id)),
        ]
        if state.exists:
            served = patients_served(self._layout)
            explanations += [
                (frozenset({Kind.TEXT, Kind.NAME}), lambda: state.words_of_others(order.patient_id, served)),
                (frozenset({Kind.ANSWER, Kind.NAME}), lambda: state.answers_of_others(order.patient_id)),
            ]
        proof = prove(searcher, marks, self._places(), explanations)
        removable = [finding for finding in proof.findings if not finding.seen.place.own]
        if order.remove_found and removable:
            for finding in removable:
                finding.seen.path.unlink(missing_ok=True)
            self._report.removed["exports and further folders"] = counted(len(removable), "file")
            proof = prove(searcher, marks, self._places(), explanations)
        return proof

    def _places(self) -> list[Place]:
        order = self._order
        own = [Place("index", order.index_dir), Place("state", order.state_dir)]
        own += [Place("quarantine reports", order.quarantine_dir)]
        return [place for place in (*own, *order.elsewhere) if place.path.exists()]

    def _certificate(
        self, stone: Tombstone, run: int, before: tuple[str, ...], marks: Marks | None, proof: Proof | None
    ) -> Certificate:
        order, report = self._order, self._report
        findings = proof.findings if proof else ()
        closed = [item for item in proof.closed if item.place.own] if proof else []
        removed = _NOTHING_DONE | report.removed
        left = [*report.left, *(f"{self._shown(item.path)} could not be read: {item.closed}" for item in closed)]
        return Certificate(
            number=stone.number,
            run=run,
            patient=stone.digest,
            asked_at=stone.at,
            began_at=self._began,
            ended_at=_now(),
            requested_by=order.requested_by,
            reason=order.reason,
            version=_version(),
            complete=proof is not None and not findings and not left,
            known=report.known or bool(before),
            sinks=tuple(
                SinkLine(s.name, s.where, s.erased, s.searched, s.holds, removed.get(s.name, "")) for s in SINKS
            ),
            marks=marks.counts() if marks else {},
            short_ids=marks.short_ids if marks else 0,
            explained=proof.explained if proof else 0,
            searched=tuple(
                SearchedPlace(
                    c.place.name,
                    str(c.place.path),
                    c.files,
                    c.size,
                    sum(finding.seen.place is c.place for finding in findings),
                )
                for c in (proof.searched if proof else ())
            ),
            findings=tuple(self._line(finding) for finding in findings),
            alike=tuple(self._line(finding) for finding in (proof.alike if proof else ())),
            not_looked_into=tuple(
                f"{self._shown(item.path)}: {item.closed}"
                for item in (proof.closed if proof else ())
                if not item.place.own
            ),
            left=tuple(left),
            out_of_reach=OUT_OF_REACH,
            earlier_runs=before,
        )

    def _audit(self, stone: Tombstone, run: int, outcome: str) -> None:
        with self._trying("audit log"):
            state = StateFile(self._order.state_dir)
            if state.exists:
                state.write(self._entry(stone, run, outcome), wait_s=self._order.wait_s)

    def _entry(self, stone: Tombstone, run: int, outcome: str) -> Entry:
        name = f"erasure-{stone.number}-{run}"
        target = f"certificate {stone.number}, run {run}"
        return Entry(name, self._order.requested_by, "erase", self._order.reason, target, outcome)

    def _line(self, finding: Finding) -> str:
        return f"{self._shown(finding.seen.path)}: {finding.says}"

    def _shown(self, path: Path) -> str:
        # A file can be named after the patient, and the certificate may not.
        return "/".join("…" if self._order.patient_id in part else part for part in str(path).split("/"))

    @contextmanager
    def _trying(self, what: str) -> Iterator[None]:
        """Go on with the next sink where one fails, and say so."""
        try:
            yield
        except AnamnesisError as e:
            self._report.left.append(f"{what}: {e}")
        except OSError as e:
            self._report.left.append(
                f"{what}: {e.strerror or type(e).__name__}: {self._shown(Path(e.filename or '.'))}"
            )
        except sqlite3.Error as e:
            self._report.left.append(f"{what}: the database failed ({e.__class__.__name__})")


@contextmanager
def _locked(layout: Layout, wait_s: float) -> Iterator[None]:
    lock, until = WriterLock(layout.lock), time.monotonic() + wait_s
    while True:
        try:
            lock.acquire()
            break
        except IngestFailed:
            if time.monotonic() >= until:
                raise
            time.sleep(_LOOK_S)
    try:
        yield
    finally:
        lock.release()


def _words_of_the_program() -> Iterator[bytes]:
    root = Path(__file__).parents[2]
    for package in _PROGRAM:
        for path in sorted((root / package).rglob("*")):
            if path.is_file() and path.suffix in {".py", ".md", ".yaml", ".txt", ".json", ".html"}:
                yield path.read_bytes()


def _numbers(generations: Sequence[int]) -> str:
    return ", ".join(map(str, generations))


def _earlier_line(raw: dict[str, object]) -> str:
    return f"run {raw['run']}, {raw['ended_at']}: {'complete' if raw['complete'] else 'not complete'}"


def _version() -> str:
    try:
        return version("anamnesis")
    except PackageNotFoundError:
        return "unknown"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
