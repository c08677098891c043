"""Questions to the model, their answers, and a model that repeats them."""

import asyncio
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from chains.asking import Question, ask, places_of, remembered, remembering
from chains.evidence import Evidence
from chains.replay.model import RepeatingModel
from core.errors import ModelUnavailable
from core.records import Attempt, Citation, SectionKind, Usage
from tests.fakes.service import ScriptedModel

WORDS = [HumanMessage("Rewrite.")]
ONE, TWO = Question("course", "draft", "a" * 16), Question("course", "repair", "b" * 16)


def evidence(note_id: str, start: int, number: int = 1) -> Evidence:
    citation = Citation(note_id, "Letter", None, "PLAN", start, start + 3, "abc")
    return Evidence(f"E{number}", citation, SectionKind.PLAN, "abc")


def attempt(question: Question, raw: str, **fields: Any) -> Attempt:
    known = {"model": "m", "trouble": "", "usage": Usage(7, 3, 2)} | fields
    return Attempt(question.section, question.kind, question.evidence, raw=raw, **known)


def test_a_question_is_known_by_places_whatever_their_order_and_ids() -> None:
    one, two = evidence("n1", 0, 1), evidence("n1", 9, 2)
    assert places_of([one, two]) == places_of([evidence("n1", 9, 1), evidence("n1", 0, 2)])
    assert places_of([one, two]) != places_of([one])
    assert places_of([one]) != places_of([evidence("n2", 0)])
    assert places_of([one]) != places_of([one], "a text that was refused")


async def test_answers_are_remembered_in_an_order_that_is_not_that_of_answering() -> None:
    async def slow(question: Question, delay_s: float) -> None:
        await ask(ScriptedModel(text=question.kind, delay_s=delay_s), WORDS, question, max_tokens=9)

    kept = []
    for delays in ((0.0, 0.02), (0.02, 0.0)):
        with remembering():
            await asyncio.gather(slow(ONE, delays[0]), slow(TWO, delays[1]))
            kept.append(remembered())
    assert kept[0] == kept[1]
    assert [(a.kind, a.raw) for a in kept[0]] == [("draft", "draft"), ("repair", "repair")]


async def test_nothing_is_remembered_outside() -> None:
    await ask(ScriptedModel(text="x"), WORDS, ONE, max_tokens=9)
    assert remembered() == ()


async def test_a_model_that_does_not_answer_is_remembered_as_such() -> None:
    with remembering():
        with pytest.raises(ModelUnavailable):
            await ask(ScriptedModel(error=ModelUnavailable("gone")), WORDS, ONE, max_tokens=9)
        (kept,) = remembered()
    assert (kept.trouble, kept.raw, kept.model) == ("model_unavailable", "", "")


async def test_an_answer_that_no_file_could_hold_is_kept_as_escapes() -> None:
    with remembering():
        await ask(ScriptedModel(text='{"statement": "\ud800"}'), WORDS, ONE, max_tokens=9)
        assert remembered()[0].raw == '{"statement": "\\ud800"}'


async def test_what_was_said_is_said_again_with_its_name_and_usage() -> None:
    said = attempt(ONE, "again")
    with remembering():
        await ask(RepeatingModel.of([said]), WORDS, ONE, max_tokens=9)
        assert remembered() == (said,)


async def test_a_question_asked_twice_has_its_answers_in_turn() -> None:
    model = RepeatingModel.of([attempt(ONE, "first"), attempt(ONE, "second")])
    assert [(await ask(model, WORDS, ONE, max_tokens=9)).content for _ in range(2)] == ["first", "second"]


async def test_a_new_question_has_no_answer_and_one_that_had_none_has_none_again() -> None:
    model = RepeatingModel.of([attempt(ONE, "", trouble="model_unavailable", model="")])
    for question in (ONE, TWO):
        with pytest.raises(ModelUnavailable):
            await ask(model, WORDS, question, max_tokens=9)
    assert model.new_questions == {TWO.key}
