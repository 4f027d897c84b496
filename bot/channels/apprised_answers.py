"""What a result of Apprise means (2.2.0; read 2026-11-24). Pure.

Apprise says no more than that it worked or did not; why is in the English of its log. A refused
connection, a 404 and a 429 are all "FAILURE". So: what worked is delivered, what ran out of time is
unknown, and all else may be tried again, unless the log proves that it never will work, or that the
message may have arrived.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.channels.answers import read_answer
from bot.channels.outcome import Delivered, Outcome, Reason, Retry, Unknown
from bot.channels.request import Response

# The form in which nearly all of Apprise's plugins write a status ("error=404.").
_STATUS = re.compile(r"\berror=(\d{3})\b")
# What requests and urllib3 say of an answer that did not come although the request had left.
_REQUEST_SENT = re.compile(
    r"Read timed out|Connection aborted|RemoteDisconnected|IncompleteRead|Connection broken",
    re.IGNORECASE,
)

_NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
"""An instant for a reading that needs none: there is no header with a date."""


def read_result(status: str, log: str) -> Outcome:
    """Return what Apprise's status and log of one attempt mean.

    ``status`` is SUCCESS, FAILURE, NOMATCH, PARTIAL or TIMEOUT. No detail holds a piece of the log
    but a status: the log may hold addresses.
    """
    if status == "SUCCESS":
        return Delivered(detail="Apprise reports success.")
    if status == "TIMEOUT":
        return Unknown(Reason.DEADLINE, "Apprise did not finish in time.")
    if status == "PARTIAL":
        return Unknown(Reason.NO_ANSWER, "Apprise reports that a part of it worked.")
    statuses = _STATUS.findall(log)
    if statuses:
        return _of_status(int(statuses[-1]))
    if _REQUEST_SENT.search(log):
        return Unknown(Reason.NO_ANSWER, "Apprise sent the message and got no answer.")
    return Retry(Reason.SERVER_ERROR, "Apprise reports a failure.")


def _of_status(status: int) -> Outcome:
    """Return what an HTTP status means that Apprise wrote down: as everywhere, but that no address
    is taken for dead, since which statuses say so is not known of a platform that is not known."""
    if not 300 <= status <= 599:
        return Retry(Reason.SERVER_ERROR, "Apprise reports a failure.")
    return read_answer(Response(status, {}, b""), _NO_MOMENT)
