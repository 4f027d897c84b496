"""Several machines, each a process of the command, on one PostgreSQL and one receiver."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.delivery.planner import write_down
from bot.ledger.ledger import Ledger
from bot.ledger.rows import DeliveryRow, State
from bot.opening import open_ledger
from bot.project.load import load_project
from tests.postgres import Postgres
from tests.receiver import Answer, Receiver, wait_until
from tests.service.installation import Running, command, environment, webhook

DAY = "day-of-many-machines"

_SETTINGS = """
timezone = "UTC"
post_at = "00:00"
[ledger]
url = "{url}"
[engine]
kind = "cluster"
lease = "{lease}"
stalled_after = "{stalled_after}"
[delivery]
workers = {workers}
[network]
trusted_hosts = ["{receiver}"]
[web]
listen = "off"
"""

_TEXTS = "\n".join(
    f'name.{language} = "A day"\nopening.{language} = "On {{{{ date }}}} we remember."\n'
    f'together.{language} = "Canada and Mexico can do so together."'
    for language in ("en", "fr", "es")
)

_STORY = '[[{day}.story]]\nen = "A story."\nfr = "Une histoire."\nes = "Una historia."\n'


class Cluster:
    """A group on several machines whose channels all have something due since midnight."""

    def __init__(
        self,
        root: Path,
        postgres: Postgres,
        receiver: Receiver,
        channels: int,
        *,
        lease: str = "5s",
        stalled_after: str = "3s",
        workers: int = 8,
        url: str | None = None,
    ) -> None:
        self.root, self.postgres, self.receiver = root, postgres, receiver
        self.url = url or postgres.database()
        self.machines: dict[str, Running] = {}
        self._lease, self._stalled_after, self._workers = lease, stalled_after, workers
        self._write(self.url, channels)

    def _write(self, url: str, channels: int) -> None:
        config = self.root / "config"
        (config / "observances").mkdir(parents=True, exist_ok=True)
        settings = _SETTINGS.format(
            url=url,
            lease=self._lease,
            stalled_after=self._stalled_after,
            workers=self._workers,
            receiver=self.receiver.address,
        )
        (config / "vigilia.toml").write_text(settings, "utf-8")
        tables = [webhook(f"c{number}", self.receiver, include=[DAY]) for number in range(channels)]
        self.write_channels(tables)
        today = datetime.now(UTC).date()
        entry = (
            f'[{DAY}]\nkind = "day"\non = "{today.day} {today:%B}"\npriority = 100\n'
            f'themes = ["own"]\nactions = []\nauthority = "The tests"\n'
            f'sources = [{{ title = "A source", url = "https://example.org/" }}]\n'
            f"{_TEXTS}\n{_STORY.format(day=DAY)}"
        )
        (config / "observances" / "own.toml").write_text(entry, "utf-8")

    def write_channels(self, tables: Sequence[str], settings: str = "") -> None:
        """Writes the channels anew, and more settings."""
        config = self.root / "config"
        (config / "channels.toml").write_text("\n\n".join(tables), "utf-8")
        with (config / "vigilia.toml").open("a", encoding="utf-8") as file:
            file.write(settings)

    def copy_of_config(self, name: str, channels: str) -> Path:
        """Gives a config folder of a machine that has other channels."""
        folder = self.root / name / "config"
        shutil.copytree(self.root / "config", folder)
        (folder / "channels.toml").write_text(channels, "utf-8")
        return folder

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        now = datetime.now(UTC)
        with open_ledger(self.url, base=self.root, mode="real", create=True, now=now) as ledger:
            yield ledger

    def known_since_yesterday(self) -> None:
        """Makes the ledger of a cluster that knew all its channels by yesterday."""
        yesterday = datetime.now(UTC) - timedelta(days=1)
        with self.ledger() as ledger:
            run = ledger.begin_run(yesterday, "0.1.0")
            project = load_project(self.root / "config", environ={})
            write_down(ledger, project, yesterday)
            ledger.alive(run, yesterday)
            ledger.end_run(run, yesterday)

    def start(self, name: str, role: str, *words: str, code: Path | None = None) -> Running:
        """Starts a machine, killed at the test's end at the latest. ``code``: another version's."""
        running = Running(
            subprocess.Popen(
                command("run", "--role", role, *words),
                cwd=self.root,
                env=environment(**({"PYTHONPATH": str(code)} if code else {})),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        self.machines[name] = running
        return running

    def rows(self) -> tuple[DeliveryRow, ...]:
        with self.ledger() as ledger:
            return ledger.history()

    def counts(self) -> dict[State, int]:
        with self.ledger() as ledger:
            return dict(ledger.counts())

    def settled(self) -> int:
        """Gives how many deliveries have come to their end, or wait for a person."""
        counts = self.counts()
        return sum(counts[state] for state in (State.DELIVERED, State.UNKNOWN, State.FAILED))

    def wait_until_settled(self, number: int, timeout: float) -> None:
        """Returns as soon as so many deliveries are settled."""
        wait_until(lambda: self.settled() >= number, timeout)

    def arrived(self) -> Counter[str]:
        """Gives how often each posting arrived, by its key, those left out that were refused."""
        return Counter(request.json["data"]["key"] for request in self.receiver.requests)

    def said(self) -> str:
        return "\n".join(
            f"--- {name}\n{''.join(machine.lines[-30:])}" for name, machine in self.machines.items()
        )

    def stop_all(self) -> None:
        """Has every machine end in good order."""
        for machine in self.machines.values():
            if machine.process.poll() is None:
                machine.signal(signal.SIGTERM)
        for machine in self.machines.values():
            machine.ended(30)

    def end(self) -> None:
        """Kills what is left."""
        for machine in self.machines.values():
            if machine.process.poll() is None:
                machine.signal(signal.SIGKILL)
            machine.ended()


def unavailable_once() -> tuple[Answer, Answer]:
    """Gives answers that have a delivery tried again."""
    return Answer(503, b"later"), Answer()
