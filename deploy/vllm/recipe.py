"""Which parameters suit which GPU: one file each in `deploy/vllm/gpu`, in the form of vLLM's `--config`."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "gpu"
_FAMILIES = (
    (re.compile(r"\bL(4|40S?)\b|RTX (6000 Ada|4090)"), "l4"),
    (re.compile(r"\bA(100|800)\b"), "a100"),
    (re.compile(r"\b(G?H(100|200|800|20))\b"), "h100"),
)


def names() -> list[str]:
    """The recipes there are."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def recipe_for(gpu: str) -> Path | None:
    """The recipe for a GPU by the name its driver gives, None where there is none: then vLLM's own defaults hold."""
    family = next((name for pattern, name in _FAMILIES if pattern.search(gpu)), None)
    return FOLDER / f"{family}.yaml" if family else None
