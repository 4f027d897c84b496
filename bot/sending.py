"""A posting by hand: written down like any other, and delivered here or by the running service."""

from __future__ import annotations

import time
from datetime import date

from bot.assembly import assembled
from bot.calendar.observances import Observance
from bot.channels.channel import Channel
from bot.checking.texts import refuse_broken_texts
from bot.clock import Clock
from bot.delivery.planner import selected_days
from bot.errors import LedgerInUseError
from bot.ledger.rows import DeliveryRow, State
from bot.opening import open_ledger
from bot.planning import Planned, plan_for
from bot.project.load import Project

_PATIENCE_S = 60.0
_LOOK_S = 0.2


def send_by_hand(
    project: Project, channel: Channel, day: Observance, on: date, clock: Clock, *, again: bool
) -> tuple[DeliveryRow, ...]:
    """Sends now, and gives the deliveries as they then stand.

    Where a service runs on the ledger, that delivers, and this waits for it up to a minute. Raises
    LedgerError where the slot is filled and ``again`` is False, or where a pause holds the channel.
    """
    refuse_broken_texts(project, clock.now().year)
    planned = plan_for(channel, (day.id,), on, 0, clock.now())
    try:
        with assembled(project, clock, project.settings.ledger.url) as parts:
            # Noted now, so that a service started later does not take this day for a new one.
            parts.ledger.see(selected_days(project), clock.now())
            keys = parts.ledger.insert_by_hand(planned, clock.now(), again=again)
            for row in parts.ledger.deliveries(keys):
                while (seconds := parts.courier.ready_in(row)) > 0:
                    time.sleep(seconds)
                parts.courier.deliver(row)
            rows = parts.ledger.deliveries(keys)
            parts.ledger.end_run(parts.run, clock.now())
            return rows
    except LedgerInUseError:
        return _through_the_service(project, planned, clock, again=again)


def _through_the_service(
    project: Project, planned: Planned, clock: Clock, *, again: bool
) -> tuple[DeliveryRow, ...]:
    ledger = open_ledger(
        project.settings.ledger.url,
        base=project.places.root,
        mode="real",
        create=False,
        now=clock.now(),
    )
    with ledger:
        keys = ledger.insert_by_hand(planned, clock.now(), again=again)
        give_up_at = time.monotonic() + _PATIENCE_S
        rows = ledger.deliveries(keys)
        while any(row.state in (State.READY, State.SENDING) for row in rows):
            if time.monotonic() > give_up_at:
                break
            time.sleep(_LOOK_S)
            rows = ledger.deliveries(keys)
    return rows
