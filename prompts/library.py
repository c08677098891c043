"""Prompts as files: `<name>/<version>.yaml`, identified by the digest of their bytes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template as StringTemplate
from typing import Any

import yaml

from core.records import PromptRef

ROOT = Path(__file__).parent
WITH_ORIGIN = "[$id] ($where) $text"
_PLACEHOLDERS = ("lines", "section")


@dataclass(frozen=True, slots=True)
class Example:
    """What would fill the turn's placeholders, and the answer that is wanted for it, as JSON takes it."""

    values: Mapping[str, str]
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt: what the model is, examples of turns, and the turn to ask.

    The turns hold `$name` placeholders; `repair` is "" for a prompt that asks only once. `line` says how a line of
    evidence is written: its `$id`, its `$text` and, where the model is to know, its `$heading` or all of `$where` it
    stands (date, type of note, heading). `names_lines` says that the answer names the lines it rests on.
    """

    ref: PromptRef
    system: str
    examples: tuple[Example, ...]
    user: str
    repair: str
    line: str = WITH_ORIGIN
    names_lines: bool = True

    def user_message(self, **values: str) -> str:
        """The turn that asks. Raises KeyError for a placeholder without a value."""
        return StringTemplate(self.user).substitute(values)

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
        examples=tuple(_example(e) for e in parts["examples"]),
        user=parts["user"].strip(),
        repair=parts.get("repair", "").strip(),
        line=parts.get("line", WITH_ORIGIN).strip(),
        names_lines=parts.get("names_lines", True),
    )


def _example(raw: Mapping[str, Any]) -> Example:
    values = {name: raw[name].strip() for name in _PLACEHOLDERS if name in raw}
    return Example(values, {name: value for name, value in raw.items() if name not in _PLACEHOLDERS})
