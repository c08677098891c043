"""The chart a stored summary was made from, if some generation of the index still holds it."""

from pathlib import Path

from langchain_core.embeddings import Embeddings

from core.errors import AnamnesisError, IndexUnavailable, PatientNotFound
from core.records import Provenance
from vectorstore.chart import Chart
from vectorstore.generation import Generation
from vectorstore.kept import open_kept
from vectorstore.store import Store


class ChartGone(AnamnesisError):
    """No generation holds the chart as it was."""

    code = "chart_gone"


class ChartFinder:
    """Finds charts in one index. Raises IndexUnavailable and IndexMismatch where it cannot be read."""

    def __init__(self, root: Path, embeddings: Embeddings) -> None:
        self._root = root
        self._embeddings = embeddings
        self._live = Store(root, embeddings).generation
        self._kept: dict[int, Generation | None] = {self._live.number: self._live}

    def chart_of(self, patient_id: str, provenance: Provenance) -> Chart:
        """The chart in the generation the summary names, else in the live one, where it has not changed.

        Raises:
            ChartGone: neither holds it in that state.
        """
        made_from = self._generation(provenance.index_generation)
        for generation in (made_from, self._live):
            chart = _chart(generation, patient_id)
            if chart and chart.digest == provenance.patient_digest:
                return chart
        raise ChartGone(self._why(made_from, patient_id, provenance.index_generation))

    def _generation(self, number: int) -> Generation | None:
        if number not in self._kept:
            try:
                self._kept[number] = open_kept(self._root, number, self._embeddings)
            except IndexUnavailable:
                self._kept[number] = None
        return self._kept[number]

    def _why(self, made_from: Generation | None, patient_id: str, number: int) -> str:
        gone = f"generation {number} is no longer kept" if made_from is None else f"generation {number} is another one"
        if _chart(self._live, patient_id) is None:
            return f"{gone}, and the live one ({self._live.number}) has no such patient"
        return f"{gone}, and in the live one ({self._live.number}) the chart has changed"


def _chart(generation: Generation | None, patient_id: str) -> Chart | None:
    if generation is None:
        return None
    try:
        return generation.chart(patient_id)
    except PatientNotFound:
        return None
