"""What an answer is worth: complete, a typed error, or wrong. Nothing here trusts what the service says of itself.

Each citation is held against the note as `GET /notes/{id}` shows it, and each stored summary is made again from what
the model said, through the checks (`chains.replay`), which must show the same statements.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from chains.replay.charts import ChartFinder
from chains.replay.replaying import Replayer
from chains.replay.stored import StoredSummaries
from tests.fakes.embeddings import HashedWords

_OUTCOMES = {"ok", "partial", "withheld", "no_evidence", "failed"}
_TYPED = {"draining", "overloaded", "model_unavailable", "deadline_exceeded", "index_unavailable", "audit_unavailable"}


@dataclass
class Tally:
    """Answers counted by what they were; `wrong` holds why, without any text of a chart."""

    complete: Counter[str] = field(default_factory=Counter)
    typed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    statements: int = 0
    citations: int = 0
    seconds: list[float] = field(default_factory=list)
    summary_ids: list[str] = field(default_factory=list)

    @property
    def answers(self) -> int:
        """All answers, and what never was one."""
        return self.complete.total() + self.typed.total() + self.wrong.total()


class Judge:
    """Judges the answers of one service. Notes are read once."""

    def __init__(self, client: httpx.AsyncClient, tally: Tally) -> None:
        self._client = client
        self._tally = tally
        self._notes: dict[str, dict[str, Any]] = {}

    async def ask(self, body: dict[str, Any], *, streamed: bool, within_s: float) -> dict[str, Any] | None:
        """Ask for a fresh summary and judge what comes; the summary, where there is one. Never raises."""
        headers = {"accept": "text/event-stream" if streamed else "application/json", "cache-control": "no-cache"}
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(within_s):
                answer = await self._client.post("/summarize", json=body, headers=headers, timeout=within_s)
        except (TimeoutError, httpx.TimeoutException):
            self._tally.wrong["hang"] += 1
            return None
        except httpx.HTTPError as e:
            self._tally.wrong[f"cut off ({type(e).__name__})"] += 1
            return None
        self._tally.seconds.append(asyncio.get_running_loop().time() - began)
        summary = self._summary(answer, streamed=streamed)
        if summary is not None:
            await self._judge(summary, body["patient_id"])
        return summary

    async def prompt_tokens(self, body: dict[str, Any], *, within_s: float) -> int:
        """What the model read for one more summary; 0 where it was not asked or there is none."""
        summary = await self.ask(body, streamed=False, within_s=within_s)
        return int(summary["usage"]["prompt_tokens"]) if summary else 0

    def _summary(self, answer: httpx.Response, *, streamed: bool) -> dict[str, Any] | None:
        if answer.status_code != 200:
            self._typed(answer.content, answer.headers)
            return None
        if not streamed:
            summary: dict[str, Any] = orjson.loads(answer.content)
            return summary
        events = list(events_of(answer.text))
        if not events or events[-1][0] not in {"summary", "error"}:
            self._tally.wrong["a stream without an end"] += 1
            return None
        if events[-1][0] == "error":
            self._typed(events[-1][1], {"retry-after": ""})
            return None
        summary = orjson.loads(events[-1][1])
        shown = [orjson.loads(data) for name, data in events if name == "statement"]
        whole = {s["statement_id"]: s for s in statements_of(summary)}
        if any({k: v for k, v in s.items() if k != "section"} != whole.get(s["statement_id"]) for s in shown):
            self._tally.wrong["a statement that is not of the summary"] += 1
        return summary

    def _typed(self, body: bytes | str, headers: Any) -> None:
        problem = orjson.loads(body)
        code = problem.get("code")
        if code in _TYPED and (problem["status"] == 504 or "retry-after" in headers):
            self._tally.typed[code] += 1
        else:
            self._tally.wrong[f"error {code}"] += 1

    async def _judge(self, summary: dict[str, Any], patient_id: str) -> None:
        wrong = [why async for why in self._faults_of(summary, patient_id)]
        for why in wrong:
            self._tally.wrong[why] += 1
        if not wrong:
            self._tally.complete[summary["mode"]] += 1
            self._tally.summary_ids.append(summary["summary_id"])

    async def _faults_of(self, summary: dict[str, Any], patient_id: str) -> AsyncIterator[str]:
        if summary["patient_id"] != patient_id or not summary["sections"]:
            yield "a summary of something else"
        if {s["outcome"] for s in summary["sections"]} - _OUTCOMES:
            yield "an unknown outcome"
        if any(s["outcome"] == "failed" for s in summary["sections"]):
            yield "a section that failed"
        written = any(s["status"] == "supported" for s in statements_of(summary))
        if summary["mode"] == "abstractive" and not (written and summary["provenance"]["model"]):
            yield "abstractive without a model's statement"
        if summary["mode"] == "extractive" and summary["provenance"]["model"]:
            yield "extractive with a model"
        for statement in statements_of(summary):
            self._tally.statements += 1
            if not statement["citations"] or not statement["text"].strip():
                yield "a statement without evidence"
            for citation in statement["citations"]:
                self._tally.citations += 1
                note = await self._note(citation["note_id"])
                if note["patient_id"] != patient_id:
                    yield "evidence of another patient"
                if note["text"][citation["start"] : citation["end"]] != citation["quote"] or not citation["quote"]:
                    yield "a quote that is not in the note"

    async def _note(self, note_id: str) -> dict[str, Any]:
        if note_id not in self._notes:
            answer = await self._client.get(f"/notes/{quote(note_id, safe='')}", timeout=30)
            self._notes[note_id] = answer.json()
        return self._notes[note_id]


async def verified_again(state_dir: Path, index: Path, summary_ids: list[str]) -> Counter[str]:
    """Each of these summaries, made again from its stored trace: how many are identical, differ or cannot be told."""
    charts = ChartFinder(index, HashedWords())
    replayer = Replayer(StoredSummaries(state_dir), lambda: charts)
    outcomes: Counter[str] = Counter()
    for summary_id in summary_ids:
        outcomes[(await replayer.replay(summary_id)).outcome] += 1
    return outcomes


def statements_of(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """All statements of a summary."""
    return [statement for section in summary["sections"] for statement in section["statements"]]


def events_of(text: str) -> Iterator[tuple[str, str]]:
    """The events of a stream as (name, data); comments and an unfinished last one are left out."""
    for block in text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if "event" in fields:
            yield fields["event"], fields.get("data", "")
