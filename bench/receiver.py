"""A receiver that answers each request after a while: ``python -m bench.receiver 0.2``.

In a process of its own, so that its work is not the work that is measured. It prints its port; GET
``/`` answers the instants at which requests arrived, ``/count`` how many, ``DELETE /``
forgets them.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

_OK = (
    b"HTTP/1.1 200 OK\r\nServer: receiver\r\nContent-Type: text/plain\r\n"
    b"Connection: keep-alive\r\nContent-Length: 2\r\n\r\nok"
)


class _Receiving(asyncio.Protocol):
    """One connection. What it costs is taken from whoever is measured, so it parses no more than it
    must."""

    def __init__(self, arrived: list[float], delay_s: float) -> None:
        self._arrived = arrived
        self._delay_s = delay_s
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (size := _size_of(self._waiting)) and len(self._waiting) >= size:
            self._answer(self._waiting[:7])
            self._waiting = self._waiting[size:]

    def _answer(self, verb: bytes) -> None:
        if verb.startswith(b"GET"):
            number = verb.startswith(b"GET /co")
            body = json.dumps(len(self._arrived) if number else self._arrived).encode()
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )
        elif verb.startswith(b"DELETE"):
            self._arrived.clear()
            self._transport.write(_OK)
        else:
            self._arrived.append(time.time())
            if self._delay_s:
                asyncio.get_running_loop().call_later(self._delay_s, self._transport.write, _OK)
            else:
                self._transport.write(_OK)


def _size_of(waiting: bytes) -> int:
    """Return how many bytes the first request has; 0 where its head has not come whole."""
    end = waiting.find(b"\r\n\r\n")
    if end < 0:
        return 0
    head = waiting[:end].lower()
    at = head.find(b"content-length:")
    length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    return end + 4 + length


async def serve(delay_s: float) -> None:
    arrived: list[float] = []
    server = await asyncio.get_running_loop().create_server(
        lambda: _Receiving(arrived, delay_s), "127.0.0.1", 0, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
