"""A project, an in-memory ledger and a transport that answers what a test says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.channels.outcome import Outcome
from bot.channels.request import ApprisedRequest, HttpRequest, MimeRequest, Response
from bot.clock import SettableClock
from bot.delivery.courier import Courier, Listener
from bot.delivery.planner import write_down
from bot.delivery.poster import LocalPlaces, Poster
from bot.delivery.rate_limits import RateLimits
from bot.ledger.ledger import Ledger
from bot.ledger.rows import DeliveryRow
from bot.opening import open_ledger
from bot.project.load import Project, load_project
from tests.service.installation import DAY, NINE, table

SECRET = "aB3-dE_fG7hIjK"
TAKEN = Response(200, {}, b'{"id": "1315"}')
MATRIX_TAKEN = Response(200, {}, b'{"event_id": "$taken"}')


def discord(number: int) -> dict[str, object]:
    return {
        "platform": "discord",
        "url": f"https://discord.com/api/webhooks/{number}/{SECRET}",
        "include": [DAY],
    }


CHANNELS: dict[str, dict[str, object]] = {
    "one": discord(1),
    "two": discord(2),
    "room": {
        "platform": "matrix",
        "url": "https://matrix.example.org",
        "access_token": "syt_c2VjcmV0_aaaaaaaa",
        "room": "!room:example.org",
        "include": [DAY],
    },
}


@cache
def a_project() -> Project:
    """Gives a project with two webhooks of one host, and a room where repeats are harmless."""
    with TemporaryDirectory() as folder:
        config = Path(folder) / "config"
        config.mkdir()
        (config / "vigilia.toml").write_text("", "utf-8")
        channels = "\n\n".join(table(name, keys) for name, keys in CHANNELS.items())
        (config / "channels.toml").write_text(channels, "utf-8")
        return load_project(config, environ={})


@dataclass
class Answering:
    """A transport that gives one answer after the other, the last again and again."""

    answers: list[Response | Outcome | Exception] = field(default_factory=lambda: [TAKEN])
    requests: list[HttpRequest | MimeRequest | ApprisedRequest] = field(default_factory=list)

    def send(self, request: HttpRequest | MimeRequest | ApprisedRequest) -> Response | Outcome:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def urls(self) -> list[str]:
        return [request.url for request in self.requests if isinstance(request, HttpRequest)]


@dataclass
class Parts:
    """A courier with what it works on; of time nothing passes unless ``seconds`` is set."""

    ledger: Ledger
    project: Project
    clock: SettableClock
    transport: Answering
    courier: Courier

    def row(self, channel: str = "one") -> DeliveryRow:
        (row,) = self.ledger.history(channel=channel)
        return row


@contextmanager
def parts(*listeners: Listener, project: Project | None = None) -> Iterator[Parts]:
    """Gives a courier on whose ledger every channel's posting of the day is due now."""
    project = project or a_project()
    clock, transport = SettableClock(NINE), Answering()
    with open_ledger("sqlite://", base=Path(), mode="rehearsal", create=True, now=NINE) as ledger:
        courier = Courier(
            ledger,
            lambda: project,
            ledger.begin_run(NINE, "0.1.0"),
            clock,
            Poster(transport, LocalPlaces(ledger), RateLimits(lambda: 0.0), clock),
            listeners=listeners,
            chance=lambda: 0.5,
        )
        write_down(ledger, project, NINE, since=NINE - timedelta(days=1))
        yield Parts(ledger, project, clock, transport, courier)


def with_channels(project: Project, **fields: object) -> Project:
    """Gives the project with these fields of every channel changed."""
    channels = {
        name: replace(channel, **fields)  # type: ignore[arg-type]
        for name, channel in project.channels.items()
    }
    return replace(project, channels=channels)
