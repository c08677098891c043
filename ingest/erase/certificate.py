"""The certificate of an erasure: what was asked, done, searched and found, without naming the patient."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vectorstore.durable import sync_folder

FOLDER = "erasures"
_MOST_LISTED = 12
_TO_DO = "Not complete: see to what is listed, then run the same command again."


@dataclass(frozen=True, slots=True)
class SearchedPlace:
    """What was searched under one name, and how much that was."""

    name: str
    path: str
    files: int
    bytes: int
    findings: int


@dataclass(frozen=True, slots=True)
class SinkLine:
    """A sink of the register with what became of it."""

    name: str
    where: str
    erased: str
    searched: str
    holds: bool
    removed: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """One run of an erasure. Times are UTC in ISO 8601; `patient` is the keyed digest of the tombstone."""

    number: int
    run: int
    patient: str
    asked_at: str
    began_at: str
    ended_at: str
    requested_by: str
    reason: str
    version: str
    complete: bool
    known: bool
    sinks: tuple[SinkLine, ...]
    marks: dict[str, int]
    short_ids: int
    explained: int
    searched: tuple[SearchedPlace, ...]
    findings: tuple[str, ...]
    alike: tuple[str, ...]
    not_looked_into: tuple[str, ...]
    left: tuple[str, ...]
    out_of_reach: tuple[str, ...]
    earlier_runs: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """What the files of the certificate are called."""
        return f"erasure-{self.number:04d}.{self.run}"

    def as_json(self) -> str:
        """The certificate for machines."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    def as_text(self) -> str:
        """The certificate for people."""
        head = [
            ("certificate", f"{self.number}, run {self.run}"),
            ("patient", f"{self.patient[:32]}… (keyed digest; the id is not written down)"),
            ("asked for", f"{self.asked_at} by {self.requested_by}"),
            ("reason", self.reason),
            ("this run", f"{self.began_at} to {self.ended_at}"),
            ("program", f"Anamnesis {self.version}"),
            *(("earlier run", line) for line in self.earlier_runs),
            ("result", self._result()),
        ]
        lines = ["ERASURE OF A PATIENT", "", *_columns(head)]
        if self.left:
            lines += ["", "Not done", *(f"- {line}" for line in self.left)]
        if self.findings:
            lines += ["", "Found after erasing", *_listed(self.findings)]
        lines += ["", "What was removed", *_columns([(s.name, s.removed) for s in self.sinks if s.holds])]
        lines += ["", "Where nothing of a patient is kept, and why", *_columns(self._reasons())]
        lines += ["", "What was searched, after erasing", *_columns(self._places()), *self._searched_for()]
        if self.alike:
            lines += ["", "Alike in passing, in folders that are not the program's own: phrases, no id, nothing longer"]
            lines += _listed(self.alike)
        if self.not_looked_into:
            lines += ["", "Could not be looked into whole", *(f"- {line}" for line in self.not_looked_into)]
        lines += ["", "Out of reach of this command", *(f"- {line}" for line in self.out_of_reach)]
        return "\n".join(lines) + "\n"

    def _result(self) -> str:
        if not self.complete:
            return _TO_DO
        if not self.known:
            return "Nothing was held under this id, and nothing was found. The tombstone stands."
        return "Erased, and nothing found. The tombstone stands."

    def _reasons(self) -> list[tuple[str, str]]:
        return [(s.name, s.erased) for s in self.sinks if not s.holds]

    def _places(self) -> list[tuple[str, str]]:
        return [
            (p.name, f"{counted(p.files, 'file')}, {counted(p.bytes, 'byte')}: {counted(p.findings, 'finding')}")
            for p in self.searched
        ]

    def _searched_for(self) -> list[str]:
        pieces = ", ".join(f"{count:,} × {kind}" for kind, count in self.marks.items()) or "no piece of text"
        lines = ["", f"Looked for: {pieces}."]
        if self.explained:
            lines.append(f"{self.explained:,} of these were found where charts of other patients hold them too.")
        if self.short_ids:
            ids = f"{counted(self.short_ids, 'id is', 'ids are')} too short for that"
            lines.append(f"{ids} and looked for by the names of columns and fields.")
        return lines


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def write(certificate: Certificate, state_dir: Path) -> Path:
    """Write both forms, readable by their owner alone, and return the text's path."""
    folder = state_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for ending, content in (("json", certificate.as_json()), ("txt", certificate.as_text())):
        path = folder / f"{certificate.name}.{ending}"
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    sync_folder(folder)
    return folder / f"{certificate.name}.txt"


def earlier(state_dir: Path, number: int, patient: str) -> tuple[int, list[dict[str, Any]]]:
    """The number of the next run of an erasure, and the certificates of those before, oldest first."""
    runs, found = [0], []
    for path in (state_dir / FOLDER).glob(f"erasure-{number:04d}.*.json"):
        try:
            raw = json.loads(path.read_bytes())
            runs.append(int(raw["run"]))
            if raw["patient"] == patient:
                found.append(raw)
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return max(runs) + 1, sorted(found, key=lambda raw: int(raw["run"]))


def _listed(lines: Sequence[str]) -> list[str]:
    more = [f"- and {len(lines) - _MOST_LISTED:,} more, all of them in the JSON"] if len(lines) > _MOST_LISTED else []
    return [*(f"- {line}" for line in lines[:_MOST_LISTED]), *more]


def _columns(rows: list[tuple[str, str]]) -> list[str]:
    width = max((len(name) for name, _ in rows), default=0)
    return [f"{name:<{width}}  {value}" for name, value in rows]
