"""Summaries of ledger charts by our own chain, as statements that every metric can read."""

from chains import ChainInput, SummaryChain
from core.records import Citation, Summary, SummaryRequest
from mlops.evaluation.metrics.telling import ToldStatement
from vectorstore.chart import Chart


async def summarize(
    chain: SummaryChain, chart: Chart, *, model_ready: bool = False, focus: str | None = None, max_words: int = 350
) -> Summary:
    """The handoff of one chart."""
    request = SummaryRequest(chart.patient_id, focus=focus, max_words=max_words)
    return await chain.ainvoke(ChainInput(request, chart, f"evaluation-{chart.patient_id}", model_ready))


def statements_of(summary: Summary) -> tuple[ToldStatement, ...]:
    """All statements of a summary, in reading order."""
    return tuple(
        ToldStatement(s.statement_id, s.text, s.citations, section.key, s.status)
        for section in summary.sections
        for s in section.statements
    )


def cited_sentences(chart: Chart, citation: Citation) -> str:
    """The whole sentences that a citation lies in, with what stands between them; its own words where it lies in none.

    Raises:
        NoteNotFound: the chart has no such note.
    """
    touched = [s for s in chart.sentences_of(citation.note_id) if s.start < citation.end and s.end > citation.start]
    if not touched:
        return citation.quote
    start, end = min(touched[0].start, citation.start), max(touched[-1].end, citation.end)
    return chart.note(citation.note_id).text[start:end]
