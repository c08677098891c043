"""The text in the attachments of a FHIR DocumentReference."""

import base64
import binascii
import re
from collections import Counter
from dataclasses import dataclass
from email.message import Message
from typing import Any

from ingest.sources.fhir_json import Json, Resource, items, mapping, string
from ingest.sources.html_text import html_to_text
from ingest.sources.rows import Reason

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_PLAIN = frozenset({"text/plain", "text/markdown", "text/x-markdown", ""})
_WORD = re.compile(r"\w+")
SAME_DOCUMENT = 0.9
"""Share of an attachment's words that, found in another, make it the same document in another format."""


@dataclass(frozen=True, slots=True)
class Attachments:
    """What the attachments hold: one text, and why others gave none. Both may be there."""

    text: str | None
    failures: tuple[Reason, ...]


def read_attachments(resource: Resource, content: object) -> Attachments:
    """Read all attachments: plain text before HTML; formats other than text only fail where there is no text at all."""
    texts: list[tuple[bool, str]] = []
    failures: list[Reason] = []
    unsupported = False
    for item in items(content):
        attachment = _located(resource, mapping(mapping(item).get("attachment")))
        media_type, charset = _content_type(string(attachment.get("contentType")))
        if media_type not in _HTML | _PLAIN:
            unsupported = True
        elif "data" not in attachment:
            failures.append(Reason.MISSING_ATTACHMENT)
        else:
            text = _decode(attachment["data"], charset)
            if text is None:
                failures.append(Reason.UNDECODABLE_ATTACHMENT)
            else:
                is_html = media_type in _HTML
                texts.append((is_html, html_to_text(text) if is_html else text))
    if unsupported and not texts and not failures:
        failures.append(Reason.UNSUPPORTED_ATTACHMENT)
    if not texts:
        return Attachments(None, tuple(failures) or (Reason.MISSING_ATTACHMENT,))
    texts.sort(key=lambda found: found[0])
    return Attachments(_join([text for _, text in texts]), tuple(failures))


def _located(resource: Resource, attachment: Json) -> Json:
    if "data" in attachment or "url" not in attachment:
        return attachment
    binary = resource.bundle.get(string(attachment["url"]))
    if binary is None or "data" not in binary:
        return attachment
    return {"contentType": attachment.get("contentType") or binary.get("contentType"), "data": binary["data"]}


def _content_type(value: str) -> tuple[str, str]:
    header = Message()
    header["content-type"] = value.replace("\n", " ").replace("\r", " ") or "text/plain"
    charset: Any = header.get_param("charset", "utf-8")
    return value.partition(";")[0].strip().lower(), charset if isinstance(charset, str) else "utf-8"


def _decode(data: object, charset: str) -> str | None:
    if not isinstance(data, str):
        return None
    try:
        return base64.b64decode("".join(data.split()), validate=True).decode(charset)
    except (binascii.Error, LookupError, ValueError):
        return None


def _join(texts: list[str]) -> str:
    kept: list[str] = []
    seen: Counter[str] = Counter()
    for text in texts:
        words = Counter(_WORD.findall(text.casefold()))
        if kept and (words & seen).total() >= SAME_DOCUMENT * words.total():
            continue
        kept.append(text)
        seen += words
    return kept[0] if len(kept) == 1 else "\n\n".join(text.strip() for text in kept)
