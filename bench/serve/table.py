"""One line for each level of load."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.figures import Figure
from bench.serve.load import Load, percentile
from bench.serve.readings import Reading

HEAD = (
    "load", "asked", "summaries/s", "first p50", "p95", "p99", "whole p50", "p95", "p99",
    "tokens/s", "CPU ms", "prefix hits", "cache hits", "errors",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Level:
    """A level of load; what was used until its last answer came, and what of it within its window."""

    name: str
    load: Load
    used: Reading
    within: Reading

    @property
    def first(self) -> list[float]:
        """Seconds to the first statement."""
        return [one.statements[0] for one in self.load.ok if one.statements]

    @property
    def whole(self) -> list[float]:
        """Seconds to the whole summary."""
        return [one.done for one in self.load.ok]

    @property
    def errors(self) -> Counter[str]:
        """How often each code came."""
        return Counter(one.code for one in self.load.seen if not one.ok)

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds of the service for each summary, refusals paid by those too."""
        return 1000 * self.used.cpu_s / max(1, len(self.load.ok))

    @property
    def tokens_s(self) -> float:
        """Model tokens a second, by the model server's count, else by the service's."""
        return (self.within.generated or self.within.tokens_in) / self.load.seconds

    def cells(self) -> tuple[str, ...]:
        """A line of the table."""
        used = self.used
        times = [percentile(values, share) for values in (self.first, self.whole) for share in (0.5, 0.95, 0.99)]
        return (
            self.name,
            str(len(self.load.seen)),
            f"{self.load.rate:.2f}",
            *(f"{value:.3f}" if value < 10 else f"{value:.1f}" for value in times),
            f"{self.tokens_s:,.0f}",
            f"{self.cpu_ms:.1f}",
            _share(used.prefix_hits, used.prefix_queries),
            _share(used.cache_hits, used.cache_lookups),
            ", ".join(f"{count} {code}" for code, count in sorted(self.errors.items())),
        )

    def figures(self, prefix: str) -> list[Figure]:
        """The same as figures that are only reported."""
        about = ", ".join(f"{count} {code}" for code, count in sorted(self.errors.items())) or "no error"
        asked = f"{len(self.load.seen)} asked in {self.load.seconds:.0f} s, {about}"
        name = f"{prefix}, {self.name}"
        found = [Figure(f"{name}: summaries", self.load.rate, "/s", baseline=asked)]
        for what, values in (("first statement", self.first), ("whole summary", self.whole)):
            found += [
                Figure(f"{name}: {what}, p{100 * share:.0f}", percentile(values, share), "s")
                for share in (0.5, 0.95, 0.99)
            ]
        found += [
            Figure(f"{name}: model tokens", self.tokens_s, "/s"),
            Figure(f"{name}: CPU of a summary", self.cpu_ms, "CPU ms"),
        ]
        if self.used.prefix_queries:
            hits = 100 * self.used.prefix_hits / self.used.prefix_queries
            found.append(Figure(f"{name}: prompt tokens from the prefix cache", hits, "%"))
        return found


def text_table(levels: Iterable[Level]) -> str:
    """All levels as aligned text."""
    rows = [HEAD, *(level.cells() for level in levels)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(_aligned(row, widths) for row in rows)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f}%" if whole else ""
