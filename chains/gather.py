"""From a plan to evidence: lists from resolved facts, the rest by retrieval, all within one patient."""

import logging
import time

from chains.budget import Budget, spending_order
from chains.citations import Citer
from chains.conflicts import conflicts_in
from chains.evidence import Gathered, Group, SectionEvidence
from chains.focus import FOCUS_KEY, facts_first
from chains.foreign import ForeignFacts
from chains.knowledge import knowledge_of
from chains.lists import ListWriter
from chains.passages import PassageFinder
from chains.plan import Plan
from chains.scope import Scope, latest_stay, scope_of
from core.errors import AnamnesisError
from core.records import Coverage
from core.telemetry import traits_of
from core.tracing import span
from prompts import SectionPlan
from vectorstore.chart import Chart

log = logging.getLogger(__name__)


def gather(plan: Plan) -> Gathered:
    """Collect the evidence of every section. A section that breaks is marked failed; the others stand.

    Raises:
        AnamnesisError: the index cannot be read.
    """
    with span("gather") as gathering:
        gathered = _Gathering(plan).run()
        groups = sum(len(section.groups) for section in gathered.sections)
        gathering.say(notes=len(gathered.note_ids), sections=len(gathered.sections), groups=groups)
        return gathered


class _Gathering:
    """The state of one gathering."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._chart: Chart = plan.input.chart
        self._scope: Scope = scope_of(plan.input.request, self._chart)
        self._citer = Citer(self._chart)
        known = self._known = knowledge_of(self._chart, self._scope)
        self._sentences = known.sentences
        self._resolved = known.sifted.resolved
        self._apart = ForeignFacts(known.sifted, self._citer, self._sentences)
        self._lists = ListWriter(self._citer, self._sentences, self._scope.latest)
        self._passages = PassageFinder(
            self._chart,
            self._citer,
            latest_stay(self._scope) if plan.latest_stay else self._scope,
            known,
            plan.sections,
        )
        self._budget = Budget(plan.input.request.max_words, plan.sections)

    def run(self) -> Gathered:
        """Lists first, since they must be complete; passages share the words that are left."""
        by_key = {s.key: self._section(s) for s in sorted(self._plan.sections, key=spending_order)}
        sections = tuple(by_key[s.key] for s in self._plan.sections)
        conflicts = conflicts_in((*self._resolved, *self._apart.conflicts()), self._citer, self._sentences)
        return Gathered(
            input=self._plan.input,
            sections=sections,
            conflicts=conflicts,
            coverage=self._coverage(),
            note_ids=tuple(h.note_id for h in self._scope.headers),
            started=self._plan.started,
            gather_s=time.perf_counter() - self._plan.started,
            resolved=self._resolved,
            remembered=self._known.remembered,
        )

    def _section(self, section: SectionPlan) -> SectionEvidence:
        try:
            groups = self._groups(section)
        except AnamnesisError:
            raise
        except Exception as e:
            log.error("section_failed", extra={"section": section.key, **traits_of(e)})
            return SectionEvidence(section, (), failed=True)
        return SectionEvidence(section, groups)

    def _groups(self, section: SectionPlan) -> tuple[Group, ...]:
        if not self._scope.headers:
            return ()
        if section.source == "list":
            whole = self._known.listed(section, lambda: self._lists.groups(section, self._resolved))
            listed = self._budget.trim(section, whole)
            return (*listed, *self._apart.groups(section, len(listed)))
        focus = self._plan.focus if section.key == FOCUS_KEY else None
        groups = self._passages.groups(section, word_limit=self._budget.share(section), focus=focus)
        if focus:
            groups = facts_first(self._lists.about(section, self._resolved, focus.names), groups, section.limit)
        return self._budget.take(groups)

    def _coverage(self) -> Coverage:
        return Coverage(
            notes_total=len(self._chart.headers),
            notes_considered=len(self._scope.headers),
            notes_cited=0,
            quarantined=self._chart.quarantined,
            skipped=self._scope.skipped,
        )
