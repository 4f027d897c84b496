"""A group's folder, and the command run in it as a real process."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bot.cli import main
from bot.delivery.planner import write_down
from bot.ledger.ledger import Ledger
from bot.ledger.rows import DeliveryRow
from bot.opening import open_ledger
from bot.project.load import Project, load_project
from tests.receiver import Receiver, wait_until

DAY = "genocide-prevention-day"
SIGNING_SECRET = "whsec_dGhlIHRlc3RzIHNpZ24gd2l0aCB0aGlzIGtleSE="
TOKEN = "Xk7Qp2Vt9mNbL4sR8wYz3HcJ"

NINE = datetime(2026, 12, 9, 14, 0, tzinfo=UTC)
"""The morning of 9 December 2026, 09:00 in Toronto."""


def webhook(name: str, receiver: Receiver, **more: object) -> str:
    """Gives the table of a signed webhook channel on path ``/NAME/TOKEN`` of the receiver."""
    keys = {
        "platform": "webhook",
        "url": receiver.url(f"/{name}/{TOKEN}"),
        "secret": SIGNING_SECRET,
        "include": [DAY],
        **more,
    }
    return table(name, keys)


def table(name: str, keys: dict[str, object]) -> str:
    """Gives the table of a channel. JSON's texts, numbers and lists are TOML's too."""
    return "\n".join([f"[channels.{name}]", *(f"{k} = {json.dumps(v)}" for k, v in keys.items())])


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


@dataclass
class Installation:
    """A folder with config and ledger that posts to a receiver. Its settings are the defaults."""

    root: Path
    receiver: Receiver
    processes: list[Running] = field(default_factory=list)

    def write(
        self, *channels: str, settings: str = "", network: str = "", trusted: Sequence[str] = ()
    ) -> None:
        """Writes the configuration anew; ``network`` are more lines of that table."""
        config = self.root / "config"
        config.mkdir(exist_ok=True)
        hosts = json.dumps([self.receiver.address, *trusted])
        network = f"[network]\ntrusted_hosts = {hosts}\n{network}\n"
        page = "" if "[web]" in settings else '[web]\nlisten = "off"\n'
        (config / "vigilia.toml").write_text(f"{settings}\n{network}\n{page}", "utf-8")
        (config / "channels.toml").write_text("\n\n".join(channels), "utf-8")

    def project(self) -> Project:
        """Reads the configuration."""
        return load_project(self.root / "config", environ={})

    def open(self, *, real: bool = True, create: bool = False, now: datetime = NINE) -> Ledger:
        """Opens the ledger to write to it."""
        return open_ledger(
            "sqlite:///var/vigilia.db",
            base=self.root,
            mode="real" if real else "rehearsal",
            create=create,
            now=now,
        )

    def known_since(self, instant: datetime, *, real: bool = False) -> None:
        """Makes the ledger of a service that ran at an instant, and knew all channels by then."""
        with self.open(real=real, create=True, now=instant) as ledger:
            run = ledger.begin_run(instant, "0.1.0")
            write_down(ledger, self.project(), instant)
            ledger.alive(run, instant)
            ledger.end_run(run, instant)

    @contextmanager
    def reading(self) -> Iterator[Ledger]:
        """Opens the ledger as it is, to look at it."""
        with open_ledger(
            "sqlite:///var/vigilia.db", base=self.root, mode=None, create=False, now=NINE
        ) as ledger:
            yield ledger

    def rows(self) -> dict[str, DeliveryRow]:
        """Gives the deliveries by their channel: the tests have one to a channel, mostly."""
        with self.reading() as ledger:
            return {row.channel: row for row in ledger.history()}

    def tell(self, *words: str) -> Said:
        """Runs a command to its end, in this process, which is another than the service's."""
        out, err = io.StringIO(), io.StringIO()
        line = ["vigilia", *words, "--config", str(self.root / "config")]
        with redirect_stdout(out), redirect_stderr(err), patch.object(sys, "argv", line):
            try:
                main()
            except SystemExit as ended:
                assert isinstance(ended.code, int)
                return Said(ended.code, out.getvalue(), err.getvalue())

    def start(self, *words: str, **variables: str) -> Running:
        """Starts ``vigilia run`` with these words. It is killed at the test's end at the latest."""
        running = Running(
            subprocess.Popen(
                command("run", *words),
                cwd=self.root,
                env=environment(**variables),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        self.processes.append(running)
        return running

    def rehearse(self, at: datetime, *words: str) -> Running:
        """Starts a rehearsal at an instant."""
        return self.start("--at", at.isoformat(), *words)

    def end(self) -> None:
        """Kills what is left of this group's processes."""
        for running in self.processes:
            if running.process.poll() is None:
                running.kill()


class Running:
    """A process of the command, what it says read as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)

    @property
    def records(self) -> list[dict[str, Any]]:
        """Gives the log so far. Every line has to be a record."""
        return [json.loads(line) for line in list(self.lines)]

    def said(self, action: str) -> list[dict[str, Any]]:
        """Gives the log records of an action so far."""
        return [record for record in self.records if record["action"] == action]

    def wait_for(self, action: str, count: int = 1, timeout: float = 20.0) -> list[dict[str, Any]]:
        """Returns as soon as the log has so many records of an action; gives them."""
        wait_until(
            lambda: len(self.said(action)) >= count or self.process.poll() is not None, timeout
        )
        assert len(self.said(action)) >= count, "".join(self.lines)
        return self.said(action)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self.signal(signal.SIGKILL)
        self.ended()

    def stop(self) -> int:
        """Ends it with SIGTERM; gives the exit code."""
        self.signal(signal.SIGTERM)
        return self.ended()

    def ended(self, timeout: float = 20.0) -> int:
        """Waits for its end; gives the exit code."""
        code = self.process.wait(timeout)
        self._reader.join(timeout)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return code


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "bot", *words]


def environment(**variables: str) -> dict[str, str]:
    """Gives the variables of a process: this checkout's code, and nothing that a person has set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VIGILIA")}
    checkout = str(Path(__file__).resolve().parents[2])
    return {**kept, "PYTHONPATH": checkout, **variables}


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)
