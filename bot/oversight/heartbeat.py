"""The dead man's switch: a ping while scheduler, ledger and workers get on with their work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from bot.channels.outcome import Outcome
from bot.channels.request import HttpRequest, Response
from bot.logs import log
from bot.project.load import Project
from bot.transport.dispatch import Transport

PING_EVERY_S = 300.0
LOOK_EVERY_S = 5.0


class Heartbeat:
    """Asks ``[operator] ping_url`` every five minutes while all is well, and its ``/fail`` as soon
    as it is not, and every five minutes after that.

    ``health_problem`` returns what does not get on with its work, in a sentence; None where all
    does. In a thread of its own, so that whatever hangs elsewhere does not keep it from saying so.
    """

    def __init__(
        self,
        project: Callable[[], Project],
        transport: Transport,
        health_problem: Callable[[], str | None],
        *,
        ping_every_s: float = PING_EVERY_S,
    ) -> None:
        self._project = project
        self._transport = transport
        self._health_problem = health_problem
        self._ping_every_s = ping_every_s
        self._last: tuple[bool, float] | None = None
        self._heard = True

    def watch(self, ended: threading.Event, every_s: float = LOOK_EVERY_S) -> None:
        """Look and ping, until ``ended``."""
        while not ended.wait(every_s):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - a defect here must not end the watching
                log(
                    "ping-failed",
                    f"A defect kept it from pinging ({type(error).__name__}).",
                    level="error",
                    exc_info=True,
                )

    def look(self) -> None:
        """Ping where it is time to."""
        secret = self._project().settings.operator.ping_url
        if secret is None:
            return
        problem = self._health_problem()
        well, at = problem is None, time.monotonic()
        if self._last is not None:
            same = self._last[0] == well
            if same and at - self._last[1] < self._ping_every_s:
                return
        self._last = (well, at)
        if problem is not None:
            log("ailing", f"{problem} The dead man's switch is told.", level="error")
        url = secret.get_secret_value()
        self._ping(url if well else fail_url(url), url)

    def _ping(self, url: str, secret: str) -> None:
        answer = self._transport.send(
            HttpRequest("GET", url, headers={}, body=b"", secrets=(secret,))
        )
        heard = isinstance(answer, Response) and answer.status < 400
        if heard != self._heard:
            self._heard = heard
            if heard:
                log("ping", "The dead man's switch is reached again.")
            else:
                sentence = f"The dead man's switch could not be reached: {_why(answer)}"
                log("ping-failed", sentence, level="warning")


def fail_url(url: str) -> str:
    """Return where a failure is told: the same address with ``/fail`` behind its path."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/fail"))


def _why(answer: Response | Outcome) -> str:
    if isinstance(answer, Response):
        return f"it answered {answer.status}."
    return answer.detail or f"{answer.reason}."
