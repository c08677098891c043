"""Where a request came from."""

import pytest
from starlette.requests import Request

from app.auth.origin import is_cross_site, is_loopback_host, is_own_page


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
    ("headers", "cross", "own"),
    [
        ({}, False, False),
        ({"origin": "http://here:1"}, False, True),
        ({"origin": "http://there:1"}, True, False),
        ({"origin": "http://here:2"}, True, False),
        ({"origin": "null"}, True, False),
        ({"origin": "http://[bad"}, True, False),
        ({"sec-fetch-site": "same-origin", "origin": "https://behind-a-proxy"}, False, True),
        ({"sec-fetch-site": "none"}, False, False),
        ({"sec-fetch-site": "same-site"}, True, False),
        ({"sec-fetch-site": "cross-site"}, True, False),
    ],
)
def test_a_browser_tells_of_other_sites_and_of_our_own_pages(headers: dict[str, str], cross: bool, own: bool) -> None:
    raw = [(k.encode(), v.encode()) for k, v in {"host": "here:1", **headers}.items()]
    request = Request({"type": "http", "headers": raw})
    assert (is_cross_site(request), is_own_page(request)) == (cross, own)
