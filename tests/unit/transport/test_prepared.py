"""Requests that are put together without requests' own preparing, against it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.utils import urldefragauth

from bot.channels.request import HttpRequest
from bot.transport.prepared import _WRITTEN, PreparedUrl, prepared_headers, prepared_url

ADDRESSES = [
    "https://hooks.test",
    "https://hooks.test/services/T0/B0?wait=true&thread=1",
    "http://Hooks.TEST:8080/a b/%7e/ü?q=é#part",
    "https://bücher.example/hook",
    "http://[::1]:8080/hook",
    "https://name:pa%73s@hooks.test:443/hook?x",
    "https://hooks.test/a/../b/./c",
    " https://hooks.test/hook",
]


def prepared(request: HttpRequest) -> tuple[PreparedUrl, dict[str, str]]:
    url = prepared_url(request.url)
    return url, prepared_headers(request, url)


def headers_of(headers: Mapping[str, str], body: bytes = b"{}") -> dict[str, str]:
    return prepared(HttpRequest("POST", "https://hooks.test/hook", headers, body))[1]


@pytest.mark.parametrize("method", ["POST", "PUT", "GET", "DELETE", "post"])
@pytest.mark.parametrize("body", [b'{"text":"\xc3\xa9"}', b""])
@pytest.mark.parametrize("url", ADDRESSES)
def test_a_request_is_what_requests_would_have_made_of_it(
    url: str, body: bytes, method: str
) -> None:
    headers = {"Content-Type": "application/json", "user-agent": "us", "X-Empty": ""}
    ours, sent = prepared(HttpRequest(method, url, headers, body))
    theirs = requests.Request(
        method, url, headers={**headers, "Accept-Encoding": "identity"}, data=body
    ).prepare()
    assert ours.path == theirs.path_url
    assert ours.absolute == urldefragauth(theirs.url or "")
    assert sent == dict(theirs.headers)


@given(st.from_regex(_WRITTEN, fullmatch=True))
def test_an_address_that_is_taken_as_it_stands_is_written_so_by_requests_too(url: str) -> None:
    theirs = requests.Request("POST", url).prepare()
    ours = prepared_url(url)
    assert (ours.path, ours.absolute) == (theirs.path_url, urldefragauth(theirs.url or ""))
    parts = urlsplit(theirs.url or "")
    assert (ours.origin, ours.host) == (f"{parts.scheme}://{parts.netloc}", parts.hostname)
    assert parts.port is None or parts.port < 65_536


def test_a_name_and_a_password_in_the_address_go_before_a_header() -> None:
    request = HttpRequest("POST", "https://me:pass@hooks.test/", {"authorization": "Bearer x"}, b"")
    _, headers = prepared(request)
    assert headers["Authorization"] == "Basic bWU6cGFzcw=="
    assert "authorization" not in headers


def test_each_name_is_sent_once_whatever_its_case() -> None:
    headers = headers_of({"content-LENGTH": "7", "ACCEPT-encoding": "br", "x-a": "1", "X-A": "2"})
    assert headers == {
        "User-Agent": headers["User-Agent"],
        "X-A": "2",
        "Content-Length": "2",
        "Accept-Encoding": "identity",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "s3cr3t\r\nX-B: injected"),
        ("X-A", "s3cr3t\nX-B: injected"),
        ("X-A", "s3cr3t\r\n folded"),
        ("X-A", "s3cr3t\r"),
        ("X-A", "s3cr3t\0"),
        ("X-A", "s3cr3t \N{SNOWMAN}"),
        ("X-A", " s3cr3t"),
        ("X-A: s3cr3t\r\nX-B", "x"),
        ("s3cr3t X", "x"),
        ("", "s3cr3t"),
        ("s3cr3t:", "x"),
        ("s3cr3té", "x"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused_without_being_repeated(
    name: str, value: str
) -> None:
    with pytest.raises(ValueError, match="a header") as refused:
        headers_of({name: value})
    assert "s3cr3t" not in str(refused.value)


def test_an_address_that_was_taken_apart_does_not_show_itself() -> None:
    address = prepared_url("https://s3cr3t:s3cr3t@hooks.test:8443/s3cr3t?s3cr3t")
    assert "s3cr3t" not in repr(address)
    assert (address.origin, address.host) == ("https://hooks.test:8443", "hooks.test")


@pytest.mark.parametrize("url", ["ftp://hooks.test/", "mailto:a@hooks.test", "hooks.test/", ""])
def test_what_is_no_address_of_a_web_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        prepared_url(url)
