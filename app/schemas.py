"""The forms of requests and of answers that are no record of `core`."""

from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Header, Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.event_ids import PATTERN as EVENT_ID
from app.state import Verdict
from app.window import LocalTime
from core.records import NoteHeader, SkippedNote, SummaryRequest
from prompts import load_templates

# No NUL: SQLite and C libraries end a text there. A pattern also has lone surrogates refused.
_TEXT = r"^[^\x00]*$"

PatientId: TypeAlias = Annotated[str, Field(min_length=1, max_length=256, pattern=_TEXT)]
NoteType: TypeAlias = Annotated[str, Field(min_length=1, max_length=256, pattern=_TEXT)]
PatientPath: TypeAlias = Annotated[str, Path(min_length=1, max_length=256, pattern=_TEXT)]
NotePath: TypeAlias = Annotated[str, Path(min_length=1, max_length=512, pattern=_TEXT)]
SummaryPath: TypeAlias = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
SearchText: TypeAlias = Annotated[str, Query(max_length=256, pattern=_TEXT, description="Part of a patient's id.")]
PageSize: TypeAlias = Annotated[int, Query(ge=1, le=200)]
Cursor: TypeAlias = Annotated[
    str | None, Query(max_length=2048, pattern=_TEXT, description="`next` of the page before.")
]
LastEventId: TypeAlias = Annotated[
    str,
    Header(
        alias="Last-Event-ID",
        pattern=f"^({EVENT_ID})?$",
        description="With events: the id of the last one received; the stream goes on after it where it still can.",
    ),
]


def _number(value: object) -> object:
    if isinstance(value, str | bytes | bool):
        raise ValueError("a whole number is expected")
    return value


# JSON does not tell 350.0 from 350; pydantic's strict integer does, and its lax one reads texts.
WholeNumber: TypeAlias = Annotated[int, BeforeValidator(_number)]


def _name_templates(schema: dict[str, Any]) -> None:
    schema["enum"] = list(load_templates())


class SummaryOptions(BaseModel):
    """What a summary should be like, whoever's it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9_-]+$", json_schema_extra=_name_templates)] = (
        "handoff"
    )
    focus: Annotated[str, Field(max_length=500, pattern=_TEXT)] | None = Field(
        None, description="A question or topic to answer first."
    )
    since: LocalTime | None = None
    until: LocalTime | None = None
    note_types: tuple[NoteType, ...] = Field(
        (), max_length=50, description="Only notes of these types; none means all."
    )
    max_words: WholeNumber = Field(350, ge=50, le=2000)
    require: Literal["abstractive"] | None = Field(None, description="Refuse rather than answer without the model.")


class SummarizeBody(SummaryOptions):
    """A request for a summary of one chart."""

    patient_id: PatientId

    def to_record(self) -> SummaryRequest:
        """The same as a record; a blank focus is none."""
        fields = self.model_dump(include=set(SummarizeBody.model_fields))
        return SummaryRequest(**{**fields, "focus": (self.focus or "").strip() or None})


class SocketRequest(SummarizeBody):
    """The first message of a WebSocket: the same, and what a browser cannot say there in headers."""

    last_event_id: Annotated[str, Field(pattern=f"^{EVENT_ID}$")] | None = None
    fresh: Annotated[bool, Field(strict=True)] = False


class FeedbackBody(BaseModel):
    """What a reader says about a summary, or about one statement of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    summary_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    statement_id: Annotated[str, Field(min_length=1, max_length=128, pattern=_TEXT)] | None = None
    verdict: Verdict
    comment: Annotated[str, Field(max_length=2000, pattern=_TEXT)] = ""


class FeedbackAnswer(BaseModel):
    """The id under which feedback was kept."""

    feedback_id: str


class PatientAnswer(BaseModel):
    """A chart without its text. `quarantined` counts rows set aside at ingest; `skipped` names those that have ids."""

    patient_id: str
    notes: tuple[NoteHeader, ...]
    quarantined: int
    skipped: tuple[SkippedNote, ...]


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class IndexState(BaseModel):
    """What the live generation holds."""

    generation: int
    notes: int
    patients: int


class ModelStateAnswer(BaseModel):
    """What the last look at the model server found."""

    ready: bool
    name: str | None
    detail: str


class Readiness(BaseModel):
    """Whether summaries can be made. Without a ready model they are extractive."""

    index: IndexState
    model: ModelStateAnswer
