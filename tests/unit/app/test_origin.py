"""Where a request came from."""

import pytest
from starlette.requests import Request

from app.auth.origin import is_cross_site, is_loopback_host


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:8000", "127.1.2.3", "[::1]", "[::1]:8000"])
def test_names_of_this_machine(host: str) -> None:
    assert is_loopback_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example.org",
        "localhost.example.org",
        "127.0.0.1.nip.io",
        "0.0.0.0",
        "[::]",
        "10.0.0.1",
        "[::1",
        "user@evil",
    ],
)
def test_names_of_others(host: str) -> None:
    assert not is_loopback_host(host)


@pytest.mark.parametrize(
    ("headers", "cross"),
    [
        ({}, False),
        ({"origin": "http://here:1"}, False),
        ({"origin": "http://there:1"}, True),
        ({"origin": "null"}, True),
        ({"origin": "http://[bad"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "https://behind-a-proxy"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
    ],
)
def test_a_browser_tells_of_other_sites(headers: dict[str, str], cross: bool) -> None:
    raw = [(k.encode(), v.encode()) for k, v in {"host": "here:1", **headers}.items()]
    assert is_cross_site(Request({"type": "http", "headers": raw})) is cross
