"""Words that charts do not hold: orders to a machine, marks of a prompt, markup, and characters that hide something.

Named rules over one sentence. A hit hides nothing: it flags what is shown and keeps it from changing other statements
(`chains.foreign`). Every pattern is bounded, so a text takes time linear in its length.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Literal, TypeAlias

from chains import machine_talk
from extraction.readable import HIDDEN, mixes_scripts, readable

Reason: TypeAlias = Literal[
    "orders_a_machine",
    "prompt_token",
    "evidence_marker",
    "markup",
    "hidden_characters",
    "lookalike_letters",
    "stacked_marks",
    "encoded_text",
]
OTHER_VOICE: frozenset[Reason] = frozenset({"orders_a_machine", "prompt_token", "evidence_marker"})
"""Reasons for which what follows in the section is not trusted either: somebody else than the author speaks."""

_PROMPT_TOKEN = re.compile(
    r"<\|[^|<>\n]{1,40}\|?>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|"
    r"</?(?:system|user|assistant|human|tool|prompt|instructions?|context|documents?|evidence|thinking|notes?|chart|"
    r"im_start|im_end|bos|eos|endoftext|sys|inst)(?:[\s/][^<>\n]{0,80})?>|"
    r"(?:\A|\n)\W{0,4}#{2,6}\s{0,4}(?:system|assistant|human|user|prompt)\b|[\"']role[\"']\s{0,4}:|"
    r"\b(?:begin|end)_(?:prompt|system|instructions?)\b",
    re.IGNORECASE,
)
# Codes of ICD-10 stand in brackets too: [E66.9], [E11]. Ours have one digit, or follow each other.
# In round ones stand hormones, (E2); nobody puts braces round either, nor blanks on both sides.
_EVIDENCE_MARKER = re.compile(
    r"[\[【]\s?E(?:\d|\d{3,6})\s?[\]】]|\[E\d{1,6}\]\s{0,2}[,;]?\s{0,2}\[E\d{1,6}\]|"
    r"\{\s{0,4}E\d{1,6}\s{0,4}\}|[(\[]\s{1,4}E\d{1,6}\s{1,4}[)\]]|\(E\d{1,6}\)\s{0,2}[,;]?\s{0,2}\(E\d{1,6}\)",
    re.IGNORECASE,
)
# Line breaks, bold and tables are left behind by exports of honest records.
_MARKUP = re.compile(
    r"</?(?:script|img|iframe|svg|object|embed|form|input|button|link|meta|style|base|video|audio|template|math|"
    r"details|marquee|body|html|head|textarea|noscript)\b|<a\s{1,4}[^<>]{0,200}href|<[a-z]{1,10}\s[^<>]{0,200}\b"
    r"(?:on[a-z]{3,20}|style|class|hidden|src)\s{0,4}=|<!--|-->|<!\[CDATA\[|<!doctype|<\?xml|javascript:|"
    r"data:text/html|!?\[[^\]\n]{0,200}\]\((?:https?:|javascript:|data:|mailto:|//|#)[^)\n]{0,300}\)?|"
    r"```|\{\{[^{}\n]{1,80}\}\}|\{%[^{}\n]{1,80}%\}|\$\{[^{}\n]{1,80}\}|\{\s{0,4}\"[\w -]{1,30}\"\s{0,4}:",
    re.IGNORECASE,
)
_LATIN = "A-Za-zÀ-ɏ"
# Joiners belong to emoji and to other scripts, a flag may be spelled with tags, and a soft hyphen may end a line.
_HIDDEN = re.compile(
    f"(?<=[{_LATIN}\\d])[{HIDDEN}]{{1,64}}(?=[{_LATIN}\\d])|[\u202a\u202b\u202d\u202e\u2066-\u2068]|"
    f"(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]|[\U000e0100-\U000e01ef]|"
    f"[\u115f\u1160\u3164\uffa0\u2061-\u2064\u206a-\u206f\ufe00-\ufe0d]|[\u200b-\u200d\u2060\ufeff]{{3}}|"
    "[\x00-\x08\x0e-\x1a\x1b\x7f]"
)
_WORD = re.compile(r"[^\W\d_]+")
_STYLES = "[\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d6a5\u24b6-\u24e9\U0001f130-\U0001f149]"
_STYLED = re.compile(f"{_STYLES}(?={_STYLES}|[A-Za-z]{{2}})|(?<=[A-Za-z]{{2}}){_STYLES}")
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_STACKED = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff]{3}|[\u0334-\u0338\u0489\u20d2\u20e5-\u20eb]"
)
_ESCAPED = re.compile(
    r"(?:\\x[0-9a-f]{2}){4}|(?:\\u[0-9a-f]{4}){4}|(?:%[0-9a-f]{2}){6}|(?:&#x?[0-9a-f]{2,6};){4}", re.IGNORECASE
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{24,}={0,2}")
_LONGEST_BLOB = 4096
_MOSTLY = 0.95

_FENCES: tuple[tuple[str, str], ...] = (("```", "```"), ("<!--", "-->"), ("<script", "</script"), ("<style", "</style"))
_TURN = re.compile(r"(?:\A|\n)[^\S\n]{0,8}(?:user|human|prompt)[^\S\n]?[:\uff1a]", re.IGNORECASE)
_ANSWER = re.compile(r"\n\s{0,8}(?:assistant|ai|model|(?:chat)?bot)[^\S\n]?[:\uff1a][^\n]{0,400}", re.IGNORECASE)
_LONGEST_TURN = 1000

_MARKS = "<>{[(【`%\\&$#_"
_LONG_WORD = 24


def _lookalike(text: str) -> bool:
    if _STYLED.search(text) and not _EAST_ASIAN.search(text):
        return True
    return any(mixes_scripts(word) for word in _WORD.findall(text))


def _encoded(text: str) -> bool:
    return _ESCAPED.search(text) is not None or any(_is_prose(m.group()) for m in _BASE64.finditer(text))


def _is_prose(blob: str) -> bool:
    """Whether base64 holds words rather than a key, a checksum or a sequence of letters."""
    blob = blob.rstrip("=")[:_LONGEST_BLOB]
    try:
        plain = base64.b64decode(blob[: len(blob) // 4 * 4]).decode("utf-8", "replace")
    except (binascii.Error, ValueError):  # pragma: no cover - the alphabet and length are given
        return False
    printable = sum(c.isascii() and (c.isprintable() or c.isspace()) for c in plain)
    return " " in plain and printable >= _MOSTLY * len(plain)


# Those for characters look at the text as stored, the others at what it reads like.
_ON_STORED: tuple[tuple[Reason, Callable[[str], object]], ...] = (
    ("hidden_characters", _HIDDEN.search),
    ("lookalike_letters", _lookalike),
    ("stacked_marks", _STACKED.search),
)
_ON_MARKS: tuple[tuple[Reason, Callable[[str], object]], ...] = (
    ("prompt_token", _PROMPT_TOKEN.search),
    ("evidence_marker", _EVIDENCE_MARKER.search),
    ("markup", _MARKUP.search),
    ("encoded_text", _encoded),
)


@lru_cache(maxsize=16384)
def unusual(text: str) -> tuple[Reason, ...]:
    """Why a sentence is no ordinary chart text, in a fixed order; empty for what clinicians write.

    To report an order to the patient ("was told to ignore the alarm") is ordinary; to give one to whoever summarizes
    the chart is not.
    """
    found: list[Reason] = []
    if not text.isascii():
        found += [reason for reason, holds in _ON_STORED if holds(text)]
    elif not text.isprintable() and _HIDDEN.search(text):
        found.append("hidden_characters")
    plain = readable(text).text
    if machine_talk.orders_a_machine(plain):
        found.insert(0, "orders_a_machine")
    if any(mark in plain for mark in _MARKS) or any(len(word) >= _LONG_WORD for word in plain.split()):
        found += [reason for reason, holds in _ON_MARKS if holds(plain)]
    return tuple(found)


def enclosed(text: str) -> Iterator[tuple[int, int, Reason]]:
    """Half-open spans of a note between marks that put their content apart, and turns of a dialogue with a machine.

    A mark that nothing closes reaches to the end of the text.
    """
    lowered = text.lower() if len(text.lower()) == len(text) else text
    for opening, closing in _FENCES:
        at = lowered.find(opening)
        while at >= 0:
            shut = lowered.find(closing, at + len(opening))
            end = shut + len(closing) if shut >= 0 else len(text)
            yield at, end, "markup"
            at = lowered.find(opening, end)
    if text.isascii() and not any(speaker in lowered for speaker in ("user", "human", "prompt")):
        return
    for turn in _TURN.finditer(text):
        answer = _ANSWER.search(text, turn.end(), turn.end() + _LONGEST_TURN)
        if answer:
            yield turn.start(), answer.end(), "prompt_token"
