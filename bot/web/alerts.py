"""What needs a person, the most pressing first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from bot.delivery.approval import Asked, Standing, asked_for
from bot.ledger.rows import DeliveryRow, PausedChannel, State
from bot.ledger.search import Wanted
from bot.web.app_state import Site
from bot.web.dates import number
from bot.web.i18n import _, ngettext

LOOK_BACK = timedelta(days=30)
"""What went wrong longer ago is history: it stands among the deliveries."""

_SHOWN = 3
_COUNTED = 1_000


@dataclass(frozen=True)
class Need:
    """One thing that needs a person: ``urgent`` where something is lost while it waits."""

    title: str
    said: str
    path: str
    urgent: bool
    rows: tuple[DeliveryRow, ...] = ()
    asked: tuple[Asked, ...] = ()


def needs(site: Site) -> list[Need]:
    """Return what needs a person now."""
    return [
        *_everything_paused(site),
        *_deliveries(site),
        *_approvals(site),
        *_paused(site.ledger.paused_channels().values()),
        *_facts(site),
    ]


def _everything_paused(site: Site) -> Iterator[Need]:
    until = site.ledger.paused_until()
    if until is not None and until > site.now():
        yield Need(
            _("Everything is paused"),
            _("Nothing is posted before the pause ends."),
            "/channels#pause",
            urgent=True,
        )


def _deliveries(site: Site) -> Iterator[Need]:
    said = {
        State.UNKNOWN: _("It may have arrived. Look into the channel, then say what you found."),
        State.FAILED: _("It did not arrive. See why, then send it again while it is useful."),
        State.MISSED: _("It was not sent while it was useful."),
        State.HELD: _("It is due and waits."),
    }
    since = site.now() - LOOK_BACK
    for state, words in said.items():
        count = site.ledger.count_since(state, since, _COUNTED)
        if not count:
            continue
        rows = site.ledger.search(Wanted(states=(state,)), _SHOWN)
        yield Need(
            _titled(state, count),
            words,
            f"/deliveries?state={state.value}",
            urgent=state in (State.UNKNOWN, State.FAILED),
            rows=rows,
        )


def _titled(state: State, count: int) -> str:
    shown = f"{number(count)}+" if count >= _COUNTED else number(count)
    match state:
        case State.UNKNOWN:
            text = ngettext("{n} posting may have arrived", "{n} postings may have arrived", count)
        case State.FAILED:
            text = ngettext("{n} posting failed", "{n} postings failed", count)
        case State.MISSED:
            text = ngettext("{n} posting was missed", "{n} postings were missed", count)
        case _:
            text = ngettext("{n} posting is held", "{n} postings are held", count)
    return text.format(n=shown)


def _approvals(site: Site) -> Iterator[Need]:
    project, now = site.project(), site.now()
    near = site.outlook().within(now, now + project.settings.approval.lead)
    asked = list(asked_for(project, site.ledger, near, now))
    if not asked:
        return
    count = len(asked)
    title = ngettext(
        "{n} coming posting waits for a person", "{n} coming postings wait for a person", count
    )
    lapsed = any(one.standing is Standing.LAPSED for one in asked)
    yield Need(
        title.format(n=number(count)),
        _("The words of an approved posting changed: read them once more.")
        if lapsed
        else _("Read the words, then approve or skip them."),
        f"/posting/{asked[0].posting.key}",
        urgent=project.settings.approval.undecided == "hold",
        asked=tuple(asked[:_SHOWN]),
    )


def _paused(paused: Iterable[PausedChannel]) -> Iterator[Need]:
    channels = list(paused)
    if not channels:
        return
    names = ", ".join(one.channel for one in channels[:_SHOWN])
    title = ngettext("{n} channel is paused", "{n} channels are paused", len(channels))
    yield Need(
        title.format(n=number(len(channels))),
        _("Its address is gone, so nothing is sent there: {names}.").format(names=names),
        "/channels",
        urgent=True,
    )


def _facts(site: Site) -> Iterator[Need]:
    outlook, now = site.outlook(), site.now()
    stale = outlook.stale_facts(now.date())
    going = outlook.going_stale(now)
    if stale:
        title = ngettext(
            "{n} figure is past its review", "{n} figures are past their review", len(stale)
        )
        yield Need(
            title.format(n=number(len(stale))),
            _("Look at the source of each: {names}.").format(
                names=", ".join(fact.id for fact in stale[:_SHOWN])
            ),
            "/calendar#figures",
            urgent=False,
        )
    if going:
        title = ngettext(
            "{n} figure is to be reviewed before it is posted",
            "{n} figures are to be reviewed before they are posted",
            len(going),
        )
        yield Need(
            title.format(n=number(len(going))),
            _("Look at the source of each: {names}.").format(
                names=", ".join(one.fact.id for one in going[:_SHOWN])
            ),
            "/calendar#figures",
            urgent=False,
        )
