"""How an answer is read, unless a platform's documented facts say otherwise: one of the web, a mail
server's, Apprise's.

The rule keeps the promise that nothing is sent again by us unless the platform answered that it
failed: only a status that says "not taken, try later" is retried, and one that a gateway may give
after the platform took the message is unknown.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.request import MASK, Response

LONGEST_WAIT = timedelta(hours=24)
"""The longest wait that is believed; a daily quota is the longest that any platform documents."""

LONGEST_DETAIL = 200

# Not taken, may be taken later. 507: no room (RFC 4918). 511: a captive portal answered (RFC 6585).
# 521 to 523, 525, 526, 530: Cloudflare did not reach the platform, or made no secure connection
# (https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/).
_NOT_TAKEN = frozenset({500, 503, 507, 511, 521, 522, 523, 525, 526, 530})
# Never taken: the server does not do such a thing, or not in this HTTP version (RFC 9110).
_NEVER_TAKEN = frozenset({501, 505})

_REASONS = {
    401: Reason.UNAUTHORISED,
    403: Reason.FORBIDDEN,
    404: Reason.GONE,
    410: Reason.GONE,
    413: Reason.TOO_LARGE,
}


def read_answer(
    response: Response,
    at: datetime,
    *,
    gone: Collection[int] = (),
    words: str | None = None,
    wait: timedelta | None = None,
) -> Outcome:
    """Return what ``response``, read at ``at`` (UTC), means by its status alone.

    ``gone`` are the statuses by which this platform says that the address is dead for good; a web
    page with such a status comes from a proxy in front and proves nothing about the address.
    ``words`` is what the platform's own body says, for people; ``wait`` a wait that the body asked
    for. A 5xx that no document explains is ``Unknown``: it may have been taken.
    """
    status = response.status
    if response.is_success and not is_web_page(response):
        return Delivered()
    detail = detail_of(response, words)
    if response.is_success:
        return Unknown(Reason.NOT_A_POST, detail)
    if status == 429 or status in _NOT_TAKEN:
        reason = Reason.RATE_LIMITED if status == 429 else Reason.SERVER_ERROR
        return Retry(reason, detail, asked_wait(response, at, wait))
    if status >= 500 and status not in _NEVER_TAKEN:
        return Unknown(Reason.GATEWAY, detail)
    return Rejected(_reason(status), detail, gone=status in gone and not is_web_page(response))


def _reason(status: int) -> Reason:
    """Return the reason of a refusal. A redirect is one: following it could turn the POST into a
    GET, whose success would be a false one."""
    if status < 400:
        return Reason.REDIRECT
    if status >= 500:
        return Reason.SERVER_ERROR
    return _REASONS.get(status, Reason.BAD_REQUEST)


def asked_wait(response: Response, at: datetime, wait: timedelta | None = None) -> timedelta | None:
    """Return the longer of the ``Retry-After`` header's wait and ``wait``; None where neither is.

    The header holds seconds (whole or not) or an HTTP date (RFC 9110, 10.2.3).
    """
    waits = (_header_wait(response.headers.get("retry-after", ""), at), wait)
    return max((delay for delay in waits if delay is not None), default=None)


def wait_of_seconds(number: object, unit_s: float = 1.0) -> timedelta | None:
    """Return a number of seconds, or of units of so many, as a wait between none and
    :data:`LONGEST_WAIT`. None for what is not a number, NaN included."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    if isinstance(number, float) and math.isnan(number):
        return None
    longest_s = LONGEST_WAIT.total_seconds()
    return timedelta(seconds=min(max(number, 0), longest_s / unit_s) * unit_s)


def _header_wait(value: str, at: datetime) -> timedelta | None:
    value = value.strip()
    if re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", value, re.ASCII):
        return wait_of_seconds(float(value))
    try:
        return wait_until(parsedate_to_datetime(value), at)
    except (ValueError, OverflowError):
        return None


def wait_until(then: datetime, at: datetime) -> timedelta | None:
    """Return the wait to an instant, UTC where it names no time zone."""
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return wait_of_seconds((then - at).total_seconds())


def is_web_page(response: Response) -> bool:
    """Return whether the body is an HTML page: a proxy's before the platform, never its own."""
    start = response.body[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<!--", b"<center"))


def detail_of(response: Response, words: str | None = None) -> str:
    """Return one line for people: the status, and what the platform says, short and harmless.

    At most :data:`LONGEST_DETAIL` characters, no control character; what looks like an address or a
    token is masked, as a body may echo either.
    """
    if words is None:
        words = "a web page, not the platform's own answer" if is_web_page(response) else ""
        words = words or response.text
    line = harmless(words)
    return f"HTTP {response.status}: {line}" if line else f"HTTP {response.status}"


def field_of(answer: object, path: str) -> Any:
    """Return what an answer has at ``path``, names with dots between them; None: nothing."""
    for name in path.split("."):
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def words_at(answer: object, paths: Iterable[str]) -> str | None:
    """Return the strings, and the numbers of errors, that an answer has at ``paths`` in a row; None
    where there is no string among them."""
    fields = [field for path in paths if (field := field_of(answer, path))]
    words = [str(field) for field in fields if type(field) in (str, int)]
    return " ".join(words) if any(isinstance(field, str) for field in fields) else None


def form_errors(errors: object, path: str = "") -> Iterator[str]:
    """Yield the errors of a form's fields, as Discord nests them, each in round brackets."""
    for key, inner in errors.items() if isinstance(errors, dict) else ():
        for error in inner if key == "_errors" and isinstance(inner, list) else ():
            if isinstance(error, dict):
                yield f"({path}: {error.get('message', error.get('code', ''))})"
        yield from form_errors(inner, f"{path}.{key}" if path else str(key))


def harmless(text: str) -> str:
    """Return ``text`` as one short line without addresses, tokens or control characters."""
    text = text[: 20 * LONGEST_DETAIL]
    text = "".join(
        " " if char.isspace() else "" if unicodedata.category(char)[0] == "C" else char
        for char in text
    )
    text = re.sub(r"\b[a-z][a-z0-9+.-]*://\S+", MASK, text, flags=re.IGNORECASE)
    text = re.sub(r"[A-Za-z0-9_%+=~./-]{24,}|[A-Za-z0-9_%+=~-]{12,}", _mask_token, text)
    text = " ".join(text.split())
    room = LONGEST_DETAIL - len("HTTP 599: ")
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def _mask_token(match: re.Match[str]) -> str:
    """Words and codes such as ``channel_is_archived`` are told; all else may be a secret."""
    run = match.group()
    return run if re.fullmatch(r"[A-Z]?[a-z]+([_/.-][A-Z]?[a-z]+)*|[A-Z]+(_[A-Z]+)*", run) else MASK


class Step(Enum):
    """What a mail server replied to."""

    GREETING = "the greeting"
    TLS = "STARTTLS"
    SIGNING_IN = "the user and password"
    SENDER = "the sender"
    RECIPIENT = "the recipient"
    MESSAGE = "the message"


def read_refusal(step: Step, code: int, text: str) -> Outcome:
    """Return what a reply that is no "yes" means (RFC 5321, 4.2; enhanced codes: RFC 3463).

    A 4yz reply says "not taken, may be tried again", a 5yz one "not taken, and will not be": both
    hold after the message was sent too, since the server has answered. ``gone``: nothing else will
    be taken either.
    """
    words = harmless(text)
    detail = f"SMTP {code} to {step.value}" + (f": {words}" if words else "")
    code_match = re.match(r"\s*([245]\.\d{1,3}\.\d{1,3})\b", text)
    enhanced = code_match[1] if code_match else ""
    if 400 <= code <= 499:
        return Retry(Reason.QUOTA if enhanced == "4.2.2" else Reason.SERVER_ERROR, detail)
    reason = _smtp_reason(step, code, enhanced)
    gone = reason in (Reason.UNAUTHORISED, Reason.GONE, Reason.DISABLED)
    return Rejected(reason, detail, gone=gone)


def _smtp_reason(step: Step, code: int, enhanced: str) -> Reason:
    if code in (530, 534, 535, 538):
        return Reason.UNAUTHORISED
    if code == 552 or enhanced in ("5.3.4", "5.2.3"):
        return Reason.TOO_LARGE
    if step is Step.RECIPIENT and enhanced in ("5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.2.1"):
        return Reason.DISABLED if enhanced == "5.2.1" else Reason.GONE
    if step is Step.MESSAGE or 500 <= code <= 504:
        return Reason.BAD_REQUEST
    return Reason.FORBIDDEN


# The form in which nearly all of Apprise's plugins write a status ("error=404.").
_STATUS = re.compile(r"\berror=(\d{3})\b")
# What requests and urllib3 say of an answer that did not come although the request had left.
_REQUEST_SENT = re.compile(
    r"Read timed out|Connection aborted|RemoteDisconnected|IncompleteRead|Connection broken",
    re.IGNORECASE,
)


def read_result(status: str, log: str) -> Outcome:
    """Return what Apprise's status and log of one attempt mean (2.2.0; read 2026-11-24).

    Apprise says no more than that it worked or did not; why is in the English of its log. A refused
    connection, a 404 and a 429 are all "FAILURE". So: what worked is delivered, what ran out of
    time is unknown, and all else may be tried again, unless the log proves that it never will work,
    or that the message may have arrived. ``status`` is SUCCESS, FAILURE, NOMATCH, PARTIAL or
    TIMEOUT. No detail holds a piece of the log but a status: the log may hold addresses.
    """
    match status:
        case "SUCCESS":
            return Delivered(detail="Apprise reports success.")
        case "TIMEOUT":
            return Unknown(Reason.DEADLINE, "Apprise did not finish in time.")
        case "PARTIAL":
            return Unknown(Reason.NO_ANSWER, "Apprise reports that a part of it worked.")
    statuses = [int(number) for number in _STATUS.findall(log)]
    if not statuses and _REQUEST_SENT.search(log):
        return Unknown(Reason.NO_ANSWER, "Apprise sent the message and got no answer.")
    if statuses and 300 <= statuses[-1] <= 599:
        # As everywhere, but that no address is taken for dead: which statuses say so is not known
        # of a platform that is not known. No header holds a date, so any instant will do.
        return read_answer(Response(statuses[-1], {}, b""), datetime.min.replace(tzinfo=UTC))
    return Retry(Reason.SERVER_ERROR, "Apprise reports a failure.")
