"""Does a sentence speak to a machine that reads the chart?

Three things must not be mistaken for it: orders to the patient ("disregard the label on the bottle"), notes that say
they were written with the help of a machine, and *AI* for aortic insufficiency or an aromatase inhibitor.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import yaml

_DIGIT_FOR_LETTER = re.compile(r"[a-z][013457@$][a-z]|\b[13457@$][a-z]{1,3}[013457@$]")
_LETTERS = str.maketrans("013457@$", "oieastas")
_SPELLED = re.compile(r"(?:(?<![^\W_])[A-Za-z][ .*_-]{1,3}){7,200}[A-Za-z](?![^\W_])")
_SQUEEZED = re.compile(
    r"ignore(?:all|any|the|your)?(?:previous|prior|above|instructions)|disregard(?:all)?(?:the)?(?:previous|prior|above)|"
    r"systemprompt",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Rule:
    literals: tuple[str, ...]
    pattern: re.Pattern[str]

    def holds(self, flat: str, lowered: str) -> bool:
        for literal in self.literals:
            if literal in lowered:
                return self.pattern.search(flat) is not None
        return False


@cache
def _rules() -> tuple[_Rule, ...]:
    data = yaml.safe_load(files(__package__).joinpath("machine_talk.yaml").read_text("utf-8"))
    words = {f"<{name}>": f"(?:{'|'.join(parts)})" for name, parts in data["words"].items()}

    def compiled(patterns: list[str]) -> re.Pattern[str]:
        joined = "|".join("".join(pattern.splitlines()) for pattern in patterns)
        for name, choice in words.items():
            joined = joined.replace(name, choice)
        return re.compile(joined, re.IGNORECASE)

    return tuple(_Rule(tuple(rule["literals"]), compiled(rule["patterns"])) for rule in data["rules"].values())


def orders_a_machine(text: str) -> bool:
    """Whether a sentence gives orders to a program that reads it, in plain, digit-for-letter or spaced-out spelling."""
    flat = " ".join(text.split())
    lowered = f" {flat.lower()}"
    if _talks(flat, lowered):
        return True
    if _DIGIT_FOR_LETTER.search(lowered):
        plain = lowered.translate(_LETTERS)
        if _talks(plain, plain):
            return True
    return any(_SQUEEZED.search(re.sub(r"[^A-Za-z]", "", m.group())) for m in _SPELLED.finditer(flat))


def _talks(flat: str, lowered: str) -> bool:
    # Most sentences hold no literal of any rule, which their words tell; words repeat.
    return any(map(_may_tell, lowered.split())) and any(rule.holds(flat, lowered) for rule in _rules())


@lru_cache(maxsize=65536)
def _may_tell(word: str) -> bool:
    """Whether a literal of some rule may stand where this word, which white space bounds, is part of a text."""
    beginnings, parts = _word_parts()
    return word.startswith(beginnings) or any(part in word for part in parts)


@cache
def _word_parts() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of each literal the longest piece without a blank: those that begin a word by a blank ahead, and the others."""
    longest = {(literal, max(literal.split(), key=len)) for rule in _rules() for literal in rule.literals}
    beginnings = {part for literal, part in longest if literal.startswith(f" {part}")}
    return tuple(beginnings), tuple({part for literal, part in longest if not literal.startswith(f" {part}")})
