"""Which chain it is that writes: its settings, template and checks, and a digest of the code that does the work."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from core.records import PromptRef, WritingSettings

_PACKAGES = ("chains", "core", "extraction", "prompts", "vectorstore")
_READ = (".py", ".yaml", ".tsv", ".txt")


@dataclass(frozen=True, slots=True)
class ChainIdentity:
    """What shapes a summary beside the chart, the request and the model. `code` covers word lists and prompts too."""

    writing: WritingSettings
    template: PromptRef
    verifier: str
    code: str


@cache
def code_digest() -> str:
    """SHA-256 over the packages that make a summary, as they lie on disk when it is asked for first."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for path, content in sorted(_sources(files(package), f"{package}/")):
            digest.update(f"{path}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _sources(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{path}{entry.name}/")
        elif entry.name.endswith(_READ):
            yield f"{path}{entry.name}", entry.read_bytes()
