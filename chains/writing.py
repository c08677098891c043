"""How the model is asked to write, and how far it is trusted: by its size, as measured."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from core.settings import LLMSettings

Mode: TypeAlias = Literal["compress", "compose"]
Strictness: TypeAlias = Literal["close", "free"]

_SIZE = re.compile(r"(?<![\w.])(\d+(?:[.p]\d+)?)\s?([bm])(?![a-z0-9])", re.IGNORECASE)
CAPABLE_B = 7.0
"""Billions of parameters from which a model composes and may use words of its own.

Measured at 1.5 billion, which is too few for either (docs/adr/0011-writing-by-model-size.md); not measured above.
"""


@dataclass(frozen=True, slots=True)
class Writing:
    """`mode`: one request a group of evidence, or one a section. `strictness`: whether words of the model's own pass.

    Under `close` a statement may hold hardly a content word that its evidence does not; under `free` it may, is flagged
    as paraphrased, and every other check is the same.
    """

    mode: Mode
    strictness: Strictness


def writing_for(settings: LLMSettings, served: str = "") -> Writing:
    """The writing that suits the model: `settings.writer` where it says, else by the size in the model's name.

    `served` is the name the server gives, used where the settings name none. A model of unknown size is taken for a
    small one: it may say less, never more.
    """
    size = parameters_b(settings.model or served)
    capable = size is not None and size >= CAPABLE_B
    strictness: Strictness = "free" if capable else "close"
    if settings.writer != "auto":
        return Writing(settings.writer, strictness)
    return Writing("compose" if capable else "compress", strictness)


def parameters_b(name: str) -> float | None:
    """Billions of parameters as told in a model's name (`Llama-3.1-8B-Instruct`, `smollm2-135m`), None where untold."""
    sizes = [float(number.replace("p", ".")) / (1000 if unit in "mM" else 1) for number, unit in _SIZE.findall(name)]
    return sizes[-1] if sizes else None
