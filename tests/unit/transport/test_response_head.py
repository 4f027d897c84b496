"""Heads of answers that are read in one piece, against http.client's way by lines."""

from __future__ import annotations

import io
from http.client import HTTPException, HTTPResponse
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.transport.response_head import WholeHead

PLAIN = (
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json; charset=utf-8\r\n"
    b"Set-Cookie: a=1\r\nX-Empty:\r\nset-cookie:b=2\r\nContent-Length: 2\r\n\r\nok"
)
HEADS = [
    PLAIN,
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 304\r\n\r\n",
    b"HTTP/1.1 200 \r\nContent-Length: 2 \r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 7\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
    b"HTTP/1.1 503 Away\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nconnection: close\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\n\r\nto the end",
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 99 + b"\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100 + b"\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    # what is left to http.client
    b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: one\r\n two\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 \xc3\xa9\r\nX: \xe9\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 2000 OK\r\n\r\n",
    b"HTTP/1.1 many things\r\n\r\n",
    b"no HTTP\r\n\r\n",
    b"",
]


class _Socket:
    """Gives ``content``, at most ``piece`` bytes a time."""

    def __init__(self, content: bytes, piece: int) -> None:
        class Pieces(io.BytesIO):
            def readinto(self, into: Any) -> int:
                got = self.read(min(piece, len(into)))
                into[: len(got)] = got
                return len(got)

        self._raw: Any = Pieces(content)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._raw, 100_000)


def read(kind: type[HTTPResponse], content: bytes, piece: int = 200_000) -> Any:
    """Gives all that is known of an answer, or the kind of error it is."""
    socket: Any = _Socket(content, piece)
    answer: Any = kind(socket, method="POST")
    try:
        answer.begin()
    except HTTPException as error:
        return type(error)
    known = ("status", "code", "reason", "version", "chunked", "chunk_left", "length", "will_close")
    fields = answer.headers.raw_items()
    return [getattr(answer, name) for name in known], list(fields), answer.fp.read()


@pytest.mark.parametrize("piece", [1, 40, 200_000])
@pytest.mark.parametrize("content", HEADS)
def test_a_head_is_read_as_http_client_reads_it(content: bytes, piece: int) -> None:
    assert read(WholeHead, content, piece) == read(HTTPResponse, content)


@pytest.mark.parametrize("piece", [1, 200_000])
@pytest.mark.parametrize("content", [PLAIN, PLAIN.replace(b"\r\n", b"\n")])
def test_a_head_that_is_cut_off_anywhere_is_none(content: bytes, piece: int) -> None:
    for length in range(len(content) - 2):
        assert issubclass(read(WholeHead, content[:length], piece), HTTPException)


LETTERS = st.sampled_from(b"aZ-:,; \t\r\n\0\x7f\x85\xe9")
LINES = st.sampled_from([line + b"\r\n" for line in PLAIN.split(b"\r\n")])


@given(
    st.lists(st.one_of(LINES, st.lists(LETTERS, max_size=4).map(bytes)), max_size=9).map(b"".join)
)
@example(b"A:b\r\r\n\r\n")
def test_whatever_stands_in_a_head_is_read_as_http_client_reads_it(fields: bytes) -> None:
    content = b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n\r\nok"
    assert read(WholeHead, content) == read(HTTPResponse, content)
