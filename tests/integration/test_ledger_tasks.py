"""The ledger's tasks on two synthetic charts, with the real embedding model."""

from pathlib import Path

import orjson
import pytest

from chains import build_chain
from core.settings import LLMSettings
from core.telemetry import Metrics
from mlops.evaluation.charts import LedgerCharts, ledger_charts
from mlops.evaluation.facts.__main__ import main
from mlops.evaluation.metrics.declared import ledger_metrics
from mlops.evaluation.metrics.telling import ToldStatement
from mlops.evaluation.records import TaskResult
from mlops.evaluation.suite import check
from mlops.evaluation.systems import ChainSystem, Lead, SystemSummary
from mlops.evaluation.tasks import abstention, evidence, ledger_facts, writing_modes
from tests.fakes.chat_model import Answering
from vectorstore.chart import Chart

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("charts")


@pytest.fixture(scope="module")
def charts(folder: Path) -> LedgerCharts:
    return ledger_charts("a", patients=2, seed=3, folder=folder)


class Parrot:
    """Says of every patient what is true of none."""

    name = "parrot"
    limit = 1

    async def summarize(self, chart: Chart) -> SystemSummary:
        return SystemSummary((ToldStatement("1", "Takes warfarin 12345 mg daily.", ()),))


def value(result: TaskResult, metric: str, system: str) -> float:
    found = [o for o in result.observations if (o.metric, o.system) == (metric, system)]
    return sum(o.hits for o in found) / sum(o.total for o in found)


def extractive() -> ChainSystem:
    return ChainSystem(build_chain(llm=None, metrics=Metrics(), llm_settings=LLMSettings()))


def test_charts_are_made_once_and_taken_from_the_folder_after(charts: LedgerCharts, folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = ledger_charts("a", patients=2, seed=3, folder=folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert again.digests == charts.digests


def test_every_span_of_the_ledger_lies_in_its_note(charts: LedgerCharts) -> None:
    for chart, ledger in charts:
        assert ledger.ends == max(h.charted_at or "" for h in chart.headers)
        for fact in ledger.facts:
            for span in fact.spans:
                assert chart.note(span.note_id).text[span.start : span.end].strip()


def test_a_good_summary_and_a_bad_one_are_told_apart(charts: LedgerCharts) -> None:
    systems = [extractive(), Lead(), Parrot()]
    result = ledger_facts.run(charts, systems, count_tokens=charts.embeddings.count_tokens)
    check("ledger_a", result)
    assert value(result, "citation_validity", "extractive") == 1.0
    assert value(result, "fact_recall", "extractive") > value(result, "fact_recall", "parrot") == 0.0
    assert value(result, "fact_precision", "parrot") == 0.0
    assert value(result, "unsupported_numbers", "parrot") == 1.0
    assert value(result, "words", "lead") > value(result, "words", "parrot") / 2
    assert [o.unit for o in result.observations if o.system == "parrot" and o.metric == "words"] == ["10300000"]
    assert any(e.system == "parrot" and "12345" in e.text for e in result.examples)


def test_bars_hold_on_half_b_and_hard_ones_on_both(charts: LedgerCharts) -> None:
    a, b = ({m.name: m.bar for m in ledger_metrics(half)} for half in ("a", "b"))
    assert a["citation_validity"] == b["citation_validity"] == 1.0
    assert (a["fact_recall"], b["fact_recall"]) == (None, 0.95)


def test_evidence_is_measured_beside_one_search_alone(charts: LedgerCharts) -> None:
    embeddings = charts.embeddings
    result = evidence.run(charts, embeddings=embeddings, count_tokens=embeddings.count_tokens)
    check("evidence_a", result)
    assert value(result, "evidence_recall", "extractive") > value(result, "evidence_recall", "bm25") > 0
    assert 0 < value(result, "uncached_prompt_tokens", "extractive") < value(result, "prompt_tokens", "extractive")


def test_questions_are_asked_with_and_without_evidence(charts: LedgerCharts) -> None:
    chain = build_chain(llm=None, metrics=Metrics(), llm_settings=LLMSettings())
    result = abstention.run(charts, chain, limit=1)
    check("abstention_a", result)
    assert value(result, "over_refusal", "extractive") <= 0.5 <= value(result, "abstention", "extractive")
    removed = {o.unit for o in result.observations if o.metric == "abstention_removed"}
    assert removed <= {o.unit for o in result.observations if o.metric == "over_refusal"}


def test_the_quick_look_prints_recall_and_misses(
    charts: LedgerCharts, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--patients", "2", "--seed", "3", "--work", str(folder), "--misses", "1"]) == 0
    printed = capsys.readouterr().out
    assert "recall" in printed
    assert charts.name in printed


def writes_one_line(prompt: str) -> str:
    """Nothing of a whole section; of a group its first line, called reported, and now and then with a number."""
    if "Section:" in prompt:
        return '{"statements": []}'
    line = [line for line in prompt.splitlines() if line.startswith("[E1]")][-1].partition(") ")[2]
    added = " in 77 days" if len(line) % 2 else ""
    return orjson.dumps({"statement": f"Reportedly {line.rstrip(' .')}{added}.", "evidence": ["E1"]}).decode()


def test_what_a_model_writes_in_either_mode_is_counted(charts: LedgerCharts) -> None:
    llm = Answering(answer=writes_one_line)
    both = {m: LLMSettings(model="fake-8b", writer=m) for m in writing_modes.MODES}
    chains = {m: build_chain(llm=llm, metrics=Metrics(), llm_settings=s) for m, s in both.items()}
    chains["extractive"] = build_chain(llm=None, metrics=Metrics(), llm_settings=LLMSettings())
    result = writing_modes.run(charts, chains, system="model", handoffs=1, others=1)
    check("writing_modes", result)
    assert {o.unit.partition("/")[2] for o in result.observations} == {"handoff", "discharge"}
    assert value(result, "quoted_compose", "model") + value(result, "withheld_compose", "model") == 1.0
    assert value(result, "empty_compose", "model") == 1.0
    assert value(result, "words_compose", "model") == value(result, "words_extractive", "model")
    kept, refused = (value(result, f"{name}_compress", "model") for name in ("kept", "refused"))
    assert 0.0 < kept < 1.0
    assert 0.0 < refused <= 1.0 - kept
    assert any("Reportedly" in e.text for e in result.examples if e.metric == "kept_compress")
    assert [note.endswith("none") for note in result.notes] == [False, True]
