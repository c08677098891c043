"""The directory of a generation that is being written: a copy of the last one with changes on top."""

# ruff: noqa: S608 -- only constants of this module are put into SQL

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import IndexMismatch
from vectorstore.directory import PLACE
from vectorstore.durable import copy_hashed, sync_file
from vectorstore.manifest import Counts, Manifest
from vectorstore.schema import DIRECTORY_SCHEMA, attached, create, open_for_update
from vectorstore.segment_builder import PatientPlace

_PAGE = 1000
# The keys of both lie in the order of ids in their index, so this reads two indexes side by side; a patient's place is
# looked up for the few that meet: versions of a patient that were replaced still lie in their segments.
_SHARED = """
SELECT 1 FROM {few}.notes a INDEXED BY sqlite_autoindex_notes_1
CROSS JOIN {many}.notes b INDEXED BY sqlite_autoindex_notes_1 ON b.note_id = a.note_id
CROSS JOIN {few}.patients pa ON pa.patient_key = a.patient_key
CROSS JOIN main.patients da ON da.patient_id = pa.patient_id
    AND da.patient_key = pa.patient_key AND da.segment = :{few}
CROSS JOIN {many}.patients pb ON pb.patient_key = b.patient_key
CROSS JOIN main.patients db ON db.patient_id = pb.patient_id
    AND db.patient_key = pb.patient_key AND db.segment = :{many}
LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a segment a generation uses."""

    patients: int
    vectors: int


class DirectoryDraft:
    """Starts as a copy of the directory of `base`; keeps count of what is put and removed.

    Raises:
        IndexMismatch: the directory of `base` is not what was published.
    """

    def __init__(self, path: Path, root: Path, base: Manifest | None) -> None:
        self._path = path
        if base is None:
            self._shares: dict[str, tuple[int, int]] = {}
            self._totals = [0, 0, 0]
            self._db = create(path, DIRECTORY_SCHEMA)
        else:
            self._shares = {e.name: (e.live_patients, e.live_vectors) for e in base.segments}
            self._totals = [base.counts.patients, base.counts.notes, base.counts.chunks]
            # A copy of a damaged file would be vouched for by a checksum of its own.
            if copy_hashed(root / base.directory.path, path) != base.directory.sha256:
                raise IndexMismatch(
                    f"{root / base.directory.path} has changed since it was published: "
                    f"run `python -m vectorstore.verify {root}`"
                )
            self._db = open_for_update(path)
        self._db.execute("BEGIN")

    @property
    def shares(self) -> dict[str, Share]:
        """For each segment that is still used, how much of it is."""
        return {name: Share(*share) for name, share in self._shares.items() if share[0]}

    @property
    def counts(self) -> Counts:
        """What the generation will hold."""
        return Counts(*self._totals)

    def put(self, place: PatientPlace) -> None:
        """Set where a patient lies."""
        self.remove(place.patient_id)
        self._count(place, 1)
        self._db.execute(
            "INSERT INTO patients VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                place.patient_id,
                place.patient_id.casefold(),
                place.segment,
                place.patient_key,
                place.notes,
                place.vectors,
                place.first_charted_at,
                place.last_charted_at,
            ),
        )

    def remove(self, patient_id: str) -> bool:
        """Leave a patient out; returns whether there was one."""
        rows = self._db.execute(
            f"DELETE FROM patients WHERE patient_id = ? RETURNING {PLACE}", (patient_id,)
        ).fetchall()
        for row in rows:
            self._count(PatientPlace(*row), -1)
        return bool(rows)

    def places(self, segment: str) -> Iterator[PatientPlace]:
        """The patients of a segment, in order of id; reads a page at a time, so they may be moved meanwhile."""
        past: tuple[str, ...] = ()
        while True:
            rows = self._db.execute(
                f"SELECT {PLACE} FROM patients WHERE {'patient_id > ? AND ' if past else ''}segment = ? "
                "ORDER BY patient_id LIMIT ?",
                (*past, segment, _PAGE),
            ).fetchall()
            yield from (PatientPlace(*row) for row in rows)
            if len(rows) < _PAGE:
                return
            past = (rows[-1][0],)

    def share_notes(self, first: str, first_catalog: Path, second: str, second_catalog: Path) -> bool:
        """Whether two finished segments hold a note of the same id for two patients of this generation."""
        self._settle()
        with attached(self._db, first=first_catalog, second=second_catalog):
            few, many = sorted(("first", "second"), key=self._last_note)
            found = self._db.execute(_SHARED.format(few=few, many=many), {"first": first, "second": second})
            return found.fetchone() is not None

    def finish(self) -> None:
        """Close the file and wait until it is on disk."""
        self._settle()
        self._db.close()
        sync_file(self._path)

    def abandon(self) -> None:
        """Close the file without finishing it."""
        self._db.close()

    def _last_note(self, database: str) -> int:
        (last,) = self._db.execute(f"SELECT max(note_key) FROM {database}.notes").fetchone()
        return last or 0

    def _settle(self) -> None:
        if self._db.in_transaction:
            self._db.execute("COMMIT")

    def _count(self, place: PatientPlace, sign: int) -> None:
        patients, vectors = self._shares.get(place.segment, (0, 0))
        self._shares[place.segment] = (patients + sign, vectors + sign * place.vectors)
        for which, amount in enumerate((1, place.notes, place.vectors)):
            self._totals[which] += sign * amount
