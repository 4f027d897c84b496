"""How far a request got, and what a failure therefore means.

requests, urllib3 and smtplib raise the same errors for a connection that broke before the request
left and for one that broke after it, and only one of the two may be tried again. So the sockets and
connections of this room note each step in the :class:`Progress` of the request they work for, and
whatever goes wrong, a defect of ours too, is judged by it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from http.client import HTTPException

from urllib3.exceptions import HTTPError

from bot.channels.outcome import Outcome, Reason, Rejected, Retry, Unknown
from bot.logs import SECRETS, log
from bot.transport.resolving import DecidedError, Route

# What urllib3, http.client, requests and smtplib raise for a network or a server that is not as it
# should be (the last two: an OSError), and Python for a machine that has no memory left. Their
# texts hold the address, and with it the secret: none leaves this room.
FAILURES = (HTTPError, HTTPException, OSError, ValueError, MemoryError)


class Stage(Enum):
    """How far a request got."""

    CONNECTING = "connecting"
    SECURING = "securing"
    WRITING = "writing"
    SENT = "sent"
    """Its last byte was handed to the kernel: from here on it may have arrived."""


_BROKEN_OFF = {
    Stage.CONNECTING: (Reason.CONNECT, "No connection to {host} could be opened."),
    Stage.SECURING: (Reason.TLS, "{host} opened no secure connection."),
    Stage.WRITING: (Reason.WRITE, "The connection to {host} broke before the {thing} had left."),
}
"""What a request came to that had not left, by how far it got."""


@dataclass(slots=True)
class Progress:
    """One request on its way, used by the thread that sends it.

    ``ends_at`` is its deadline, in seconds of ``time.monotonic()``; ``thing`` what is sent, as a
    person calls it.
    """

    route: Route
    ends_at: float
    thing: str = "request"
    host: str = "its server"
    stage: Stage = Stage.CONNECTING

    @property
    def left_s(self) -> float:
        """The seconds until the deadline; negative after it."""
        return self.ends_at - time.monotonic()

    @property
    def expired(self) -> bool:
        """Whether the deadline has passed. The clock says so; of errors, few tell the truth."""
        return self.left_s <= 0


CURRENT: ContextVar[Progress] = ContextVar("CURRENT")


@contextmanager
def under_way(route: Route, deadline_s: float, thing: str = "request") -> Iterator[Progress]:
    """Follow one request: every socket of this room that the block uses keeps its deadline."""
    progress = Progress(route, time.monotonic() + deadline_s, thing)
    token = CURRENT.set(progress)
    try:
        yield progress
    finally:
        CURRENT.reset(token)


def judge(error: Exception, progress: Progress, secrets: Iterable[str] = ()) -> Outcome:
    """Return what a request came to that ended with ``error``, by how far it got.

    What never left is never in doubt. An error of a kind that no network and no machine raises is a
    defect of ours: it is logged, without ``secrets``.
    """
    if isinstance(error, DecidedError):
        return error.outcome
    defect = not isinstance(error, FAILURES)
    if defect:
        SECRETS.know(secrets)  # its traceback may hold a form of one that stands in no file
        log("defect", f"Sending a {progress.thing} met a defect.", level="error", exc_info=error)
    if progress.stage is Stage.SENT:
        return _in_doubt(error, progress, defect=defect)
    if defect:
        return Rejected(Reason.DEFECT, f"Not sent: {_defect(error)}")
    reason, sentence = _BROKEN_OFF[progress.stage]
    if isinstance(error, MemoryError):
        return Retry(reason, "Not sent: this machine has no memory left.")
    certificate = _certificate_problem(error)
    if certificate is not None:
        detail = f"The certificate of {progress.host} is not accepted: {certificate}."
        return Retry(Reason.TLS, detail)
    return Retry(reason, sentence.format(host=progress.host, thing=progress.thing))


def _in_doubt(error: Exception, progress: Progress, *, defect: bool) -> Unknown:
    if defect:
        return Unknown(Reason.DEFECT, _defect(error))
    taken = f"{progress.host} took the {progress.thing} and"
    if progress.expired:
        return Unknown(Reason.DEADLINE, f"{taken} did not answer in time.")
    return Unknown(Reason.NO_ANSWER, f"{taken} gave no answer that can be read.")


def _defect(error: Exception) -> str:
    return f"A defect in Vigilia ({type(error).__name__}). Please report it."


def _certificate_problem(error: BaseException) -> str | None:
    """Return OpenSSL's words ("certificate has expired") from anywhere under ``error``.

    urllib3 hangs the first error now as its cause, now among its arguments.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message).rstrip(".")
    for cause in (error.__cause__, error.__context__, *error.args):
        if isinstance(cause, BaseException):
            problem = _certificate_problem(cause)
            if problem is not None:
                return problem
    return None
