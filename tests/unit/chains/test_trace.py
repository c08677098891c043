"""Traces as bytes."""

from dataclasses import replace

import pytest

from chains.trace import TraceUnreadable, decode_trace, encode_trace
from core.records import Attempt, GroupTrace, PromptRef, SummaryRequest, Trace, Usage, WritingSettings

REF = PromptRef("compress", "1", "0")
TRACE = Trace(
    SummaryRequest("p/🫀", focus="zebra?", note_types=("Letter",), require="abstractive"),
    True,
    WritingSettings("compress", "close", "m", "", 96, 0.0, 0.5, REF),
    replace(REF, name="handoff"),
    (GroupTrace("course", 0, "a", ("number",)), GroupTrace("course", 1, "b", ())),
    (Attempt("course", "draft", "a", "m", "", Usage(3, 2, 1), "zebra\u2028\x00"),),
)


def test_a_trace_is_read_as_it_was_written() -> None:
    assert decode_trace(encode_trace(TRACE)) == TRACE


def test_a_trace_that_cannot_be_read_names_the_field_and_not_what_it_holds() -> None:
    with pytest.raises(TraceUnreadable, match="model_ready") as failure:
        decode_trace(encode_trace(replace(TRACE, model_ready="zebra")))  # type: ignore[arg-type]
    assert "zebra" not in str(failure.value)
    assert failure.value.__cause__ is None


def test_what_patients_and_models_said_stays_out_of_a_trace_s_own_representation() -> None:
    assert "zebra" not in repr(TRACE)
