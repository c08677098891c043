"""Who is calling: API keys for programs, sessions for the page, and nobody else beyond loopback."""

from app.auth.caller import Caller, caller_of, csrf_token
from app.auth.keys import KeyRing
from app.auth.sessions import Session, Sessions
from app.auth.throttle import Throttle, TooManyAttempts

__all__ = ["Caller", "KeyRing", "Session", "Sessions", "Throttle", "TooManyAttempts", "caller_of", "csrf_token"]
