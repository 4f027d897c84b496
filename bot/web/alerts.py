"""What needs a person, the most pressing first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from bot.delivery.approval import Standing, Unapproved, unapproved
from bot.ledger.rows import DeliveryRow, PausedChannel, State
from bot.ledger.search import Wanted
from bot.web import labels
from bot.web.app_state import Site
from bot.web.dates import number
from bot.web.i18n import _, ngettext

LOOK_BACK = timedelta(days=30)
"""What went wrong longer ago is history: it stands among the deliveries."""

_SHOWN = 3
_COUNTED = 1_000


@dataclass(frozen=True)
class Alert:
    """One thing that needs a person: ``urgent`` where something is lost while it waits."""

    title: str
    detail: str
    path: str
    urgent: bool
    rows: tuple[DeliveryRow, ...] = ()
    approvals: tuple[Unapproved, ...] = ()


def alerts(site: Site) -> list[Alert]:
    """Return what needs a person now."""
    return [
        *_everything_paused(site),
        *_deliveries(site),
        *_approvals(site),
        *_paused(site.ledger.paused_channels().values()),
        *_facts(site),
    ]


def _everything_paused(site: Site) -> Iterator[Alert]:
    until = site.ledger.paused_until()
    if until is not None and until > site.now():
        yield Alert(
            _("Everything is paused"),
            _("Nothing is posted before the pause ends."),
            "/channels#pause",
            urgent=True,
        )


def _deliveries(site: Site) -> Iterator[Alert]:
    since = site.now() - LOOK_BACK
    for state in (State.UNKNOWN, State.FAILED, State.MISSED, State.HELD):
        count = site.ledger.count_since(state, since, _COUNTED)
        if not count:
            continue
        title, detail = _words(state, count)
        yield Alert(
            title.format(n=f"{number(count)}+" if count >= _COUNTED else number(count)),
            detail,
            f"/deliveries?state={state.value}",
            urgent=state in (State.UNKNOWN, State.FAILED),
            rows=site.ledger.search(Wanted(states=(state,)), _SHOWN),
        )


def _words(state: State, count: int) -> tuple[str, str]:
    match state:
        case State.UNKNOWN:
            return (
                ngettext("{n} posting may have arrived", "{n} postings may have arrived", count),
                _("It may have arrived. Look into the channel, then say what you found."),
            )
        case State.FAILED:
            return (
                ngettext("{n} posting failed", "{n} postings failed", count),
                _("It did not arrive. See why, then send it again while it is useful."),
            )
        case State.MISSED:
            return (
                ngettext("{n} posting was missed", "{n} postings were missed", count),
                _(labels.STATES[state].meaning),
            )
        case _:
            return (
                ngettext("{n} posting is held", "{n} postings are held", count),
                _("It is due and waits."),
            )


def _approvals(site: Site) -> Iterator[Alert]:
    project, now = site.project(), site.now()
    near = site.forecast().within(now, now + project.settings.approval.lead)
    approvals = list(unapproved(project, site.ledger, near, now))
    if not approvals:
        return
    count = len(approvals)
    title = ngettext(
        "{n} coming posting waits for a person", "{n} coming postings wait for a person", count
    )
    lapsed = any(approval.standing is Standing.LAPSED for approval in approvals)
    yield Alert(
        title.format(n=number(count)),
        _("The words of an approved posting changed: read them once more.")
        if lapsed
        else _("Read the words, then approve or skip them."),
        f"/posting/{approvals[0].posting.key}",
        urgent=project.settings.approval.undecided == "hold",
        approvals=tuple(approvals[:_SHOWN]),
    )


def _paused(paused: Iterable[PausedChannel]) -> Iterator[Alert]:
    channels = list(paused)
    if not channels:
        return
    names = ", ".join(channel.channel for channel in channels[:_SHOWN])
    title = ngettext("{n} channel is paused", "{n} channels are paused", len(channels))
    yield Alert(
        title.format(n=number(len(channels))),
        _("Its address is gone, so nothing is sent there: {names}.").format(names=names),
        "/channels",
        urgent=True,
    )


def _facts(site: Site) -> Iterator[Alert]:
    forecast, now = site.forecast(), site.now()
    stale = forecast.stale_facts(now.date())
    going = [aging.fact for aging in forecast.going_stale(now)]
    past = ngettext(
        "{n} figure is past its review", "{n} figures are past their review", len(stale)
    )
    coming = ngettext(
        "{n} figure is to be reviewed before it is posted",
        "{n} figures are to be reviewed before they are posted",
        len(going),
    )
    for title, facts in ((past, stale), (coming, going)):
        if facts:
            names = ", ".join(fact.id for fact in facts[:_SHOWN])
            yield Alert(
                title.format(n=number(len(facts))),
                _("Look at the source of each: {names}.").format(names=names),
                "/calendar#figures",
                urgent=False,
            )
