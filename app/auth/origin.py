"""Where a request came from, as far as a browser tells."""

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection


def is_loopback_host(host: str) -> bool:
    """Whether a bind address or a Host header means this machine. A rebound DNS name does not."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_cross_site(request: HTTPConnection) -> bool:
    """Whether a browser says that another site's page made this request. Programs say nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is not None and not _is_host(origin, request)


def is_own_page(request: HTTPConnection) -> bool:
    """Whether a browser says that a page of this very service made this request. Programs say nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is not None and _is_host(origin, request)


def _is_host(origin: str, request: HTTPConnection) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
    except ValueError:
        return False
