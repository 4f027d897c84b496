"""A real HTTP(S) receiver on loopback: records what arrives, answers as it is told."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import trustme


@dataclass(frozen=True)
class Received:
    """One request as it arrived. ``headers`` have lower-case names, ``path`` holds the query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    arrived_at: datetime
    connection: int
    """The ordinal of the TCP connection it came over, from 1."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What a request is answered with. ``delay`` in seconds; ``hang``: nothing, until the receiver
    ends; ``close``: nothing, and the connection is closed; ``raw``: these bytes instead of HTTP."""

    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    hang: bool = False
    close: bool = False
    raw: bytes | None = None


class Receiver:
    """A context manager around a server in threads of its own.

    ``answer(path, …)`` scripts a path: each request takes the next answer, the last is repeated. A
    path is looked for with its query first, then without; one that was not scripted answers 200.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.connections = 0
        self.open_connections = 0
        self.stopping = threading.Event()
        self.changed = threading.Condition()
        self._requests: list[Received] = []
        self._scripts: dict[str, deque[Answer]] = defaultdict(deque)
        self._default: deque[Answer] = deque()
        self._scheme = "https" if tls else "http"
        self._name = host
        self._server = _Server(self, tls)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.end_connections()
        self._server.server_close()

    @property
    def address(self) -> str:
        """``host:port``, as for ``trusted_hosts``."""
        return f"{self._name}:{self.port}"

    def url(self, path: str = "/") -> str:
        """Gives the whole address of ``path``."""
        return f"{self._scheme}://{self.address}{path}"

    def answer(self, path: str, *answers: Answer) -> None:
        """Scripts ``path`` anew."""
        with self.changed:
            self._scripts[path] = deque(answers)

    def by_default(self, *answers: Answer) -> None:
        """Scripts all the paths that are not scripted, as one."""
        with self.changed:
            self._default = deque(answers)

    def answer_to(self, path: str) -> Answer:
        """Takes the next answer to ``path``."""
        with self.changed:
            script = self._scripts.get(path) or self._scripts.get(path.partition("?")[0])
            script = script or self._default
            if not script:
                return Answer()
            return script.popleft() if len(script) > 1 else script[0]

    def record(self, request: Received) -> None:
        """Notes a request and wakes those who wait for it."""
        with self.changed:
            self._requests.append(request)
            self.changed.notify_all()

    @property
    def requests(self) -> list[Received]:
        """What has arrived so far, in order of arrival."""
        with self.changed:
            return list(self._requests)

    def wait_for(self, count: int, timeout: float = 5.0) -> list[Received]:
        """Gives the requests as soon as ``count`` have arrived; else AssertionError."""
        with self.changed:
            self.changed.wait_for(lambda: len(self._requests) >= count, timeout)
            assert len(self._requests) >= count, f"{len(self._requests)} of {count} arrived"
            return list(self._requests)

    def wait_for_connections(self, still_open: int, timeout: float = 5.0) -> None:
        """Returns as soon as exactly ``still_open`` connections are open; else AssertionError."""
        with self.changed:
            self.changed.wait_for(lambda: self.open_connections == still_open, timeout)
            assert self.open_connections == still_open


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 256

    def __init__(self, receiver: Receiver, tls: ssl.SSLContext | None) -> None:
        self.receiver = receiver
        self.tls = tls
        self._ordinals: dict[socket.socket, int] = {}
        super().__init__(("127.0.0.1", 0), BaseHTTPRequestHandler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.receiver.changed:
            self.receiver.connections += 1
            self.receiver.open_connections += 1
            self._ordinals[request] = self.receiver.connections
        super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        ordinal = self._ordinals[request]
        with suppress(OSError):  # the client broke it off: it is what many of the tests do
            if self.tls is None:
                _Answering(request, client_address, self, ordinal)
                return
            with self.tls.wrap_socket(request.dup(), server_side=True) as secured:
                _Answering(secured, client_address, self, ordinal)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self.receiver.changed:
            self._ordinals.pop(request, None)
            self.receiver.open_connections -= 1
            self.receiver.changed.notify_all()

    def end_connections(self) -> None:
        with self.receiver.changed:
            waiting = list(self._ordinals)
        for sock in waiting:
            with suppress(OSError):  # it may just be ending by itself
                sock.shutdown(socket.SHUT_RDWR)


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def __init__(self, request: Any, client: Any, server: _Server, connection: int) -> None:
        self._connection = connection
        super().__init__(request, client, server)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing: what arrived is in the records."""

    def _take(self) -> None:
        receiver = self.server.receiver
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        now = datetime.now(UTC)
        receiver.record(Received(self.command, self.path, headers, body, now, self._connection))
        self._give(receiver.answer_to(self.path), receiver)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _take  # noqa: N815

    def _give(self, answer: Answer, receiver: Receiver) -> None:
        if answer.hang:
            receiver.stopping.wait()
        elif answer.delay:
            receiver.stopping.wait(answer.delay)
        if answer.hang or answer.close:
            self.close_connection = True
            return
        if answer.raw is not None:
            self.wfile.write(answer.raw)
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        bodiless = answer.status in (204, 304) or self.command == "HEAD"
        if not bodiless and "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if not bodiless:
            self.wfile.write(answer.body)
        if answer.headers.get("Connection") == "close":
            self.close_connection = True


class Certificates:
    """Certificates of an authority of the tests' own."""

    def __init__(self) -> None:
        self._authority = trustme.CA()
        self.authority_pem: bytes = self._authority.cert_pem.bytes()

    @cached_property
    def good(self) -> ssl.SSLContext:
        """For ``localhost``, ``hooks.test`` and 127.0.0.1."""
        return self._serving(self._authority.issue_cert("localhost", "hooks.test", "127.0.0.1"))

    @cached_property
    def expired(self) -> ssl.SSLContext:
        return self._serving(
            self._authority.issue_cert(
                "localhost", "hooks.test", not_after=datetime(2020, 1, 1, tzinfo=UTC)
            )
        )

    @cached_property
    def wrong_host(self) -> ssl.SSLContext:
        return self._serving(self._authority.issue_cert("elsewhere.test"))

    @cached_property
    def unknown_authority(self) -> ssl.SSLContext:
        return self._serving(trustme.CA().issue_cert("localhost", "hooks.test"))

    @staticmethod
    def _serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context


def wait_until(said: Any, timeout: float = 5.0) -> None:
    """Returns as soon as ``said()`` is true; AssertionError after ``timeout`` seconds."""
    ends = time.monotonic() + timeout
    while not said():
        assert time.monotonic() < ends, "what was waited for did not come"
        time.sleep(0.005)
