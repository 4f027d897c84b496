"""Heads of answers: whole, or none.

A plain head is read here in one piece: http.client hands each to the parser of e-mails, which takes
5 to 13 % of the CPU of a whole delivery (``python -m bench.throughput``, with and without this).
"""

from __future__ import annotations

import re
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import Any

# A head as servers write it: a final status, then fields of plain ASCII, none of them folded
# (RFC 9112, 4 and 5). All others are left to http.client, which takes a good deal longer.
_PLAIN = re.compile(
    rb"HTTP/1\.1 ([2-9][0-9][0-9])(?: ([\t -~]*))?\r\n"
    rb"((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~]*\r\n)*)\r\n"
)
_FIELD = re.compile(r"([^:]+):[\t ]*(.*)\r\n")
_LENGTH = re.compile(r"[0-9]{1,18}")
_FIELDS = 100  # http.client's own limits, by which it refuses what is longer
_LONGEST = 64 * 1024


class _Lines:
    """A reader of lines that knows the last one."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.last = b""

    def readline(self, limit: int = -1) -> bytes:
        self.last = self._reader.readline(limit)
        return self.last

    def close(self) -> None:
        self._reader.close()


class WholeHead(HTTPResponse):
    """An answer whose head has come whole. http.client takes one that is cut off for all there is:
    "HTTP/1.1 200 OK" and no more would be a yes."""

    fp: Any
    _method: str | None

    def begin(self) -> None:
        """Read the head. Raises HTTPException where it is cut off, or is none."""
        if self.headers is None and not self._begin_plain():
            self._begin_by_lines()

    def _begin_plain(self) -> bool:
        """Read a head that is plain and has come in one piece; return whether it was."""
        match = _PLAIN.match(self.fp.peek(1))
        if match is None or match.end() > _LONGEST:
            return False
        fields = _FIELD.findall(match[3].decode("ascii"))
        if len(fields) >= _FIELDS:
            return False
        self.fp.read(match.end())
        self.version = 11
        self.code = self.status = int(match[1])
        self.reason = (match[2] or b"").decode("ascii").strip()
        self.headers = self.msg = HTTPMessage()
        for name, value in fields:
            self.headers.set_raw(name, value)
        self._measure()
        return True

    def _measure(self) -> None:
        """Work out where the body ends, as http.client does."""
        self.chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"
        if self.chunked:
            self.chunk_left = None
        self.length = None
        length = self.headers.get("content-length", "").strip()
        if not self.chunked and _LENGTH.fullmatch(length):
            self.length = int(length)
        if self.status in (204, 304) or self._method == "HEAD":
            self.length = 0
        closes = "close" in self.headers.get("connection", "").lower()
        self.will_close = closes or (not self.chunked and self.length is None)

    def _begin_by_lines(self) -> None:
        reader = self.fp
        lines = self.fp = _Lines(reader)
        try:
            super().begin()
        finally:
            if self.fp is lines:
                self.fp = reader
        if lines.last not in (b"\r\n", b"\n"):
            raise HTTPException("the head was cut off")
