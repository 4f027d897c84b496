"""What is promised, whatever happens in whatever order: planner, courier, ledger as a machine."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import assert_never

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest, RemoteRequest
from bot.clock import SettableClock
from bot.delivery.courier import Courier
from bot.delivery.planner import recover, write_down
from bot.delivery.poster import LocalPlaces, Poster
from bot.delivery.rate_limits import RateLimits
from bot.ledger.rows import CLAIMABLE, WAITING, DeliveryRow, State
from bot.opening import open_ledger
from bot.project.load import Project, load_project
from tests.service.installation import DAY, NINE, SIGNING_SECRET, table

HOUR = timedelta(hours=1)
DAYS = [DAY, "human-rights-day", "genocide-convention-accession-canada"]
CAREFUL, EAGER, LOCAL = "careful", "eager", "local"
KNOWN_SINCE = NINE - HOUR


def the_project() -> Project:
    """Gives a project with a channel of each kind."""
    hook: dict[str, object] = {
        "platform": "webhook",
        "url": "https://receiver.example.org/hook",
        "secret": SIGNING_SECRET,
        "include": DAYS[:2],
    }
    with TemporaryDirectory() as folder:
        config = Path(folder) / "config"
        config.mkdir()
        (config / "vigilia.toml").write_text("", "utf-8")
        channels = (
            table(CAREFUL, hook),
            table(EAGER, {**hook, "on_unknown": "resend"}),
            table(LOCAL, {"platform": "inbox", "include": DAYS[:2]}),
        )
        (config / "channels.toml").write_text("\n\n".join(channels), "utf-8")
        return load_project(config, environ={})


def changed(project: Project, **fields: object) -> Project:
    """Gives the project with these fields of every channel changed."""
    return replace(
        project,
        channels={
            name: replace(channel, **fields)  # type: ignore[arg-type]
            for name, channel in project.channels.items()
        },
    )


AS_IT_WAS = the_project()
CONFIGURATIONS = (
    AS_IT_WAS,
    changed(AS_IT_WAS, languages=("fr", "es")),
    changed(AS_IT_WAS, languages=("en", "fr"), layout="separate"),
    changed(AS_IT_WAS, post_at=time(11, 0), same_day="merge"),
    changed(AS_IT_WAS, lead_days=(1,)),
)


DECIDABLE = {
    "resend": (State.UNKNOWN,),
    "delivered": (State.UNKNOWN,),
    "retry": (State.FAILED, State.MISSED, State.SKIPPED),
    "skip": WAITING,
}


class Killed(BaseException):
    """The process ended there, as by ``kill -9``."""


class Fate(Enum):
    """What becomes of a request."""

    TAKEN = "taken"
    REFUSED = "refused"
    GONE = "gone"
    BUSY = "busy"
    LIMITED = "limited"
    LOST = "no answer"
    KILLED_BEFORE = "killed before it was sent"
    KILLED_AFTER = "killed before the answer was recorded"


FATES = st.lists(st.sampled_from(Fate), min_size=1, max_size=6)
NOT_TAKEN = (Fate.BUSY, Fate.LIMITED)
REFUSED = (Fate.REFUSED, Fate.GONE)
DOUBT = (Fate.LOST, Fate.KILLED_BEFORE, Fate.KILLED_AFTER)


def outcome_of(fate: Fate) -> Outcome:
    match fate:
        case Fate.TAKEN:
            return Delivered()
        case Fate.REFUSED:
            return Rejected(Reason.BAD_REQUEST)
        case Fate.GONE:
            return Rejected(Reason.GONE, gone=True)
        case Fate.BUSY:
            return Retry(Reason.SERVER_ERROR)
        case Fate.LIMITED:
            return Retry(Reason.RATE_LIMITED, retry_after=timedelta(minutes=3))
        case Fate.LOST:
            return Unknown(Reason.NO_ANSWER)
        case Fate.KILLED_BEFORE | Fate.KILLED_AFTER:
            raise Killed
        case _:
            assert_never(fate)


@dataclass(frozen=True)
class Sent:
    """A request as the world saw it."""

    fate: Fate
    request_id: str


class Scripted:
    """A transport to receivers whose behaviour is foretold."""

    def __init__(self) -> None:
        self.fates: list[Fate] = []
        self.log: dict[str, list[Sent | str]] = defaultdict(list)

    def send(self, request: RemoteRequest) -> Outcome:
        assert isinstance(request, HttpRequest)
        key = json.loads(request.body)["data"]["key"]
        fate = self.fates.pop(0) if self.fates else Fate.TAKEN
        self.log[key].append(Sent(fate, request.headers["webhook-id"]))
        return outcome_of(fate)


class Promises(RuleBasedStateMachine):
    """Time passes, the planner wakes, requests meet their fates, the process dies, people decide;
    and after each step what is promised holds."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = SettableClock(KNOWN_SINCE)
        self.project = AS_IT_WAS
        self.transport = Scripted()
        self.ledger = open_ledger(
            "sqlite://", base=Path(), mode="rehearsal", create=True, now=KNOWN_SINCE
        )
        self.courier = self._new_courier()
        write_down(self.ledger, self.project, KNOWN_SINCE)
        self.ledger.alive(self.courier.run, KNOWN_SINCE)

    def teardown(self) -> None:
        self.ledger.close()

    def _new_courier(self) -> Courier:
        run = self.ledger.begin_run(self.clock.now(), "0.1.0")
        recover(self.ledger, self.project, run, self.clock)
        return Courier(
            self.ledger,
            lambda: self.project,
            run,
            self.clock,
            Poster(self.transport, LocalPlaces(self.ledger), RateLimits(lambda: 0.0), self.clock),
            chance=lambda: 0.5,
        )

    def _in(self, *states: State) -> list[DeliveryRow]:
        return list(reversed(self.ledger.history(states)))

    # what happens

    @initialize(fates=FATES)
    def nine_o_clock_comes(self, fates: list[Fate]) -> None:
        self.clock.set(NINE)
        self._work(fates)

    @rule(minutes=st.sampled_from([1, 10, 90]), fates=FATES)
    def the_service_works_soon_after(self, minutes: int, fates: list[Fate]) -> None:
        self.clock.set(self.clock.now() + minutes * HOUR / 60)
        self._work(fates)

    @rule(fates=FATES)
    def the_service_works_a_day_later(self, fates: list[Fate]) -> None:
        self.clock.set(self.clock.now() + 24 * HOUR)
        self._work(fates)

    @rule(hours=st.sampled_from([-24, -1, 37, 200]))
    def the_clock_moves(self, hours: int) -> None:
        self.clock.set(self.clock.now() + hours * HOUR)

    @rule(project=st.sampled_from(CONFIGURATIONS))
    def it_starts_anew_with_another_configuration(self, project: Project) -> None:
        self.project = project
        self.courier = self._new_courier()

    def _work(self, fates: list[Fate]) -> None:
        now = self.clock.now()
        self.transport.fates = fates
        write_down(self.ledger, self.project, now)
        self.ledger.alive(self.courier.run, now)
        self._nothing_due_is_lost()
        try:
            for row in self.ledger.due(now, 100):
                self.courier.deliver(row)
        except Killed:
            self.courier = self._new_courier()

    # what people do

    @rule(
        data=st.data(),
        how=st.sampled_from(["resend", "delivered", "retry", "skip"]),
        minutes=st.sampled_from([1, 600]),
        fates=FATES,
    )
    def a_person_decides_and_it_works(
        self, data: st.DataObject, how: str, minutes: int, fates: list[Fate]
    ) -> None:
        rows = [row for row in self._in(*DECIDABLE[how]) if not self._is_paused(row)]
        if rows:
            self._decide(data.draw(st.sampled_from(rows)).key, how)
        self.the_service_works_soon_after(minutes, fates)

    def _decide(self, key: str, how: str) -> None:
        now, until = self.clock.now(), self.clock.now() + 36 * HOUR
        match how:
            case "resend":
                self.ledger.resolve(key, "resend", now, "a person", useful_until=until)
            case "delivered":
                self.ledger.resolve(key, "delivered", now, "a person")
            case "retry":
                self.ledger.retry(key, now, until, "a person")
            case _:
                self.ledger.decide(key, "skip", "a person", "", now)
        self.transport.log[key].append(how)

    @rule(hours=st.sampled_from([0, 1, 50]))
    def a_person_pauses_everything_or_ends_all_pauses(self, hours: int) -> None:
        now = self.clock.now()
        self.ledger.set_pause(now + hours * HOUR if hours else None, now)
        for channel in () if hours else self.ledger.paused_channels():
            self.ledger.resume_channel(channel, now)

    def _is_paused(self, row: DeliveryRow) -> bool:
        until = self.ledger.paused_until()
        everything = until is not None and until > self.clock.now()
        return everything or row.channel in self.ledger.paused_channels()

    # what is promised

    def _nothing_due_is_lost(self) -> None:
        """Whatever was due since the channels are known has been written down. A notice ahead may
        have been asked for only when its time was over."""
        planned = self.project.plan.due(KNOWN_SINCE, self.clock.now())
        due = {slot for item in planned for slot in item.slots if slot.lead_days == 0}
        assert due <= self.ledger.filled(due)

    @invariant()
    def the_promises_hold(self) -> None:
        rows = self.ledger.history()
        for key, events in self.transport.log.items():
            self._is_not_sent_again_blindly(key, events)
        for row in rows:
            if row.state in CLAIMABLE:
                assert row.next_attempt_at is not None
            if row.channel != LOCAL:
                self._agrees_with_what_was_sent(row)
        self._each_slot_is_filled_once(rows)
        delivered = {row.key for row in rows if (row.channel, row.state) == (LOCAL, "delivered")}
        assert delivered == {message.key for message in self.ledger.inbox()}

    @staticmethod
    def _is_not_sent_again_blindly(key: str, events: list[Sent | str]) -> None:
        before: Sent | None = None
        said: set[str] = set()
        for event in events:
            if isinstance(event, str):
                said.add(event)
                continue
            if before is not None:
                again = "resend" in said or "retry" in said
                harmless = before.fate in NOT_TAKEN or (
                    f"/{EAGER}/" in key and before.fate in DOUBT
                )
                assert again or harmless, (key, events)
                assert (event.request_id != before.request_id) == again, (key, events)
            before, said = event, set()

    @staticmethod
    def _each_slot_is_filled_once(rows: Sequence[DeliveryRow]) -> None:
        filled = Counter(
            (observance, row.date, row.lead_days, row.channel, row.languages)
            for row in rows
            for observance in row.observances
        )
        assert all(number == 1 for number in filled.values())
        languages = defaultdict(set)
        for observance, date, lead, channel, group in filled:
            languages[observance, date, lead, channel].add(len(group))
        # one message with all languages, or one each: never both of the same day
        assert all(len(sizes) == 1 for sizes in languages.values())

    def _agrees_with_what_was_sent(self, row: DeliveryRow) -> None:
        events = self.transport.log.get(row.key, [])
        sent = [event for event in events if isinstance(event, Sent)]
        assert row.attempts == len(sent), row
        perhaps = [s for s in sent if s.fate not in (*NOT_TAKEN, *REFUSED)]
        match row.state:
            case State.DELIVERED:
                assert events[-1] == "delivered" or sent[-1].fate is Fate.TAKEN, (row, events)
            case State.FAILED | State.MISSED | State.SKIPPED:
                assert not perhaps, (row, events)
            case State.UNKNOWN:
                assert perhaps, (row, events)
            case State.SENDING:
                raise AssertionError(f"{row.key} is being sent by nobody")
            case _:
                assert not any(s.fate is Fate.TAKEN for s in sent), (row, events)


Promises.TestCase.settings = settings(max_examples=50, stateful_step_count=12, deadline=None)
TestPromises = Promises.TestCase
