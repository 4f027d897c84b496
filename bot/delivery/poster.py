"""The one way to send: a posting, a test message, a retraction, a sign of life."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TextIO

from bot.channels.channel import Channel
from bot.channels.outcome import Delivered, Outcome, Reason, Retry, Unknown
from bot.channels.request import HttpRequest, LocalRequest, RemoteRequest, Request, Response
from bot.clock import Clock
from bot.delivery.rate_limits import HOST, Rates, asked_to_wait
from bot.delivery.retry import next_delay
from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.logs import SECRETS, log
from bot.transport.dispatch import Transport


class Limits(Protocol):
    """Rate limits: of this process, or of all machines."""

    def wait_for(self, keys: Rates) -> float: ...

    def back_off(self, key: str, seconds: float) -> None: ...


class Places(Protocol):
    """Puts a message into a place on this machine."""

    def put(self, request: LocalRequest, key: str, channel: str, at: datetime) -> Delivered: ...


class LocalPlaces:
    """Put messages into the inbox, which the ledger keeps, or print them."""

    def __init__(self, ledger: Ledger | None, out: TextIO | None = None) -> None:
        self._ledger = ledger
        self._out = out
        self._lock = threading.Lock()

    def put(self, request: LocalRequest, key: str, channel: str, at: datetime) -> Delivered:
        """Put the message there. A repeat with the same key leaves one message in the inbox."""
        if request.place == "inbox":
            if self._ledger is None:
                raise LedgerError("The inbox is kept in the ledger, and none is open.")
            self._ledger.inbox_put(key, channel, request.message.to_json(), request.text, at)
            return Delivered(remote_id=None, detail="kept in the inbox")
        out = self._out or sys.stdout
        with self._lock:
            print(request.text, file=out, end="\n\n", flush=True)
        return Delivered(remote_id=None, detail="printed")


@dataclass
class Poster:
    """Send requests, read the answers, and heed what they ask for. Used by many threads at once."""

    transport: Transport
    places: Places
    limits: Limits
    clock: Clock

    def send(self, request: RemoteRequest) -> Response | Outcome:
        """Send a request once; return the answer, or the outcome where none could be read."""
        try:
            return self.transport.send(request)
        except Exception:
            # its traceback may hold a form of a secret that stands in no file
            if isinstance(request, HttpRequest):
                SECRETS.know(request.secrets)
            raise

    def post(
        self,
        request: Request,
        key: str,
        channel: Channel,
        *,
        read: Callable[[Response, datetime], Outcome] | None = None,
        tries: int = 1,
    ) -> tuple[Outcome, int | None]:
        """Send a request to a channel once; return what it came to, and the status of an HTTP
        answer. Raises nothing: a defect here leaves in doubt what may have left.

        ``read`` reads the answer, unless it is that to a posting. ``tries`` counts the requests
        that were sent for ``key``, this one among them.
        """
        status = None
        try:
            if isinstance(request, LocalRequest):
                return self._put(request, key, channel), None
            answer = self.send(request)
            if isinstance(answer, Response):
                status = answer.status
                outcome = (read or channel.platform.outcome)(answer, self.clock.now())
            else:
                outcome = answer
        except Exception as error:  # noqa: BLE001 - a defect of ours must not leave a row under way
            return Unknown(Reason.DEFECT, defect(key, error)), status
        try:
            self._heed(answer, outcome, channel, tries)
        except Exception as error:  # noqa: BLE001 - what came of the request is known all the same
            defect(key, error)
        return outcome, status

    def _put(self, request: LocalRequest, key: str, channel: Channel) -> Outcome:
        try:
            return self.places.put(request, key, channel.name, self.clock.now())
        except LedgerError as error:
            return Retry(Reason.WRITE, str(error))

    def _heed(
        self, answer: Response | Outcome, outcome: Outcome, channel: Channel, tries: int
    ) -> None:
        """Keep a bucket shut for as long as the platform's headers ask, and that of the webhook
        after a 429, also where nothing says for how long."""
        wait = None
        if isinstance(answer, Response):
            wait = asked_to_wait(answer.headers, answer.status, self.clock.now())
        is_limited = isinstance(outcome, Retry) and outcome.reason is Reason.RATE_LIMITED
        if wait is None and not is_limited:
            return
        buckets = channel.platform.rate_keys(channel.options)
        if wait is not None:
            for bucket, _ in buckets:
                if bucket.startswith(HOST) == wait.everywhere:
                    self.limits.back_off(bucket, wait.seconds)
        if isinstance(outcome, Retry) and is_limited:
            delay = outcome.retry_after or next_delay(tries, None, random.random)
            self.limits.back_off(buckets[0][0], delay.total_seconds())


def defect(key: str, error: Exception) -> str:
    """Write down that a delivery met a defect of ours; return the sentence that says so."""
    log("defect", "A delivery met a defect.", level="error", key=key, exc_info=error)
    return f"A defect in Vigilia ({type(error).__name__}). Please report it."
