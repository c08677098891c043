"""Where a summary's words come from: told in the summary, and kept in full for replay."""

from collections.abc import Iterable, Mapping

from chains.asking import places_of, remembered
from chains.draft import Verdict
from chains.evidence import Gathered
from chains.verification import VERIFIER
from core.records import GroupTrace, Provenance, Trace, WritingSettings
from prompts import Template


class Recorder:
    """Says for each summary what it was made from. One instance serves all requests."""

    def __init__(self, settings: WritingSettings, templates: Mapping[str, Template]) -> None:
        self._settings = settings
        self._templates = templates

    def provenance(self, gathered: Gathered, model: str | None) -> Provenance:
        """What a reader is told; `model` wrote at least one of the statements."""
        chart = gathered.input.chart
        return Provenance(
            index_generation=chart.generation,
            patient_digest=chart.digest,
            embedding_model=chart.embedding_model,
            model=model,
            adapter=(self._settings.adapter or None) if model else None,
            prompt=self._settings.prompt,
            verifier=VERIFIER,
        )

    def trace(self, gathered: Gathered, verdicts: Iterable[Verdict]) -> Trace:
        """What is kept: with the chart it is all that the summary was made from."""
        order = {section.plan.key: place for place, section in enumerate(gathered.sections)}
        in_order = sorted(verdicts, key=lambda v: (order[v.group.section], v.group.index))
        return Trace(
            request=gathered.request,
            model_ready=gathered.input.model_ready,
            settings=self._settings,
            template=self._templates[gathered.request.template].ref,
            groups=tuple(
                GroupTrace(v.group.section, v.group.index, places_of(v.group.evidence), v.reasons) for v in in_order
            ),
            attempts=remembered(),
        )
