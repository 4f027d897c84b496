"""A page to test: a project whose every secret is a canary, a ledger with something in every state,
and the real application, in this process or behind a real server."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from bot.channels.outcome import Outcome, Reason
from bot.channels.request import HttpRequest, RemoteRequest, Response
from bot.clock import SettableClock
from bot.delivery.poster import LocalPlaces, Poster
from bot.delivery.rate_limits import RateLimits
from bot.delivery.rendering import write_message
from bot.ledger.ledger import Ledger
from bot.ledger.rows import HeldFor, OutcomeName, Settlement, State
from bot.opening import open_ledger
from bot.oversight.metrics import Metrics
from bot.planning import Planned, Posting
from bot.project.load import Project, load_project
from bot.project.secrets import tell_the_logs
from bot.settings.listening import Listen
from bot.web.access import access_of
from bot.web.app_state import Site
from bot.web.page_thread import bound
from bot.web.server import serve

NOW = datetime(2026, 12, 10, 16, 0, tzinfo=UTC)
"""Two hours after the posts of 10 December; 27 January, which is approved here, is weeks ahead."""

CANARIES = {
    "OTTAWA": "CANARYslackSECRET0001",
    "COMUNIDAD": "CANARYdiscordSECRET0002",
    "SITE": "whsec_Q0FOQVJZd2ViaG9va1NFQ1JFVDAwMDN4eA==",
    "PING": "CANARYpingSECRET0004",
    "VIGILIA_WEB_TOKEN": "CANARYtokenSECRET0005",
}

SETTINGS = """
[network]
trusted_hosts = ["127.0.0.1:9"]
[approval]
lead = "60d"
[operator]
ping_url = "https://ping.example.org/${PING}"
[web]
listen = "127.0.0.1:0"
"""

CHANNELS = """
[channels.ottawa]
platform = "slack"
url = "http://127.0.0.1:9/services/T0/B0/${OTTAWA}"
languages = ["en", "fr"]

[channels.comunidad]
platform = "discord"
url = "http://127.0.0.1:9/api/webhooks/12/${COMUNIDAD}"
languages = ["es"]
timezone = "America/Mexico_City"
lead_days = [7]

[channels.inbox]
platform = "inbox"
languages = ["en", "fr", "es"]
digest = "monthly"

[channels.gate]
platform = "inbox"
languages = ["en"]
approval = true
include = ["holocaust-remembrance-day", "rwanda-genocide-reflection-day", "human-rights-day"]

[channels.site]
platform = "webhook"
url = "http://127.0.0.1:9/hook"
secret = "${SITE}"
languages = ["fr"]
include = ["genocide-prevention-day"]

[channels.screen]
platform = "console"
include = ["genocide-prevention-day"]
"""


def make_project(folder: Path, *, login: bool = False, channels: str = CHANNELS) -> Project:
    """Writes a group's folder and loads it. With ``login`` the page asks for the token."""
    config = folder / "config"
    config.mkdir(parents=True)
    (config / "vigilia.toml").write_text(SETTINGS, "utf-8")
    (config / "channels.toml").write_text(channels, "utf-8")
    environ = {k: v for k, v in CANARIES.items() if login or k != "VIGILIA_WEB_TOKEN"}
    project = load_project(config, environ=environ, cwd=folder)
    tell_the_logs(project)
    return project


@dataclass
class RecordingTransport:
    """Answers every request with what it is told, and keeps those over HTTP."""

    answer: Response | Outcome = field(default_factory=lambda: Response(200, {}, b"ok"))
    sent: list[HttpRequest] = field(default_factory=list)

    def send(self, request: RemoteRequest) -> Response | Outcome:
        assert isinstance(request, HttpRequest)
        self.sent.append(request)
        return self.answer


@dataclass
class Woken:
    """Counts how often the service was woken."""

    times: int = 0

    def __call__(self) -> None:
        self.times += 1


@dataclass
class Stage:
    """A site with what a test looks at and turns."""

    site: Site
    clock: SettableClock
    ledger: Ledger
    project: Project
    transport: RecordingTransport
    woken: Woken
    keys: dict[str, str]
    """The key of a delivery in each state, by the state's name; and ``coming``, ``asked``."""
    run: str


@dataclass(frozen=True)
class _Prepared:
    """What stages are copied from: loading and filling take a while."""

    project: Project
    ledger: Path
    keys: dict[str, str]


_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


@cache
def _prepared(*, login: bool, filled: bool, channels: str) -> _Prepared:
    folder = tempfile.TemporaryDirectory(prefix="vigilia-page-")
    _FOLDERS.append(folder)
    root = Path(folder.name)
    project = make_project(root, login=login, channels=channels)
    keys: dict[str, str] = {}
    with open_ledger(
        "sqlite:///vigilia.db", base=root, mode="rehearsal", create=True, now=NOW
    ) as ledger:
        run = ledger.begin_run(NOW, "0.1.0")
        if filled:
            keys = fill(ledger, run, project)
    return _Prepared(project, root / "vigilia.db", keys)


@contextmanager
def staged(
    folder: Path, *, login: bool = False, filled: bool = True, channels: str = CHANNELS
) -> Iterator[Stage]:
    """Gives a site on a ledger of its own, in ``folder``."""
    prepared = _prepared(login=login, filled=filled, channels=channels)
    project = prepared.project
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(prepared.ledger, folder / "vigilia.db")
    clock = SettableClock(NOW)
    with open_ledger(
        "sqlite:///vigilia.db", base=folder, mode="rehearsal", create=False, now=NOW
    ) as ledger:
        access = access_of(project)
        assert access is not None
        transport, woken = RecordingTransport(), Woken()
        site = Site(
            project=lambda: project,
            ledger=ledger,
            clock=clock,
            access=access,
            poster=Poster(transport, LocalPlaces(ledger), RateLimits(time.monotonic), clock),
            wake=woken,
            health_problem=lambda: None,
            metrics=Metrics(lambda: project, ledger, clock, lambda: None),
        )
        run = ledger.latest_run()
        assert run is not None
        yield Stage(site, clock, ledger, project, transport, woken, dict(prepared.keys), run.id)


def fill(ledger: Ledger, run: str, project: Project) -> dict[str, str]:
    """Puts a delivery in every state into a ledger, from the calendar's own postings."""
    planned = project.plan.due(NOW - timedelta(days=120), NOW)
    # the newest first: what went wrong lately is what the page tells of
    newest = sorted(planned, key=lambda item: item.due_at, reverse=True)
    postings = iter(item for item in newest if item.postings[0].channel != "gate")
    keys: dict[str, str] = {}

    def put(state: State = State.READY, held_for: HeldFor | None = None) -> Posting:
        item = next(postings)
        posting = item.postings[0]
        useful = NOW + timedelta(days=2)
        later = Planned(item.slots, tuple(replace(p, useful_until=useful) for p in item.postings))
        ledger.insert([later], posting.due_at, state_of=lambda *_: (state, held_for))
        return posting

    def attempt(posting: Posting, state: State, outcome: OutcomeName, reason: Reason) -> str:
        row = ledger.delivery(posting.key)
        assert row is not None
        message = write_message(project, posting)
        words, lease = {row.id: message.to_json()}, timedelta(minutes=5)
        (claim,) = ledger.claim([row], run, posting.due_at, lease, words)
        if state is State.DELIVERED and project.channels[posting.channel].platform.name == "inbox":
            text = message.parts[0].body
            ledger.inbox_put(posting.key, posting.channel, message.to_json(), text, posting.due_at)
        retrying = state is State.RETRYING
        ended = (
            claim,
            Settlement(
                state,
                outcome,
                reason,
                "it said so",
                remote_id="1357" if state is State.DELIVERED else None,
                next_attempt_at=NOW + timedelta(hours=1) if retrying else None,
                status=200 if state is State.DELIVERED else 503,
            ),
        )
        ledger.settle([ended], posting.due_at + timedelta(seconds=1))
        return posting.key

    keys["failed"] = attempt(put(), State.FAILED, "rejected", Reason.BAD_REQUEST)
    keys["unknown"] = attempt(put(), State.UNKNOWN, "unknown", Reason.NO_ANSWER)
    keys["unknown2"] = attempt(put(), State.UNKNOWN, "unknown", Reason.DEADLINE)
    keys["retrying"] = attempt(put(), State.RETRYING, "retry", Reason.SERVER_ERROR)
    keys["held"] = put(State.HELD, "approval").key
    keys["skipped"] = put(State.SKIPPED).key
    keys["missed"] = put(State.MISSED).key
    for _ in range(9):
        posting = put()
        keys["delivered"] = attempt(posting, State.DELIVERED, "delivered", Reason.ACCEPTED)
        if posting.channel == "comunidad":
            keys["discord"] = keys["delivered"]
        else:
            kept = keys["delivered"]
    keys["delivered"] = kept
    for item in postings:
        ledger.insert([item], item.due_at, state_of=lambda *_: (State.DELIVERED, None))
    while ledger.index_words():
        pass
    coming = project.plan.due(NOW, NOW + timedelta(days=90))
    found = [posting for item in coming for posting in item.postings]
    keys["coming"] = next(p.key for p in found if p.channel == "ottawa")
    keys["spanish"] = next(p.key for p in found if p.channel == "comunidad" and not p.lead_days)
    keys["notice"] = next(p.key for p in found if p.lead_days)
    keys["asked"] = next(p.key for p in found if p.channel == "gate")
    keys["digest"] = next(p.key for p in found if p.lines)
    return keys


@contextmanager
def served(site: Site) -> Iterator[str]:
    """Serves a site with the real server; gives its address, without a slash at the end."""
    listening = bound(Listen("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(site, listening), daemon=True)
    thread.start()
    host, port = listening.getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        site.closing.set()
        thread.join(5)
        listening.close()
        assert not thread.is_alive()
