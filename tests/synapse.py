"""A real Matrix homeserver on loopback, and a relay before it that can withhold its answers."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import requests

from tests.unit.project_files import ROOT

PYTHON = ROOT / ".cache" / "synapse" / "bin" / "python"


class NoSynapseError(Exception):
    """The homeserver is not installed, or does not start."""


class Synapse:
    """A context manager around a homeserver with one user, ``bot``. Its files go to ``folder``."""

    def __init__(self, folder: Path) -> None:
        if not PYTHON.exists():
            raise NoSynapseError("A Matrix homeserver is needed: `make setup` installs it.")
        self._folder = folder
        self._shared = secrets.token_hex(16)
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        (self._folder / "signing.key").write_text(f"ed25519 a_1 {key}\n", "ascii")
        (self._folder / "homeserver.yaml").write_text(json.dumps(self._config()), "ascii")
        with (self._folder / "output").open("wb") as output:
            self._process = subprocess.Popen(
                [PYTHON, "-m", "synapse.app.homeserver", "-c", "homeserver.yaml"],
                cwd=self._folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": "", "PYTHONWARNINGS": "ignore"},
            )
        self._wait()
        self.token = self._registered("bot")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def _config(self) -> dict[str, Any]:
        quick = {"per_second": 1000, "burst_count": 1000}
        return {
            "server_name": "localhost.test",
            "report_stats": False,
            "listeners": [
                {
                    "port": self.port,
                    "type": "http",
                    "bind_addresses": ["127.0.0.1"],
                    "resources": [{"names": ["client"]}],
                }
            ],
            "database": {"name": "sqlite3", "args": {"database": "homeserver.db"}},
            "signing_key_path": "signing.key",
            "media_store_path": "media",
            "registration_shared_secret": self._shared,
            "macaroon_secret_key": secrets.token_hex(16),
            "form_secret": secrets.token_hex(16),
            "trusted_key_servers": [],
            "suppress_key_server_warning": True,
            "federation_domain_whitelist": [],
            "rc_message": quick,
        }

    def _wait(self) -> None:
        assert self._process is not None
        ends = time.monotonic() + 60
        while time.monotonic() < ends and self._process.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(f"{self.url}/health", timeout=5).ok:
                    return
            time.sleep(0.05)
        raise NoSynapseError((self._folder / "output").read_text("utf-8", "replace")[-2000:])

    def _registered(self, name: str) -> str:
        """Registers a user with the secret that the server shares with its administrator; gives the
        access token, of one device."""
        address = f"{self.url}/_synapse/admin/v1/register"
        nonce = requests.get(address, timeout=10).json()["nonce"]
        words = b"\0".join(word.encode() for word in (nonce, name, "password", "notadmin"))
        mac = hmac.new(self._shared.encode(), words, hashlib.sha1).hexdigest()
        answer = requests.post(
            address,
            json={"nonce": nonce, "username": name, "password": "password", "mac": mac},
            timeout=30,
        )
        token: str = answer.json()["access_token"]
        return token

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Asks the client API as the bot."""
        answer = requests.request(
            method,
            f"{self.url}/_matrix/client/v3{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
        )
        return answer.json()

    def room(self) -> str:
        """Makes a room; gives its id."""
        made: str = self.ask("POST", "/createRoom", {"preset": "private_chat"})["room_id"]
        return made

    def messages(self, room: str) -> list[dict[str, Any]]:
        """Gives the messages of a room, the first first."""
        path = f"/rooms/{quote(room, safe='')}/messages?dir=f&limit=200"
        events: list[dict[str, Any]] = self.ask("GET", path)["chunk"]
        return [event for event in events if event["type"] == "m.room.message"]

    def event(self, room: str, event_id: str) -> dict[str, Any]:
        """Gives one event as it stands now."""
        path = f"/rooms/{quote(room, safe='')}/event/{quote(event_id, safe='')}"
        found: dict[str, Any] = self.ask("GET", path)
        return found


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Relay:
    """A context manager: passes what comes on to ``target``, and the answers back, unless they are
    withheld. ``held`` is set as soon as an answer has been."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.withholding = threading.Event()
        self.held = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for sock in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join()
        for sock in (self._listener, *self._sockets):
            sock.close()

    def _start(self, call: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=call, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it is shut down at the end
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [client, server]
                self._start(self._pass, client, server, False)
                self._start(self._pass, server, client, True)

    def _pass(self, source: socket.socket, to: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while read := source.recv(65536):
                if answers and self.withholding.is_set():
                    self.held.set()
                else:
                    to.sendall(read)
        with contextlib.suppress(OSError):
            to.shutdown(socket.SHUT_WR)
