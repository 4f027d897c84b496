"""The operator is told: grouped, each thing once, and no more than a message an hour of a cause."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from bot.channels.channel import Channel
from bot.channels.fitting import CannotFitError
from bot.channels.outcome import Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.platform import Envelope
from bot.clock import Clock
from bot.content.markdown import escape_markdown
from bot.content.message import Message, Part
from bot.content.operator_words import Group, titled_link
from bot.content.sandbox import Markdown
from bot.delivery.courier import Courier, request_id
from bot.delivery.rendering import write_message
from bot.delivery.retry import next_delay, settlement
from bot.errors import RenderError, VigiliaError
from bot.ledger.ledger import Ledger
from bot.ledger.operator_outbox import OperatorMessage
from bot.ledger.postgresql import Lock
from bot.ledger.rows import CLAIMABLE, State
from bot.logs import log
from bot.oversight.live import Broken
from bot.oversight.notices import (
    Cause,
    Notice,
    by_cause,
    of_config,
    what_comes,
    what_happened,
)
from bot.project.load import Project

SAME_CAUSE = timedelta(hours=1)
"""Two messages of one cause are at least so far apart, by the service's clock."""

USEFUL_FOR = timedelta(hours=36)

_GATHER_S = 15.0
"""How long after the first thing to tell the message is written: what fails together is told
together."""

_LOOK_S = 10.0
_LOOK_AHEAD_S = 600.0
_REST_S = 30.0
_LINES = 10


class OperatorDesk:
    """Tells ``[operator] channel``. Its messages are no postings: the ledger keeps them apart, and
    one that fails is said in the log and told to nobody, so that nothing goes round in a circle."""

    def __init__(
        self,
        ledger: Ledger,
        courier: Courier,
        clock: Clock,
        *,
        broken: Callable[[], Broken | None] = lambda: None,
        gather_s: float = _GATHER_S,
        look_ahead_s: float = _LOOK_AHEAD_S,
    ) -> None:
        self._ledger = ledger
        self._courier = courier
        self._clock = clock
        self._broken = broken
        self._gather_s = gather_s
        self._look_ahead_s = look_ahead_s
        self._known_since: dict[Cause, float] = {}
        self._ahead: tuple[Project, float, list[Notice]] | None = None

    def watch(self, ended: threading.Event, every_s: float = _LOOK_S) -> None:
        """Tells what there is to tell, until ``ended``."""
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
                said = f"A defect kept the operator from being told ({type(error).__name__})."
                log("operator-not-told", said, level="error", exc_info=True)
                pause = _REST_S

    def recover(self) -> None:
        """Settles what an earlier run was sending to the operator. Raises LedgerError."""
        for message in self._ledger.operator_messages((State.SENDING,)):
            said = "Vigilia ended while this was being sent."
            self._settle(message, Unknown(Reason.INTERRUPTED, said))

    def look(self) -> None:
        """Writes the message that is ripe, and sends what waits. Of several machines one does so at
        a time. Raises VigiliaError."""
        with self._ledger.alone(Lock.TELLING) as mine:
            if not mine:
                return
            if self._ledger.shared:
                # whoever was sending it is gone
                self.recover()
            self._tell()

    def _tell(self) -> None:
        project = self._courier.project()
        name = project.settings.operator.channel
        channel = project.channels.get(name) if name else None
        if channel is not None:
            now = self._clock.now()
            about = self._ripe(self._untold(project, now), now)
            if about:
                self._write(project, channel, about, now)
        for message in self._ledger.operator_messages(CLAIMABLE):
            self._send(project, message)

    def _untold(self, project: Project, now: datetime) -> dict[Cause, list[Notice]]:
        found = by_cause(
            (
                *what_happened(project, self._ledger, now),
                *of_config(self._broken()),
                *self._coming(project, now),
            )
        )
        untold = {}
        for cause, notices in found.items():
            left = self._ledger.untold(cause, [notice.subject for notice in notices])
            if left:
                untold[cause] = [notice for notice in notices if notice.subject in left]
        return untold

    def _coming(self, project: Project, now: datetime) -> list[Notice]:
        at = time.monotonic()
        if (
            self._ahead is None
            or self._ahead[0] is not project
            or at - self._ahead[1] >= self._look_ahead_s
        ):
            self._ahead = (project, at, list(what_comes(project, self._ledger, now)))
        return self._ahead[2]

    def _ripe(
        self, untold: Mapping[Cause, list[Notice]], now: datetime
    ) -> dict[Cause, list[Notice]]:
        """Gives what may be told now, once something of it has waited for what comes with it."""
        at = time.monotonic()
        self._known_since = {cause: self._known_since.get(cause, at) for cause in untold}
        last = self._ledger.last_told()
        free = {
            cause: notices
            for cause, notices in untold.items()
            # what was told "later than now" was told before the clock was set back
            if cause not in last or not timedelta() <= now - last[cause] < SAME_CAUSE
        }
        waited = max((at - self._known_since[cause] for cause in free), default=0.0)
        return free if free and waited >= self._gather_s else {}

    def _write(
        self,
        project: Project,
        channel: Channel,
        about: Mapping[Cause, list[Notice]],
        now: datetime,
    ) -> None:
        page = _page(project)
        groups = [_group(project, cause, notices, page) for cause, notices in about.items()]
        message = project.writer.operator_message(
            groups, channel.languages, now.astimezone(channel.timezone).date(), page
        )
        subjects = {
            cause.value: [notice.subject for notice in notices] for cause, notices in about.items()
        }
        self._ledger.tell(channel.name, message.to_json(), subjects, now, USEFUL_FOR)
        for cause in about:
            self._known_since.pop(cause, None)

    def _send(self, project: Project, waiting: OperatorMessage) -> None:
        now = self._clock.now()
        channel = project.channels.get(waiting.channel)
        if waiting.next_attempt_at is None or waiting.next_attempt_at > now:
            return
        if channel is not None and self._courier.wait_for(channel) > 0:
            return
        message = self._ledger.claim_message(waiting, now)
        if message is not None:
            self._settle(message, self._attempted(message, channel, now))

    def _attempted(
        self, message: OperatorMessage, channel: Channel | None, now: datetime
    ) -> Outcome:
        if channel is None:
            said = f"The channel '{message.channel}' is no longer in the configuration."
            return Rejected(Reason.OPERATOR, said)
        if message.useful_until <= now:
            return Rejected(Reason.EXPIRED, "It could not be sent while it was useful.")
        try:
            envelope = Envelope(message.key, request_id(message.key, 0), now)
            words = Message.from_json(message.message)
            request = channel.platform.request(words, channel.options, envelope)
        except CannotFitError as error:
            return Rejected(Reason.TOO_LARGE, str(error))
        except RenderError as error:
            return Rejected(Reason.RENDER, str(error))
        try:
            return self._courier.poster.post(request, message.key, channel)[0]
        except Exception as error:  # noqa: BLE001 - as for a posting: nobody can know
            log("defect", "A delivery met a defect.", level="error", exc_info=True)
            return Unknown(Reason.DEFECT, f"A defect in Vigilia ({type(error).__name__}).")

    def _settle(self, message: OperatorMessage, outcome: Outcome) -> None:
        now = self._clock.now()
        channel = self._courier.project().channels.get(message.channel)
        asked = outcome.retry_after if isinstance(outcome, Retry) else None
        delay = next_delay(message.attempts, asked, self._courier.chance)
        safe_for = channel.platform.repeat_safe_for if channel else None
        decided = settlement(
            outcome,
            now=now,
            next_attempt_at=self._clock.after(delay),
            useful_until=message.useful_until,
            on_unknown=channel.on_unknown if channel else "hold",
            repeat_safe_until=message.made_at + safe_for if safe_for else None,
            maybe_arrived=message.maybe_arrived,
        )
        self._courier.recorded(
            message.key,
            lambda: self._ledger.settle_message(
                message,
                state=State(decided.state),
                now=now,
                reason=decided.reason,
                detail=decided.detail,
                next_attempt_at=decided.next_attempt_at,
                maybe_arrived=isinstance(outcome, Unknown),
            ),
        )
        arrived = decided.state == "delivered"
        log(
            "operator-told" if arrived else "operator-not-told",
            "The operator was told." if arrived else "The operator was not told of something.",
            level="info" if arrived else "error",
            key=message.key,
            state=decided.state,
            reason=decided.reason.value,
            detail=decided.detail,
        )


def _group(project: Project, cause: Cause, notices: Sequence[Notice], page: str | None) -> Group:
    shown = notices[:_LINES]
    return Group(
        cause.value,
        tuple(_line(notice, page) for notice in shown),
        max(len(notices) - _LINES, 0),
        tuple(part for notice in shown for part in _to_read(project, notice)),
    )


def _line(notice: Notice, page: str | None) -> str:
    """Gives the line of a notice; a posting's key leads to its page."""
    if notice.posting is None or page is None:
        return notice.line
    key = notice.posting.key
    before, _, after = notice.line.partition(key)
    link = titled_link(key, f"{page.rstrip('/')}/posting/{quote(key, safe='/+')}")
    return Markdown(f"{escape_markdown(before)}{link}{escape_markdown(after)}")


def _to_read(project: Project, notice: Notice) -> tuple[Part, ...]:
    """Gives the words that a person is to read; none where they cannot be written, which the
    posting's page and `check` say."""
    if notice.posting is None:
        return ()
    try:
        return write_message(project, notice.posting).parts
    except RenderError:
        return ()


def _page(project: Project) -> str | None:
    """Gives the address of the page, None where there is none."""
    web = project.settings.web
    if web.listen is None:
        return None
    return web.address or f"http://{web.listen.text}/"
