"""What a mail server's reply means (RFC 5321, 4.2; enhanced codes: RFC 3463). Pure.

A 4yz reply says "not taken, may be tried again", a 5yz one "not taken, and will not be": both hold
after the message was sent too, since the server has answered.
"""

from __future__ import annotations

import re
from enum import Enum

from bot.channels.answers import harmless
from bot.channels.outcome import Outcome, Reason, Rejected, Retry


class Step(Enum):
    """What the server replied to."""

    GREETING = "the greeting"
    TLS = "STARTTLS"
    SIGNING_IN = "the user and password"
    SENDER = "the sender"
    RECIPIENT = "the recipient"
    MESSAGE = "the message"


def read_refusal(step: Step, code: int, text: str) -> Outcome:
    """Return what a reply that is no "yes" means. ``gone``: nothing else will be taken either."""
    detail = f"SMTP {code} to {step.value}"
    words = harmless(text)
    detail = f"{detail}: {words}" if words else detail
    if 400 <= code <= 499:
        reason = Reason.QUOTA if _enhanced(text) == "4.2.2" else Reason.SERVER_ERROR
        return Retry(reason, detail)
    reason = _reason(step, code, _enhanced(text))
    gone = reason in (Reason.UNAUTHORISED, Reason.GONE, Reason.DISABLED)
    return Rejected(reason, detail, gone=gone)


def _enhanced(text: str) -> str:
    """Return the enhanced status code that the text begins with, or ""."""
    code_match = re.match(r"\s*([245]\.\d{1,3}\.\d{1,3})\b", text)
    return code_match[1] if code_match else ""


def _reason(step: Step, code: int, enhanced: str) -> Reason:
    if code in (530, 534, 535, 538):
        return Reason.UNAUTHORISED
    if code == 552 or enhanced in ("5.3.4", "5.2.3"):
        return Reason.TOO_LARGE
    if step is Step.RECIPIENT and enhanced in ("5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.2.1"):
        return Reason.DISABLED if enhanced == "5.2.1" else Reason.GONE
    if step is Step.MESSAGE:
        return Reason.BAD_REQUEST
    if code in (500, 501, 502, 503, 504):
        return Reason.BAD_REQUEST
    return Reason.FORBIDDEN
