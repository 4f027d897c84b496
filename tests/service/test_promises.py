"""What is promised, whatever happens in whatever order: planner, courier, ledger as a machine."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import time, timedelta
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import assert_never

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest
from bot.clock import SettableClock
from bot.delivery.courier import Courier
from bot.delivery.intake import recover, write_down
from bot.delivery.limits import RateLimits
from bot.delivery.local import LocalPlaces
from bot.ledger.opening import open_ledger
from bot.ledger.rows import CLAIMABLE, WAITING, DeliveryRow, State
from bot.project.load import Project, load_project
from tests.service.installation import DAY, NINE, SIGNING_SECRET, table

HOUR = timedelta(hours=1)
DAYS = [DAY, "human-rights-day", "genocide-convention-accession-canada"]
CAREFUL, EAGER, LOCAL = "careful", "eager", "local"
KNOWN_SINCE = NINE - 48 * HOUR


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


ANSWERED_NO = (Fate.REFUSED, Fate.GONE, Fate.BUSY, Fate.LIMITED)
NEVER_SENT = (Fate.KILLED_BEFORE,)


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
    """A request as the world saw it. ``allowed``: an operator said since that it be sent again."""

    fate: Fate
    request_id: str


class Scripted:
    """A transport to receivers whose behaviour is foretold."""

    def __init__(self) -> None:
        self.fates: list[Fate] = []
        self.log: dict[str, list[Sent | str]] = defaultdict(list)

    def send(self, request: HttpRequest) -> Outcome:
        key = json.loads(request.body)["data"]["key"]
        fate = self.fates.pop(0) if self.fates else Fate.TAKEN
        self.log[key].append(Sent(fate, request.headers["webhook-id"]))
        return outcome_of(fate)

    def allow(self, key: str, how: str) -> None:
        """Notes that an operator said so."""
        self.log[key].append(how)


class Promises(RuleBasedStateMachine):
    """Time passes, the planner wakes, requests meet their fates, the process dies, people decide;
    and after each step what is promised holds."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = SettableClock(KNOWN_SINCE)
        self.latest = KNOWN_SINCE
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
            self.transport,
            LocalPlaces(self.ledger),
            RateLimits(lambda: 0.0),
            chance=lambda: 0.5,
        )

    def _in(self, *states: State) -> list[DeliveryRow]:
        return list(reversed(self.ledger.history(states)))

    # what happens

    @rule(hours=st.sampled_from([0.01, 1, 6, 20, 24, 37, 200]))
    def time_passes(self, hours: float) -> None:
        self.clock.set(self.clock.now() + hours * HOUR)

    @rule(hours=st.sampled_from([1, 24]))
    def the_clock_is_set_back(self, hours: int) -> None:
        self.clock.set(self.clock.now() - hours * HOUR)

    @rule(fates=st.lists(st.sampled_from(Fate), max_size=8))
    def the_service_works(self, fates: list[Fate]) -> None:
        now = self.clock.now()
        self.latest = max(self.latest, now)
        self.transport.fates = fates
        write_down(self.ledger, self.project, now)
        self.ledger.alive(self.courier.run, now)
        self._nothing_due_is_lost()
        try:
            for row in self.ledger.due(now, 100):
                self.courier.deliver(row)
        except Killed:
            self.courier = self._new_courier()

    @rule()
    def the_service_starts_anew(self) -> None:
        self.courier = self._new_courier()

    @rule(project=st.sampled_from(CONFIGURATIONS))
    def the_configuration_changes(self, project: Project) -> None:
        self.project = project

    # what people do

    @precondition(lambda self: self._in(State.UNKNOWN))
    @rule(data=st.data(), resend=st.booleans())
    def a_person_resolves(self, data: st.DataObject, resend: bool) -> None:
        row = data.draw(st.sampled_from(self._in(State.UNKNOWN)))
        now = self.clock.now()
        if self._is_paused(row):
            return
        self.ledger.resolve(
            row.key,
            "resend" if resend else "delivered",
            now,
            "a person",
            useful_until=now + 36 * HOUR,
        )
        self.transport.allow(row.key, "resend" if resend else "delivered")

    @precondition(lambda self: self._in(State.FAILED, State.MISSED, State.SKIPPED))
    @rule(data=st.data())
    def a_person_retries(self, data: st.DataObject) -> None:
        states = (State.FAILED, State.MISSED, State.SKIPPED)
        row = data.draw(st.sampled_from(self._in(*states)))
        now = self.clock.now()
        if self._is_paused(row):
            return
        self.ledger.retry(row.key, now, now + 36 * HOUR, "a person")
        self.transport.allow(row.key, "retry")

    @precondition(lambda self: self._in(*WAITING))
    @rule(data=st.data())
    def a_person_skips(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(self._in(*WAITING)))
        self.ledger.decide(row.key, "skip", "a person", "", self.clock.now())
        self.transport.allow(row.key, "skip")

    @rule(hours=st.sampled_from([1, 50]))
    def a_person_pauses_everything(self, hours: int) -> None:
        self.ledger.set_pause(self.clock.now() + hours * HOUR, self.clock.now())

    @rule()
    def a_person_ends_the_pauses(self) -> None:
        self.ledger.set_pause(None, self.clock.now())
        for channel in self.ledger.paused_channels():
            self.ledger.resume_channel(channel, self.clock.now())

    def _is_paused(self, row: DeliveryRow) -> bool:
        until = self.ledger.paused_until()
        everything = until is not None and until > self.clock.now()
        return everything or row.channel in self.ledger.paused_channels()

    # what is promised

    def _nothing_due_is_lost(self) -> None:
        """Whatever was due since the channels are known has been written down."""
        planned = self.project.plan.due(KNOWN_SINCE, self.clock.now())
        due = {slot for item in planned for slot in item.slots}
        assert due <= self.ledger.filled(due)

    @invariant()
    def nothing_is_sent_again_blindly(self) -> None:
        for key, events in self.transport.log.items():
            eager = f"/{EAGER}/" in key
            before: Sent | None = None
            said: set[str] = set()
            for event in events:
                if isinstance(event, str):
                    said.add(event)
                    continue
                if before is not None:
                    again = "resend" in said or "retry" in said
                    answered_no = before.fate in (Fate.BUSY, Fate.LIMITED)
                    doubtful = before.fate in (Fate.LOST, Fate.KILLED_BEFORE, Fate.KILLED_AFTER)
                    assert again or answered_no or (eager and doubtful), (key, events)
                    assert (event.request_id != before.request_id) == again, (key, events)
                before, said = event, set()

    @invariant()
    def each_slot_is_filled_once(self) -> None:
        filled = Counter(
            (observance, row.date, row.lead_days, row.channel, row.languages)
            for row in self.ledger.history()
            for observance in row.observances
        )
        assert all(number == 1 for number in filled.values())
        languages = defaultdict(set)
        for observance, date, lead, channel, group in filled:
            languages[observance, date, lead, channel].add(len(group))
        # one message with all languages, or one each: never both of the same day
        assert all(len(sizes) == 1 for sizes in languages.values())

    @invariant()
    def the_states_agree_with_what_was_sent(self) -> None:
        for row in self.ledger.history():
            if row.channel == LOCAL:
                continue
            events = self.transport.log.get(row.key, [])
            sent = [event for event in events if isinstance(event, Sent)]
            assert row.attempts == len(sent), row
            perhaps = [s for s in sent if s.fate not in ANSWERED_NO]
            match row.state:
                case State.DELIVERED:
                    told = events[-1] == "delivered"
                    assert told or sent[-1].fate is Fate.TAKEN, (row, events)
                case State.FAILED | State.MISSED | State.SKIPPED:
                    assert not perhaps, (row, events)
                case State.UNKNOWN:
                    assert perhaps, (row, events)
                case State.SENDING:
                    raise AssertionError(f"{row.key} is being sent by nobody")
                case _:
                    assert not any(s.fate is Fate.TAKEN for s in sent), (row, events)

    @invariant()
    def the_inbox_holds_what_was_delivered_to_it(self) -> None:
        kept = {message.key for message in self.ledger.inbox()}
        states: Mapping[str, State] = {
            row.key: row.state for row in self.ledger.history(channel=LOCAL)
        }
        assert kept == {key for key, state in states.items() if state is State.DELIVERED}

    @invariant()
    def what_waits_has_a_time(self) -> None:
        for row in self._in(*CLAIMABLE):
            assert row.next_attempt_at is not None


Promises.TestCase.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
TestPromises = Promises.TestCase
