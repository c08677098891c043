"""Sessions of the page: a random id in a signed cookie, and a row in the state database."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from app.auth.keys import KeyRing
from app.state import SessionRow, StateDatabase, delete_session, find_session, insert_session


@dataclass(frozen=True, slots=True)
class Session:
    """An open session. `digest` names it in the database and is no secret."""

    digest: str
    caller: str
    csrf_token: str


class Sessions:
    """Opens, finds and closes sessions. One ends with its time, by signing out, or when its key is changed."""

    def __init__(self, database: StateDatabase, keys: KeyRing, *, secret: str, hours: float) -> None:
        self._database = database
        self._keys = keys
        self._secret = secret.encode()
        self._seconds = hours * 3600

    @property
    def seconds(self) -> int:
        """How long a session lasts."""
        return int(self._seconds)

    async def open(self, caller: str) -> str:
        """Begin a session of a caller whose key was accepted; the answer is the cookie's value."""
        session_id = secrets.token_urlsafe(32)
        now = time.time()
        key_digest = self._keys.key_digest(caller) or ""
        row = SessionRow(_digest(session_id), caller, key_digest, now, now + self._seconds)
        await self._database.run(lambda connection: insert_session(connection, row))
        return f"{session_id}.{self._sign('session', session_id)}"

    async def find(self, cookie: str) -> Session | None:
        """The session that a cookie stands for, if it is still open."""
        session_id, _, signature = cookie.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign("session", session_id).encode()):
            return None
        row = await self._database.run(find_session(_digest(session_id), time.time()))
        if row is None or row.key_digest != self._keys.key_digest(row.caller):
            return None
        return Session(row.session_digest, row.caller, self._sign("csrf", session_id))

    async def close(self, session: Session) -> None:
        """End a session."""
        await self._database.run(lambda connection: delete_session(connection, session.digest))

    def _sign(self, use: str, session_id: str) -> str:
        return hmac.new(self._secret, f"{use}:{session_id}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _digest(session_id: str) -> str:
    return hashlib.sha256(session_id.encode("utf-8", "replace")).hexdigest()
