"""Prompts as files: `<name>/<version>.yaml`, identified by the digest of their bytes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from string import Template as StringTemplate

import yaml

from core.records import PromptRef

ROOT = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Example:
    """Lines as they would be put to the model, and the answer that is wanted for them."""

    lines: str
    statement: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt: what the model is, examples of turns, and the turn to ask. The turns hold `$name` placeholders."""

    ref: PromptRef
    system: str
    examples: tuple[Example, ...]
    user: str
    repair: str

    def user_message(self, *, lines: str) -> str:
        """The turn that asks for a statement."""
        return StringTemplate(self.user).substitute(lines=lines)

    def repair_message(self, *, lines: str, reason: str) -> str:
        """The turn that asks once more after a refusal."""
        return StringTemplate(self.repair).substitute(lines=lines, reason=reason)


def load_prompt(name: str, version: str) -> Prompt:
    """Read a released prompt. Raises FileNotFoundError where there is none."""
    raw = (ROOT / name / f"{version}.yaml").read_bytes()
    parts = yaml.safe_load(raw)
    return Prompt(
        ref=PromptRef(name=name, version=version, sha256=hashlib.sha256(raw).hexdigest()),
        system=parts["system"].strip(),
        examples=tuple(Example(e["lines"].strip(), e["statement"], tuple(e["evidence"])) for e in parts["examples"]),
        user=parts["user"].strip(),
        repair=parts["repair"].strip(),
    )
