"""The retry policy: when an attempt is followed by another, and what a delivery comes to. Pure.

What may be tried again is decided before: an answer by its platform and :mod:`bot.channels.answers`
(429, 500, 503 and a few more; another 4xx is refused for good), a failure on the way by
:mod:`bot.transport.progress`, as far as the request got. What may have arrived is repeated only
where that is harmless, or the channel asks for it. How often is not counted: a delivery is tried
again until it is no longer useful, 36 hours after it was due (``useful_for`` of the channel). After
a 429 the poster keeps the whole webhook waiting too, with :func:`next_delay`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, assert_never

from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.ledger.rows import OutcomeName, Settlement, State
from bot.ledger.transitions import unless_arrived

SHORTEST = timedelta(seconds=5)
LONGEST = timedelta(hours=1)

_FOREVER = timedelta(days=60)
"""Longer than any posting is useful; a longer wait is cut to it, so that dates do not overflow.
What a platform asks for is believed up to a day before (:mod:`bot.channels.answers`)."""


def next_delay(tries: int, retry_after: timedelta | None, random: Callable[[], float]) -> timedelta:
    """Return the wait after so many ``tries`` in this generation (1 or more), in real time.

    Between 5 s and a ceiling that starts at 10 s and doubles up to an hour, at random: so that many
    channels of one platform do not come back at the same instant. ``retry_after`` is waited out,
    and up to 5 s more. ``random`` gives a number from 0.0 to below 1.0.
    """
    doubled: int = 2 ** min(max(tries, 1), 12)
    ceiling = min(LONGEST, SHORTEST * doubled)
    delay = SHORTEST + (ceiling - SHORTEST) * random()
    if retry_after is None:
        return delay
    return max(delay, min(retry_after, _FOREVER) + SHORTEST * random())


def settlement(
    outcome: Outcome,
    *,
    now: datetime,
    next_attempt_at: datetime,
    useful_until: datetime,
    on_unknown: Literal["hold", "resend"],
    repeat_safe_until: datetime | None,
    in_doubt: bool = False,
    may_have_arrived: bool = False,
) -> Settlement:
    """Return what a delivery comes to when an attempt ended in ``outcome`` at ``now``.

    ``next_attempt_at`` is when it would be tried again, ``repeat_safe_until`` the instant up to
    which the platform makes a repeat with the same request id harmless (None: it never does).
    ``in_doubt``: an earlier attempt with this request id ended in ``Unknown``; then it is repeated
    only while that is harmless, or where the channel says ``resend``. ``may_have_arrived``: any
    earlier attempt did, with whatever request id; then it is never said to have failed. Instants in
    UTC.
    """
    name: OutcomeName = "retry"
    match outcome:
        case Delivered():
            return Settlement(
                State.DELIVERED, "delivered", outcome.reason, outcome.detail, outcome.remote_id
            )
        case Rejected():
            state = unless_arrived(State.FAILED, may_have_arrived)
            return Settlement(state, "rejected", outcome.reason, outcome.detail)
        case Unknown():
            name = "unknown"
            in_doubt = may_have_arrived = True
        case Retry():
            pass
        case _:
            assert_never(outcome)

    # A clock that is set back between the two readings makes no doubt harmless.
    next_attempt_at = max(next_attempt_at, now)
    if not in_doubt or on_unknown == "resend":
        last_instant = useful_until
    else:
        last_instant = min(repeat_safe_until or now, useful_until)
    if next_attempt_at < last_instant:
        return Settlement(
            State.RETRYING, name, outcome.reason, outcome.detail, next_attempt_at=next_attempt_at
        )
    if may_have_arrived:
        return Settlement(State.UNKNOWN, name, outcome.reason, outcome.detail)
    last_failure = outcome.detail or f"{outcome.reason}."
    return Settlement(
        State.FAILED,
        name,
        Reason.EXPIRED,
        f"Given up: the next attempt would come after {useful_until:%Y-%m-%d %H:%M} UTC, when the "
        f"message is no longer useful. The last failure: {last_failure}",
    )
