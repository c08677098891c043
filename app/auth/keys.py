"""API keys, known only by their argon2 hashes."""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Mapping

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import SettingsInvalid

CACHE_SIZE = 1024
MAX_KEY_CHARS = 512


def make_key(name: str) -> tuple[str, str]:
    """A new key for a caller, and its hash. The name within the key spares trying it against every caller's hash."""
    key = f"{name}.{secrets.token_urlsafe(32)}"
    return key, PasswordHasher().hash(key)


class KeyRing:
    """The callers there are. A key is hashed once; after that a keyed digest of it is remembered in memory."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        for name, value in hashes.items():
            try:
                extract_parameters(value)
            except InvalidHashError as e:
                raise SettingsInvalid(
                    f"ANAMNESIS_SERVICE__API_KEYS: the value for {name!r} is no argon2 hash; "
                    f"make one with: python -m app.auth hash-key {name}"
                ) from e
        self._hashes = dict(hashes)
        self._hasher = PasswordHasher()
        self._pepper = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, str | None] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()

    def __bool__(self) -> bool:
        return bool(self._hashes)

    def key_digest(self, name: str) -> str | None:
        """A digest that changes when the caller's key does; None for an unknown caller."""
        value = self._hashes.get(name)
        return hashlib.sha256(value.encode()).hexdigest() if value else None

    def remembered(self, token: str) -> str | None:
        """The name of the caller whose key this is, if it was hashed before."""
        return self._known.get(self._digest(token, self._owners(token)))

    async def caller_with(self, token: str) -> str | None:
        """The name of the caller whose key this is."""
        return await self._find(token, self._owners(token))

    async def accepts(self, name: str, key: str) -> bool:
        """Whether this is that caller's key. An unknown name costs as much time as a wrong key."""
        known = name in self._hashes
        found = await self._find(key, [name] if known else list(self._hashes)[:1])
        return known and found == name

    def _owners(self, token: str) -> list[str]:
        prefix = token.partition(".")[0]
        return [prefix] if prefix in self._hashes else list(self._hashes)

    def _digest(self, token: str, names: list[str]) -> bytes:
        content = "\x1e".join([*names, token]).encode("utf-8", "replace")
        return hashlib.blake2b(content, key=self._pepper).digest()

    async def _find(self, token: str, names: list[str]) -> str | None:
        if not token or len(token) > MAX_KEY_CHARS:
            return None
        digest = self._digest(token, names)
        # One hash at a time: each takes 64 MiB, and a flood of wrong keys must not take it many times over.
        async with self._one_at_a_time:
            if digest not in self._known:
                self._known[digest] = await asyncio.to_thread(self._verify, token, names)
                if len(self._known) > CACHE_SIZE:
                    self._known.popitem(last=False)
            self._known.move_to_end(digest)
            return self._known[digest]

    def _verify(self, token: str, names: list[str]) -> str | None:
        for name in names:
            try:
                self._hasher.verify(self._hashes[name], token)
            except VerificationError:
                continue
            return name
        return None
