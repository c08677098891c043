"""What is asked: templates, charts of all sizes, anew or not."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

TEMPLATES = ("handoff", "handoff", "handoff", "discharge", "medications", "problem_list")
"""Each as often as it is drawn: a handoff is what the page opens with."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for a summary. `fresh` forbids an answer from the cache; `whole` asks for JSON, not for events."""

    patient_id: str
    template: str = "handoff"
    fresh: bool = True
    whole: bool = False

    @property
    def body(self) -> bytes:
        """The JSON body."""
        return orjson.dumps({"patient_id": self.patient_id, "template": self.template})

    @property
    def headers(self) -> dict[str, str]:
        """Its headers."""
        accept = "application/json" if self.whole else "text/event-stream"
        cache = {"Cache-Control": "no-cache"} if self.fresh else {}
        return {"Accept": accept, "Content-Type": "application/json", **cache}


def mixed(
    patients: Sequence[str],
    *,
    templates: Sequence[str] = TEMPLATES,
    fresh_share: float = 1.0,
    whole: bool = False,
    seed: int = 17,
) -> Iterator[Ask]:
    """Asks without end, drawn from a seed: any patient, any template, this share of them anew."""
    rng = random.Random(seed)
    while True:
        yield Ask(rng.choice(patients), rng.choice(templates), rng.random() < fresh_share, whole)
