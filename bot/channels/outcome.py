"""What an attempt came to: a closed union, and the reason as one enum.

The reason is the same word in the outcome, the log, the metric and on the screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Reason(StrEnum):
    """Why an attempt came to what it came to."""

    ACCEPTED = "accepted"
    # nothing of the request, or not all of it, left the machine
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    WRITE = "write"
    ADDRESS_REFUSED = "address-refused"
    NOT_IN_REHEARSAL = "not-in-rehearsal"
    # the whole request left, no answer that could be read came back
    NO_ANSWER = "no-answer"
    DEADLINE = "deadline"
    INTERRUPTED = "interrupted"
    # the platform answered
    RATE_LIMITED = "rate-limited"
    SERVER_ERROR = "server-error"
    GATEWAY = "gateway"
    REDIRECT = "redirect"
    BAD_REQUEST = "bad-request"
    TOO_LARGE = "too-large"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    GONE = "gone"
    ARCHIVED = "archived"
    DISABLED = "disabled"
    QUOTA = "quota"
    NOT_A_POST = "not-a-post"
    # decided here
    RENDER = "render"
    EXPIRED = "expired"
    OPERATOR = "operator"
    DEFECT = "defect"


@dataclass(frozen=True)
class Delivered:
    """The platform took it. ``remote_id`` is its name for the post, where it gives one."""

    remote_id: str | None = None
    detail: str = ""
    reason: Reason = Reason.ACCEPTED


@dataclass(frozen=True)
class Retry:
    """It did not arrive and may be tried again; ``retry_after`` is the wait that was asked for."""

    reason: Reason
    detail: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class Rejected:
    """It did not arrive and will not. ``gone``: nor will anything else sent to this address."""

    reason: Reason
    detail: str = ""
    gone: bool = False


@dataclass(frozen=True)
class Unknown:
    """It may have arrived."""

    reason: Reason
    detail: str = ""


Outcome = Delivered | Retry | Rejected | Unknown
