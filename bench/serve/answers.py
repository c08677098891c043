"""What the paced model says: the evidence of the prompt in hardly other words, in the form that was asked for.

The words pass the checks for the most part, so that the service does the work that a good model gives it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

CHARS_A_TOKEN = 4
"""English takes about four characters a token in Llama's vocabulary; JSON and drug names take fewer."""

_LINE = re.compile(r"^\[(E\d+)\] (?:\([^)\n]*\) )?(.*)$", re.MULTILINE)
_OPENING = "The patient has "


@dataclass(frozen=True, slots=True)
class Answer:
    """A text, the tokens it is made of, and how many its prompt has."""

    text: str
    prompt_tokens: int

    @property
    def tokens(self) -> int:
        """How many tokens the text has."""
        return -(-len(self.text) // CHARS_A_TOKEN)

    @property
    def pieces(self) -> list[str]:
        """The text, token by token."""
        return [self.text[i : i + CHARS_A_TOKEN] for i in range(0, len(self.text), CHARS_A_TOKEN)]


def answer_to(body: Mapping[str, Any]) -> Answer:
    """The answer to the body of a chat completion: of the schema's form, or the evidence as plain text without one.

    With `ignore_eos` it is as long as `max_tokens` says.
    """
    contents = [str(message.get("content", "")) for message in body["messages"]]
    # Examples come before, with lines and ids of their own.
    said = dict(_LINE.findall(contents[-1]))
    limit = CHARS_A_TOKEN * int(body.get("max_tokens") or body.get("max_completion_tokens") or 256)
    properties = _properties(body)
    if "statements" in properties:
        text = _composed(properties, said, limit)
    elif "statement" in properties:
        text = _compressed(properties, said, limit)
    else:
        text = _plain(said.values(), limit)
    if body.get("ignore_eos"):
        text = text.ljust(limit)[:limit]
    return Answer(text, -(-sum(map(len, contents)) // CHARS_A_TOKEN))


def _properties(body: Mapping[str, Any]) -> dict[str, Any]:
    form = body.get("response_format") or {}
    properties: dict[str, Any] = form.get("json_schema", {}).get("schema", {}).get("properties", {})
    return properties


def _compressed(properties: Mapping[str, Any], said: Mapping[str, str], limit: int) -> str:
    """One sentence from all lines that were given, with their ids where the form has a place for them."""
    ids = properties["evidence"]["items"]["enum"] if "evidence" in properties else [*said]

    def form(statement: str, cited: list[str]) -> str:
        fields = {"statement": statement, "evidence": cited} if "evidence" in properties else {"statement": statement}
        return orjson.dumps(fields).decode()

    lines = [said.get(i, "") for i in ids] or ["Nothing."]
    text = form(_written("; ".join(lines)), ids)
    # A model that says too much is cut off; this one says one line instead.
    return text if len(text) <= limit else form(lines[0][: max(0, limit - 60)], ids[:1])


def _composed(properties: Mapping[str, Any], said: Mapping[str, str], limit: int) -> str:
    statements = properties["statements"]
    ids = statements["items"]["properties"]["evidence"]["items"]["enum"]
    written = [{"statement": _written(said.get(i, "")), "evidence": [i]} for i in ids[: statements.get("maxItems")]]
    while len(text := orjson.dumps({"statements": written}).decode()) > limit and written:
        written.pop()
    return text


def _plain(lines: Iterable[str], limit: int) -> str:
    return " ".join(map(_written, lines))[:limit] or "Nothing was asked."


def _written(line: str) -> str:
    return _OPENING + line[:1].lower() + line[1:]
