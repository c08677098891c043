"""The baselines on a small chart."""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from core.records import Citation
from mlops.evaluation.counting import CountingModel
from mlops.evaluation.summaries import cited_sentences
from mlops.evaluation.systems import AspectMmr, FullContext, Lead, NoRetrieval, System, TextRank, unchecked
from mlops.evaluation.systems.base import MAX_WORDS
from tests.fakes.charts import AVA, BEN, build_store
from vectorstore.chart import Chart


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Chart:
    return build_store(tmp_path_factory.mktemp("index"), [*AVA, *BEN]).generation.chart("ava")


class Remembering(GenericFakeChatModel):
    """Answers with what it is given and keeps the prompts."""

    prompts: list[str] = []  # noqa: RUF012

    def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        self.prompts.append(messages[-1].content)
        return super()._generate(messages, *args, **kwargs)


def answering(text: str) -> Remembering:
    def answers() -> Iterator[AIMessage]:
        while True:
            usage = {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
            yield AIMessage(text, usage_metadata=usage)

    return Remembering(messages=answers(), prompts=[])


@pytest.mark.parametrize("system", [Lead(), TextRank(), AspectMmr()], ids=lambda s: s.name)
async def test_an_extract_quotes_whole_sentences_within_the_words(system: System, chart: Chart) -> None:
    summary = await system.summarize(chart)
    assert 0 < summary.words <= MAX_WORDS
    for statement in summary.statements:
        (citation,) = statement.citations
        assert chart.note(citation.note_id).text[citation.start : citation.end] == citation.quote
        assert statement.text == " ".join(citation.quote.split())


async def test_lead_begins_with_the_newest_note(chart: Chart) -> None:
    summary = await Lead().summarize(chart)
    assert summary.statements[0].citations[0].note_id == chart.headers[-1].note_id


async def test_aspects_bring_in_what_the_handoff_asks_for(chart: Chart) -> None:
    told = " ".join(s.text for s in (await AspectMmr().summarize(chart)).statements[:8])
    assert "DNR" in told


async def test_without_retrieval_no_word_of_the_chart_is_shown_to_the_model(chart: Chart) -> None:
    llm = answering("- Takes lisinopril 20 mg daily.\n- No allergies. Stable!")
    summary = await NoRetrieval(llm, 1).summarize(chart)
    assert [s.text for s in summary.statements] == ["Takes lisinopril 20 mg daily.", "No allergies.", "Stable!"]
    assert summary.usage.prompt_tokens == 7
    assert summary.read_share == 0.0
    assert "furosemide" not in llm.prompts[0]


async def test_a_window_too_small_cuts_off_the_oldest_notes_and_says_so(chart: Chart) -> None:
    whole, part = answering("Fine."), answering("Fine.")
    assert (await FullContext(whole, 1, window_tokens=8192).summarize(chart)).read_share == 1.0
    cut = await FullContext(part, 1, window_tokens=900).summarize(chart)
    assert 0 < cut.read_share < 1
    assert "CHIEF COMPLAINT" in whole.prompts[0]
    assert "CHIEF COMPLAINT" not in part.prompts[0]


async def test_without_checks_what_the_model_makes_up_is_shown(chart: Chart) -> None:
    llm = answering('{"statement": "He flew to the moon 17 times.", "evidence": ["E1"]}')
    summary = await unchecked(llm, 1).summarize(chart)
    assert any("moon" in s.text for s in summary.statements)


async def test_the_counting_model_bills_each_prompt_and_caches_a_shared_beginning(chart: Chart) -> None:
    llm = CountingModel(count_tokens=lambda text: len(text.split()))
    first = await llm.ainvoke([("system", "be brief"), ("user", "[E1] (2021) Sodium 139")])
    second = await llm.ainvoke([("system", "be brief"), ("user", "[E1] (2021) Full code")])
    assert first.content == '{"statement":"Sodium 139","evidence":["E1"]}'
    assert first.usage_metadata and first.usage_metadata["input_tokens"] == 6
    assert second.usage_metadata and second.usage_metadata["input_token_details"]["cache_read"] == 2


def test_a_cited_part_is_read_in_its_whole_sentence(chart: Chart) -> None:
    header = chart.headers[0]
    text = chart.note(header.note_id).text
    start = text.index("chest pain")
    part = Citation(header.note_id, header.note_type, header.charted_at, "", start, start + 10, "chest pain")
    assert cited_sentences(chart, part) == "She denies chest pain."
