"""What decides who may come in, as the settings say."""

from dataclasses import dataclass

from app.auth.keys import KeyRing
from app.auth.origin import is_loopback_host
from app.auth.sessions import Sessions
from app.auth.throttle import Throttle
from app.state import StateDatabase
from core.errors import SettingsInvalid
from core.settings import ServiceSettings

_MIN_SECRET_CHARS = 32
# More from one place within a minute are counted, not written: a flood must not fill the audit log.
DENIALS_A_MINUTE = 60


@dataclass(frozen=True)
class Access:
    """The door's parts. Without keys it is open, to this machine alone."""

    keys: KeyRing
    sessions: Sessions
    throttle: Throttle
    denials: Throttle
    secure_cookie: bool

    @property
    def cookie_name(self) -> str:
        """Name of the session's cookie; the prefix has browsers insist on TLS and on this host."""
        return "__Host-anamnesis" if self.secure_cookie else "anamnesis"

    def knows(self, caller: str) -> bool:
        """Whether a caller of this name may still come in."""
        return not self.keys or self.keys.key_digest(caller) is not None


def check_access_settings(settings: ServiceSettings) -> KeyRing:
    """The callers there are.

    Raises:
        SettingsInvalid: the service would be open to other machines, or its sessions could be forged.
    """
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    if not settings.api_keys:
        if not is_loopback_host(host):
            raise SettingsInvalid(
                f"ANAMNESIS_SERVICE__HOST is {settings.host!r}, which other machines can reach, and there are no API "
                "keys: make one with `python -m app.auth hash-key NAME` and set ANAMNESIS_SERVICE__API_KEYS, "
                "or bind 127.0.0.1"
            )
        return KeyRing({})
    if len(settings.session_secret.get_secret_value()) < _MIN_SECRET_CHARS:
        raise SettingsInvalid(
            f"ANAMNESIS_SERVICE__SESSION_SECRET needs {_MIN_SECRET_CHARS} characters or more when there are API keys; "
            "make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return KeyRing(settings.api_keys)


def build_access(settings: ServiceSettings, keys: KeyRing, state: StateDatabase) -> Access:
    """Put the door together."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    secret = settings.session_secret.get_secret_value()
    return Access(
        keys=keys,
        sessions=Sessions(state, keys, secret=secret, hours=settings.session_hours),
        throttle=Throttle(),
        denials=Throttle(limit=DENIALS_A_MINUTE),
        secure_cookie=settings.secure_cookie and not is_loopback_host(host),
    )
