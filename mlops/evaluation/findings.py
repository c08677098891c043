"""Where a task gathers what it observes, one system and unit at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mlops.evaluation.metrics.citations import Share
from mlops.evaluation.metrics.telling import ToldStatement
from mlops.evaluation.records import Example, Observation

WORST = 10


@dataclass
class Findings:
    """Observations and examples as they come. `system` and `unit` name whose they are until they are changed."""

    system: str = ""
    unit: str = ""
    observations: list[Observation] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)

    def add(self, metric: str, hits: float, total: float = 1.0) -> None:
        """One observation; nothing where there was nothing to count."""
        if total:
            self.observations.append(Observation(metric, self.system, self.unit, hits, total))

    def add_share(self, metric: str, share: Share) -> None:
        """A share, and its statements as examples."""
        self.add(metric, share.hits, share.total)
        for statement in share.short:
            self.show(metric, statement)

    def show(self, metric: str, statement: ToldStatement, why: str = "", badness: float = 1.0) -> None:
        """A statement as an example of what went wrong."""
        cited = "; ".join(
            f"{c.note_id} ({(c.charted_at or 'undated')[:10]}): {' '.join(c.quote.split())}"
            for c in statement.citations
        )
        text = f"[{statement.section or 'no section'}] {statement.text}\ncites {cited or 'nothing'}"
        self.tell(metric, f"{text}\n{why}" if why else text, badness)

    def tell(self, metric: str, text: str, badness: float = 1.0) -> None:
        """Any other example."""
        self.examples.append(Example(metric, self.system, self.unit, badness, text))

    def worst(self) -> tuple[Example, ...]:
        """The worst ten examples of each metric and system."""
        kept: dict[tuple[str, str], int] = {}
        return tuple(e for e in _worst_first(self.examples) if _count(kept, (e.metric, e.system)) <= WORST)


def _worst_first(examples: Iterable[Example]) -> Sequence[Example]:
    return sorted(examples, key=lambda e: (e.metric, e.system, -e.badness))


def _count(seen: dict[tuple[str, str], int], key: tuple[str, str]) -> int:
    seen[key] = seen.get(key, 0) + 1
    return seen[key]
