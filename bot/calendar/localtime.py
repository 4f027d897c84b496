"""From a local date and hour to the instant, through the changes to and from daylight saving time
(DST, the "clock change") of a time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, at which clocks in ``zone`` show ``at`` on ``day``.

    An hour that exists twice is the first of the two. One that does not exist, because the clocks
    were put forward over it, is the first instant after the gap; on a day that a zone left out
    (Samoa had no 30 December 2011) that is the start of the day after. ``at`` is a plain time:
    a time zone or fold of its own is not looked at.
    """
    local = datetime.combine(day, at.replace(tzinfo=None, fold=0))
    # fold=0 reads the clock by the offset before a change, fold=1 by the one after it (PEP 495).
    before = local.replace(tzinfo=zone).astimezone(UTC)
    if _local(before, zone) == local:
        return before
    after = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _end_of_gap(after, before, local, zone)


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    """Return what clocks in ``zone`` show at an instant, without zone and fold."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _end_of_gap(low: datetime, high: datetime, local: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant in (low, high] at which clocks show more than ``local``.

    zoneinfo tells offsets but not when they change, so the change is searched for; changes come at
    whole seconds (RFC 9636).
    """
    low, high = low.replace(microsecond=0), high.replace(microsecond=0)
    while high - low > _SECOND:
        middle = low + (high - low) // 2 // _SECOND * _SECOND
        if _local(middle, zone) > local:
            high = middle
        else:
            low = middle
    return high
