"""The operator is told: grouped, each thing once, and no more than a message an hour of a cause.

Here the messages are written down; the courier takes them to their channel, as any delivery.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from bot.clock import Clock
from bot.content.markdown import escape_markdown
from bot.content.message import Part
from bot.content.operator_words import Group, titled_link
from bot.content.sandbox import Markdown
from bot.delivery.rendering import write_message
from bot.errors import RenderError, VigiliaError
from bot.ledger.ledger import Ledger
from bot.ledger.transactions import Lock
from bot.logs import log
from bot.oversight.live import Broken
from bot.oversight.notices import (
    Cause,
    Notice,
    broken_config,
    by_cause,
    paused_channels,
    untold_ends,
    upcoming,
)
from bot.project.load import Project

SAME_CAUSE = timedelta(hours=1)
"""Two messages of one cause are at least so far apart, by the service's clock."""

USEFUL_FOR = timedelta(hours=36)

_GATHER_S = 15.0
"""How long after the first notice the message is written: what fails together is told together."""

_LOOK_S = 10.0
_LOOK_AHEAD_S = 600.0
_REST_S = 30.0
_LINES = 10


class OperatorAlerts:
    """Writes to ``[operator] channel``. What it writes is the cause of nothing more: a message that
    does not arrive is in the log, and told to nobody."""

    def __init__(
        self,
        ledger: Ledger,
        project: Callable[[], Project],
        clock: Clock,
        *,
        broken: Callable[[], Broken | None] = lambda: None,
        gather_s: float = _GATHER_S,
        look_ahead_s: float = _LOOK_AHEAD_S,
    ) -> None:
        self._ledger = ledger
        self._project = project
        self._clock = clock
        self._broken = broken
        self._gather_s = gather_s
        self._look_ahead_s = look_ahead_s
        self._waiting_since: dict[Cause, float] = {}
        self._looked_ahead_in: Project | None = None
        self._upcoming: list[Notice] = []
        self._looked_ahead_at = 0.0

    def watch(self, ended: threading.Event, every_s: float = _LOOK_S) -> None:
        """Write what there is to tell, until ``ended``."""
        pause = 0.0
        while not ended.wait(pause):
            pause = every_s
            try:
                self.look()
            except VigiliaError as error:
                # most often the ledger's disk, of which the planner and the log speak too
                log("operator-not-told", str(error), level="error")
                pause = _REST_S
            except Exception as error:  # noqa: BLE001 - a defect here must not end the watching
                sentence = f"A defect kept the operator from being told ({type(error).__name__})."
                log("operator-not-told", sentence, level="error", exc_info=True)
                pause = _REST_S

    def look(self) -> None:
        """Write the message that is ripe. Of several machines one does so at a time. Raises
        VigiliaError."""
        project = self._project()
        name = project.settings.operator.channel
        if name is None or name not in project.channels:
            return
        with self._ledger.alone(Lock.TELLING) as is_free:
            if is_free:
                now = self._clock.now()
                self._write(project, self._ripe(self._unreported(project, now), now), now)

    def _unreported(self, project: Project, now: datetime) -> dict[Cause, list[Notice]]:
        notices = list(untold_ends(project, self._ledger, now))
        others = by_cause(
            (
                *paused_channels(self._ledger),
                *broken_config(self._broken()),
                *self._ahead(project, now),
            )
        )
        for cause, of_cause in others.items():
            fresh = self._ledger.unreported(cause, [notice.subject for notice in of_cause])
            notices += [notice for notice in of_cause if notice.subject in fresh]
        return by_cause(notices)

    def _ahead(self, project: Project, now: datetime) -> list[Notice]:
        at = time.monotonic()
        fresh = at - self._looked_ahead_at < self._look_ahead_s
        if project is not self._looked_ahead_in or not fresh:
            self._upcoming = list(upcoming(project, self._ledger, now))
            self._looked_ahead_in, self._looked_ahead_at = project, at
        return self._upcoming

    def _ripe(
        self, unreported: Mapping[Cause, list[Notice]], now: datetime
    ) -> dict[Cause, list[Notice]]:
        """Return what may be told now, once something of it has waited for what comes with it."""
        at = time.monotonic()
        self._waiting_since = {cause: self._waiting_since.get(cause, at) for cause in unreported}
        last = self._ledger.last_told()
        free = {
            cause: notices
            for cause, notices in unreported.items()
            # what was told "later than now" was told before the clock was set back
            if cause not in last or not timedelta() <= now - last[cause] < SAME_CAUSE
        }
        waited = max((at - self._waiting_since[cause] for cause in free), default=0.0)
        return free if free and waited >= self._gather_s else {}

    def _write(
        self, project: Project, notices: Mapping[Cause, list[Notice]], now: datetime
    ) -> None:
        if not notices:
            return
        channel = project.channels[project.settings.operator.channel or ""]
        page = _page(project)
        message = project.writer.operator_message(
            [_group(project, cause, of_cause, page) for cause, of_cause in notices.items()],
            channel.languages,
            now.astimezone(channel.timezone).date(),
            page,
        )
        subjects = {
            cause.value: [notice.subject for notice in of_cause]
            for cause, of_cause in notices.items()
        }
        self._ledger.tell(channel.name, message.to_json(), subjects, now=now, useful_for=USEFUL_FOR)
        for cause in notices:
            self._waiting_since.pop(cause, None)


def _group(project: Project, cause: Cause, notices: Sequence[Notice], page: str | None) -> Group:
    shown = notices[:_LINES]
    return Group(
        cause.value,
        tuple(_line(notice, page) for notice in shown),
        max(len(notices) - _LINES, 0),
        tuple(part for notice in shown for part in _to_read(project, notice)),
    )


def _line(notice: Notice, page: str | None) -> str:
    """Return the line of a notice; a posting's key leads to its page."""
    if notice.posting is None or page is None:
        return notice.line
    key = notice.posting.key
    before, _, after = notice.line.partition(key)
    link = titled_link(key, f"{page.rstrip('/')}/posting/{quote(key, safe='/+')}")
    return Markdown(f"{escape_markdown(before)}{link}{escape_markdown(after)}")


def _to_read(project: Project, notice: Notice) -> tuple[Part, ...]:
    """Return the words that a person is to read; none where they cannot be written, which the
    posting's page and `check` say."""
    if notice.posting is None:
        return ()
    try:
        return write_message(project, notice.posting).parts
    except RenderError:
        return ()


def _page(project: Project) -> str | None:
    """Return the address of the page, None where there is none."""
    web = project.settings.web
    if web.listen is None:
        return None
    return web.address or f"http://{web.listen.text}/"
