"""A wire between a machine and its database that can be cut: packets vanish, nothing is closed."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tests.postgres import Postgres, running


class Wire(Protocol):
    """A server, and the way to it."""

    postgres: Postgres

    def url(self, url: str) -> str:
        """Gives the address of a database over the wire."""
        ...

    def cut(self) -> None: ...

    def mend(self) -> None: ...


class NamespaceWire:
    """The server in a network namespace of its own. Cut, it hears and its answers vanish: what it
    was asked to do is done, and nobody learns of it."""

    NAME = f"vigilia-{os.getpid()}"
    HERE, THERE = "10.77.61.1", "10.77.61.2"

    def __init__(self) -> None:
        outside, inside = f"vgo{os.getpid()}"[:15], f"vgi{os.getpid()}"[:15]
        self._ip("netns", "add", self.NAME)
        self._ip("link", "add", outside, "type", "veth", "peer", "name", inside)
        self._ip("link", "set", inside, "netns", self.NAME)
        self._ip("addr", "add", f"{self.HERE}/30", "dev", outside)
        self._ip("link", "set", outside, "up")
        self._ip("-n", self.NAME, "addr", "add", f"{self.THERE}/30", "dev", inside)
        self._ip("-n", self.NAME, "link", "set", inside, "up")
        within = ("ip", "netns", "exec", self.NAME)
        self.postgres = Postgres(listen=self.THERE, within=within)

    @staticmethod
    def _ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    def url(self, url: str) -> str:
        return self.postgres.url_at(url, self.THERE, self.postgres.port)

    def cut(self) -> None:
        self._ip("-n", self.NAME, "route", "add", "blackhole", f"{self.HERE}/32")

    def mend(self) -> None:
        self._ip("-n", self.NAME, "route", "del", "blackhole", f"{self.HERE}/32")

    def end(self) -> None:
        self.postgres.end()
        self._ip("netns", "del", self.NAME)


class RelayWire:
    """A relay in this process, where no namespace may be made. Cut, it hands nothing on."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self._open = threading.Event()
        self._open.set()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, url: str) -> str:
        return self.postgres.url_at(url, *self._socket.getsockname()[:2])

    def cut(self) -> None:
        self._open.clear()

    def mend(self) -> None:
        self._open.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._socket.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(f"{self.postgres.folder}/.s.PGSQL.{self.postgres.port}")
                self._ends += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(
                        target=self._hand_on, args=(source, target), daemon=True
                    ).start()

    def _hand_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._open.wait()
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        self._open.set()
        for end in (self._socket, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def namespaces_may_be_made() -> bool:
    """Whether this machine and user allow a network namespace."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        name = f"vigilia-try-{os.getpid()}"
        subprocess.run(["ip", "netns", "add", name], check=True, capture_output=True)
        subprocess.run(["ip", "netns", "del", name], check=True, capture_output=True)
        return True
    return False


KINDS = ["relay", *(["namespace"] if namespaces_may_be_made() else [])]


@contextmanager
def wire_of(kind: str) -> Iterator[Wire]:
    """A server and a wire to it, for as long as they are needed."""
    if kind == "namespace":
        one = NamespaceWire()
        try:
            yield one
        finally:
            one.end()
        return
    with running() as postgres:
        other = RelayWire(postgres)
        try:
            yield other
        finally:
            other.end()
