"""Which verifier it is: a name, and a digest of the very rules and word lists it reads."""

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

_RULES = (".py", ".yaml")


def version_of(package: Traversable, name: str) -> str:
    """`name` with the first eight hexadecimal digits of a SHA-256 over the package's rules and word lists.

    A file counts with its path in the package and its bytes, so that a rename shows as a change does.
    """
    digest = hashlib.sha256()
    for path, content in sorted(_rules(package, "")):
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return f"{name}+{digest.hexdigest()[:8]}"


def _rules(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _rules(entry, f"{path}{entry.name}/")
        elif entry.name.endswith(_RULES):
            yield f"{path}{entry.name}", entry.read_bytes()


VERIFIER = version_of(files("chains.verification"), "rules-2")
