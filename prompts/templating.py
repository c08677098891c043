"""Summary templates: which sections a summary has and where each one's evidence comes from."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from core.records import FactKind, PromptRef, SectionKind

FOLDER = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class SectionPlan:
    """One section of a template.

    A `list` section is made of every fact of its `facts` kinds, resolved over time, never of a top-k.
    A `passage` section is retrieved: `kinds`, `headings` (part of the author's heading) and `note_types` weigh the
    sentences of these sections and notes (factor, 1 is neutral), `prefer` doubles those it matches, `avoid`
    leaves those it matches out, `half_life_days` is the age at which a sentence counts half and `within_days` the age,
    at the end of the chart, past which it is not shown. `leave_out` are names of facts a list does without.
    `limit` is the most statements it may hold; None where the list must be complete.
    """

    key: str
    title: str
    source: Literal["list", "passage"]
    facts: tuple[FactKind, ...] = ()
    queries: tuple[str, ...] = ()
    kinds: Mapping[SectionKind, float] = field(default_factory=dict)
    note_types: Mapping[str, float] = field(default_factory=dict)
    headings: Mapping[str, float] = field(default_factory=dict)
    prefer: re.Pattern[str] | None = None
    avoid: re.Pattern[str] | None = None
    leave_out: frozenset[str] = frozenset()
    only_kinds: bool = False
    half_life_days: float = 365
    within_days: float | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of summary. With `latest_stay` its passages come from the last stay in hospital alone."""

    ref: PromptRef
    title: str
    sections: tuple[SectionPlan, ...]
    latest_stay: bool = False

    @property
    def name(self) -> str:
        """What a request calls it."""
        return self.ref.name


def load_templates() -> dict[str, Template]:
    """All released templates by name, the newest version of each, in the order the page offers them."""
    found: dict[str, Template] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        template = _template(path.read_bytes())
        if template.name not in found or int(found[template.name].ref.version) < int(template.ref.version):
            found[template.name] = template
    return dict(sorted(found.items(), key=lambda item: (item[0] != "handoff", item[0])))


def load_template(name: str, version: str) -> Template:
    """One version of a template. Raises FileNotFoundError where it was never released."""
    return _template((FOLDER / f"{name}-{version}.yaml").read_bytes())


def _template(content: bytes) -> Template:
    raw: Mapping[str, Any] = yaml.safe_load(content)
    ref = PromptRef(raw["name"], str(raw["version"]), hashlib.sha256(content).hexdigest())
    sections = tuple(_section(s) for s in raw["sections"])
    return Template(ref, raw["title"], sections, bool(raw.get("latest_stay", False)))


def _section(raw: Mapping[str, Any]) -> SectionPlan:
    return SectionPlan(
        key=raw["key"],
        title=raw["title"],
        source=raw["source"],
        facts=tuple(FactKind(kind) for kind in raw.get("facts", ())),
        queries=tuple(raw.get("queries", ())),
        kinds={SectionKind(kind): float(weight) for kind, weight in raw.get("kinds", {}).items()},
        note_types={name.lower(): float(weight) for name, weight in raw.get("note_types", {}).items()},
        headings={name.lower(): float(weight) for name, weight in raw.get("headings", {}).items()},
        prefer=re.compile(raw["prefer"], re.IGNORECASE) if "prefer" in raw else None,
        avoid=re.compile(raw["avoid"], re.IGNORECASE) if "avoid" in raw else None,
        within_days=float(raw["within_days"]) if "within_days" in raw else None,
        leave_out=frozenset(raw.get("leave_out", ())),
        only_kinds=bool(raw.get("only_kinds", False)),
        half_life_days=float(raw.get("half_life_days", 365)),
        limit=raw.get("limit"),
    )
