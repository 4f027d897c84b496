"""A period of the calendar at once: the real planner, ledger and courier under a simulated
clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot import __version__
from bot.channels.outcome import Delivered
from bot.channels.request import LocalRequest, RemoteRequest
from bot.clock import SettableClock
from bot.content.message import Message
from bot.delivery.courier import Courier
from bot.delivery.planner import write_down
from bot.delivery.poster import Poster
from bot.delivery.rate_limits import RateLimits
from bot.errors import RenderError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import State
from bot.opening import open_ledger
from bot.project.load import Project


@dataclass(frozen=True)
class SimulatedPost:
    """One post of a simulation. ``body`` is Markdown, the parts divided by a line of dashes."""

    at: datetime
    key: str
    channel: str
    title: str
    body: str


def markdown_of(message: Message) -> str:
    """Return all that a message says as one Markdown text."""
    return "\n\n---\n\n".join(_part(message, index) for index in range(len(message.parts)))


def _part(message: Message, index: int) -> str:
    part = message.parts[index]
    pieces = [f"## {part.title}"] if index else []
    pieces.append(part.body.strip())
    if part.actions:
        lines = [
            f"- {action.text} " + " · ".join(f"[{li.title}]({li.url})" for li in action.links)
            for action in part.actions
        ]
        pieces.append(f"{part.actions_label}\n\n" + "\n".join(lines))
    if part.sources:
        lines = [f"- [{link.title}]({link.url})" for link in part.sources]
        pieces.append(f"{part.sources_label}\n\n" + "\n".join(lines))
    return "\n\n".join(pieces)


class _Nowhere:
    """Takes every request as a platform would that accepts everything, and posts nothing."""

    def send(self, request: RemoteRequest) -> Delivered:
        return Delivered()

    def put(self, request: LocalRequest, key: str, channel: str, at: datetime) -> Delivered:
        return Delivered()


def simulated(project: Project, start: datetime, end: datetime) -> Iterator[SimulatedPost]:
    """Yield every post from ``start`` to ``end`` (UTC), the earliest first.

    What waits for a person's approval is taken as approved. Raises RenderError where a message
    cannot be written or does not fit its platform.
    """
    clock = SettableClock(start)
    with open_ledger("sqlite://", base=Path(), mode="rehearsal", create=True, now=start) as ledger:
        run = ledger.begin_run(start, __version__)
        nowhere = _Nowhere()
        courier = Courier(
            ledger,
            lambda: project,
            run,
            clock,
            Poster(nowhere, nowhere, RateLimits(lambda: 0.0), clock),
        )
        write_down(ledger, project, start)
        while (due := project.plan.next_due(clock.now())) is not None and due <= end:
            clock.set(due)
            ledger.alive(run, due)
            for key in write_down(ledger, project, due).inserted:
                yield _posted(ledger, courier, key, due)


def _posted(ledger: Ledger, courier: Courier, key: str, at: datetime) -> SimulatedPost:
    (row,) = ledger.deliveries([key])
    if row.state is State.HELD:
        ledger.decide(key, "approve", "simulation", "", at)
    courier.deliver(row)
    (row,) = ledger.deliveries([key])
    if row.message is None or row.state is not State.DELIVERED:
        raise RenderError(f"{key}: {row.detail or row.state.value}")
    message = Message.from_json(row.message)
    return SimulatedPost(at, key, row.channel, message.title, markdown_of(message))
