"""Prompts as files: `<name>/<version>.yaml`, identified by the digest of their bytes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from string import Template as StringTemplate

import yaml

from core.records import PromptRef

ROOT = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt of two messages. `user` and `repair` hold `$name` placeholders."""

    ref: PromptRef
    system: str
    user: str
    repair: str

    def user_message(self, **values: str) -> str:
        """The user message with its placeholders filled; a missing one raises KeyError."""
        return StringTemplate(self.user).substitute(values)

    def repair_message(self, **values: str) -> str:
        """The message that asks once more after a refusal."""
        return StringTemplate(self.repair).substitute(values)


def load_prompt(name: str, version: str) -> Prompt:
    """Read a released prompt. Raises FileNotFoundError where there is none."""
    raw = (ROOT / name / f"{version}.yaml").read_bytes()
    parts = yaml.safe_load(raw)
    ref = PromptRef(name=name, version=version, sha256=hashlib.sha256(raw).hexdigest())
    return Prompt(ref=ref, system=parts["system"].strip(), user=parts["user"].strip(), repair=parts["repair"].strip())
