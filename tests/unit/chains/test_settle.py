"""How drafts become statements, quotes or nothing."""

from collections.abc import AsyncIterator

from chains.compose import Composition
from chains.draft import UNAVAILABLE, Draft, Verdict
from chains.evidence import Evidence, Gathered, Group
from chains.settle import Settler
from core.errors import ModelUnavailable
from core.records import Citation, SectionKind
from core.telemetry import Metrics


def evidence(number: int, sentence: str, *, span: tuple[int, int] | None = None) -> Evidence:
    start, end = span or (0, len(sentence))
    citation = Citation("n1", "Progress note", "2021-02-08", "PLAN", start, end, sentence[start:end])
    return Evidence(f"E{number}", citation, SectionKind.PLAN, sentence)


def group(*pieces: Evidence, composed: str = "") -> Group:
    return Group("plan", 0, pieces, pieces[0], composed=composed, rewritable=not composed)


class Repairing:
    """A writer whose second attempt is fixed beforehand."""

    def __init__(self, second: str | None) -> None:
        self.second = second
        self.advice: list[str] = []

    async def repair(self, refused: Draft, advice: str) -> Draft:
        self.advice.append(advice)
        if self.second is None:
            raise ModelUnavailable("gone")
        return Draft(refused.group, self.second, refused.cited, "m")


async def settle(draft: Draft, writer: Repairing | None = None, metrics: Metrics | None = None) -> Verdict:
    async def drafts() -> AsyncIterator[Gathered | Composition | Draft]:
        yield draft

    settler = Settler(writer, metrics or Metrics())  # type: ignore[arg-type]
    verdicts = [item async for item in settler.stream(drafts())]
    assert len(verdicts) == 1
    assert isinstance(verdicts[0], Verdict)
    return verdicts[0]


WARFARIN, CLINIC = evidence(1, "Warfarin was stopped."), evidence(2, "See cardiology in 2 weeks.")


async def test_a_right_text_with_a_wrong_id_cites_the_words_that_carry_it() -> None:
    verdict = await settle(Draft(group(WARFARIN, CLINIC), "See cardiology in two weeks.", ("E1",), "m"))
    assert verdict.statement is not None
    assert [c.quote for c in verdict.statement.citations] == ["See cardiology in 2 weeks."]
    assert verdict.statement.status == "supported"


async def test_an_id_outside_the_closed_set_is_no_evidence() -> None:
    verdict = await settle(Draft(group(WARFARIN), "Warfarin was stopped today.", ("E9",), "m"))
    assert verdict.statement is not None
    assert [c.quote for c in verdict.statement.citations] == ["Warfarin was stopped."]


async def test_a_repaired_text_is_shown_and_the_refusal_remembered() -> None:
    writer, metrics = Repairing("See cardiology in two weeks."), Metrics()
    verdict = await settle(Draft(group(CLINIC), "See cardiology in 3 weeks.", ("E2",), "m"), writer, metrics)
    assert verdict.statement is not None
    assert verdict.statement.text == "See cardiology in two weeks."
    assert verdict.model == "m"
    assert verdict.reasons == ("number",)
    assert len(writer.advice) == 1
    assert metrics.registry.get_sample_value("anamnesis_llm_request_seconds_count") == 1


async def test_a_text_refused_twice_gives_way_to_the_quote() -> None:
    writer = Repairing("See cardiology in 4 weeks.")
    verdict = await settle(Draft(group(CLINIC), "See cardiology in 3 weeks.", ("E2",), "m"), writer)
    assert verdict.statement is not None
    assert (verdict.statement.status, verdict.statement.text) == ("quoted", "See cardiology in 2 weeks.")
    assert verdict.model == ""
    assert verdict.reasons == ("number", "number")


async def test_a_writer_gone_during_repair_gives_way_to_the_quote() -> None:
    verdict = await settle(Draft(group(CLINIC), "See him in 3 weeks.", ("E1",), "m"), Repairing(None))
    assert verdict.statement is not None
    assert verdict.statement.status == "quoted"


async def test_no_repair_is_asked_of_a_model_that_is_away() -> None:
    writer = Repairing("See cardiology in 2 weeks.")
    verdict = await settle(Draft(group(CLINIC), "", (), "", trouble=UNAVAILABLE), writer)
    assert verdict.statement is not None
    assert verdict.statement.status == "quoted"
    assert writer.advice == []


async def test_composed_text_that_fails_gives_way_to_the_quote() -> None:
    verdict = await settle(Draft(group(CLINIC, composed="Cardiology in 5 weeks"), "Cardiology in 5 weeks", ("E1",)))
    assert verdict.statement is not None
    assert verdict.statement.status == "quoted"


async def test_what_not_even_the_quote_can_support_is_withheld_and_counted() -> None:
    metrics = Metrics()
    torn = evidence(1, "She denies chest pain.", span=(11, 21))
    verdict = await settle(Draft(group(torn), "chest pain", ("E1",)), metrics=metrics)
    assert verdict.statement is None
    refused = metrics.registry.get_sample_value("anamnesis_statements_refused_total", {"reason": "negation"})
    assert refused is not None
    assert refused >= 1


LONG = evidence(1, "Hemoglobin 11.4 today on oral iron, checked in clinic before the infusion.")


async def test_what_code_set_side_by_side_may_leave_words_out_where_a_small_model_may_not() -> None:
    text = "Hemoglobin 11.4"
    by_code = await settle(Draft(group(LONG, composed=text), text, ("E1",)))
    assert by_code.statement is not None
    assert (by_code.statement.status, by_code.statement.text) == ("supported", text)
    by_model = await settle(Draft(group(LONG), text, ("E1",), "m"))
    assert by_model.reasons == ("too_little",)


async def test_text_of_code_passes_every_other_check() -> None:
    text = "Hemoglobin 12.4"
    verdict = await settle(Draft(group(LONG, composed=text), text, ("E1",)))
    assert verdict.reasons == ("number",)
