"""What the operator is told: all that needs a person, grouped, once, at most hourly of a cause."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count

import pytest

from bot.channels.outcome import Reason
from bot.clock import RehearsalClock, SystemClock
from bot.delivery.planner import recover, write_down
from bot.delivery.rate_limits import RateLimits
from bot.engines.embedded import EmbeddedEngine
from bot.errors import LedgerError
from bot.event_log import log_intake, log_recovered
from bot.ledger.rows import DeliveryRow, State
from bot.logs import configure_logs
from bot.oversight.alerting import OperatorAlerts
from bot.oversight.live import Broken
from bot.running import run_service
from bot.stopping import Stop
from tests.receiver import Answer, Received, wait_until
from tests.service.installation import DAY, NINE, TOKEN, Installation, seconds, table, webhook
from tests.service.stepping import Stepping, stepping

HOUR = timedelta(hours=1)
OPS = f"/ops/{TOKEN}"


def write(installed: Installation, *channels: str, settings: str = "", **ops: object) -> None:
    """Writes a configuration with a channel of the operator's, which posts no day."""
    own = webhook("ops", installed.receiver, **{"exclude": [DAY], "include": [], **ops})
    installed.write(*channels, own, settings=f'{settings}\n[operator]\nchannel = "ops"\n')


def told(installed: Installation) -> list[Received]:
    return [r for r in installed.receiver.requests if r.path == OPS]


def said(installed: Installation) -> str:
    """Gives the words of the last message to the operator."""
    return str(told(installed)[-1].json["data"])


@dataclass
class Desk:
    """What writes to the operator, and the courier that takes it away."""

    steps: Stepping
    gather_s: float = 0.0
    broken: Broken | None = None

    def __post_init__(self) -> None:
        steps = self.steps
        self.alerts = OperatorAlerts(
            steps.ledger,
            lambda: steps.project,
            steps.clock,
            broken=lambda: self.broken,
            gather_s=self.gather_s,
            look_ahead_s=0.0,
        )

    def look(self) -> None:
        """Writes what there is to tell, and sends all that is due."""
        self.alerts.look()
        for row in self.steps.ledger.due(self.steps.clock.now(), 100):
            self.steps.courier.deliver(row)

    def messages(self) -> tuple[DeliveryRow, ...]:
        return self.steps.ledger.history(operator=True)

    def write(self, channel: str = "ops", useful_for: timedelta = HOUR) -> DeliveryRow:
        """Writes a message down, ready to be sent."""
        note = self.steps.project.writer.operator_message((), ("en",), NINE.date(), None)
        about = {"failed": [f"{channel} {len(self.messages())}"]}
        now = self.steps.clock.now()
        key = self.steps.ledger.tell(channel, note.to_json(), about, now=now, useful_for=useful_for)
        (row,) = [row for row in self.messages() if row.key == key]
        return row


@contextmanager
def desk(installed: Installation, gather_s: float = 0.0) -> Iterator[tuple[Stepping, Desk]]:
    """Steps of a service at nine, and its desk."""
    installed.known_since(NINE - timedelta(days=1), real=True)
    with stepping(installed, NINE) as steps:
        yield steps, Desk(steps, gather_s)


class TestWhatIsTold:
    def test_failures_and_what_may_have_arrived_in_one_message_once(
        self, installed: Installation
    ) -> None:
        names = [f"site-{number}" for number in range(12)]
        for name in names:
            installed.receiver.answer(f"/{name}/{TOKEN}", Answer(400, b"no such thing"))
        installed.receiver.answer(f"/lost/{TOKEN}", Answer(close=True))
        write(
            installed,
            *(webhook(name, installed.receiver) for name in names),
            webhook("lost", installed.receiver),
        )
        with desk(installed) as (steps, office):
            steps.wake()
            for _ in range(3):
                office.look()
            assert len(told(installed)) == 1
            words = said(installed)
            assert "These did not arrive" in words and "These may have arrived" in words
            # the channel's name, and the title to look for
            assert "lost: “International Day of Commemoration" in words
            assert f"{DAY}/2026-12-09/0/lost/en" in words
            assert words.count("HTTP 400: no such thing") == 20  # in Markdown and in plain text
            assert "and 2 more" in words
            assert TOKEN not in words
            # history is the postings' alone
            assert {row.channel for row in steps.ledger.history()} == {*names, "lost"}

    def test_what_was_missed(self, installed: Installation) -> None:
        write(installed, webhook("site", installed.receiver))
        with desk(installed) as (steps, office):
            steps.wake(NINE + timedelta(days=3))
            office.look()
            assert "were not sent while they were useful" in said(installed)

    def test_a_channel_whose_address_is_gone(self, installed: Installation) -> None:
        installed.receiver.answer(f"/site/{TOKEN}", Answer(410))
        write(installed, webhook("site", installed.receiver))
        with desk(installed) as (steps, office):
            steps.wake()
            office.look()
            assert "These channels are paused" in said(installed)
            office.look()
            assert len(told(installed)) == 1

    def test_a_broken_configuration(self, installed: Installation) -> None:
        write(installed, webhook("site", installed.receiver))
        installed.known_since(NINE - timedelta(days=1), real=True)
        with stepping(installed, NINE - HOUR) as steps:
            broken = Broken(NINE - HOUR, ("config/channels.toml: The key 'x' is unknown.", "2nd"))
            office = Desk(steps, broken=broken)
            for _ in range(2):
                office.look()
            (message,) = told(installed)
            assert "The key 'x' is unknown." in said(installed)
            assert "The one before is still in force" in str(message.json)

    def test_a_figure_that_will_be_stale_when_it_is_printed(self, installed: Installation) -> None:
        facts = installed.root / "config" / "facts.toml"
        write(installed, webhook("site", installed.receiver))
        facts.write_text(
            """
[genocide-convention-parties]
value = 153
as_of = 2024-04-24
review = 2026-12-01
text.en = "on {date} the UN counted {value} States parties"
text.fr = "le {date}, l’ONU comptait {value} États parties"
text.es = "el {date}, la ONU contaba {value} Estados partes"
source = { title = "UN", url = "https://treaties.un.org/" }
""",
            "utf-8",
        )
        installed.known_since(NINE - timedelta(days=20), real=True)
        with stepping(installed, NINE - timedelta(days=15)) as steps:
            office = Desk(steps)
            office.look()
            assert told(installed) == []
            steps.clock.set(NINE - timedelta(days=13))
            for _ in range(2):
                office.look()
            (message,) = told(installed)
            assert "genocide-convention-parties: 2026-12-01" in str(message.json)
            assert "2026-12-09, site" in str(message.json)

    def test_a_coming_day_that_a_person_has_to_read_with_the_way_to_the_page(
        self, installed: Installation
    ) -> None:
        days = installed.root / "config" / "observances"
        write(
            installed,
            webhook("site", installed.receiver, include=["our-day"]),
            settings='[approval]\nlead = "3d"\n[web]\naddress = "https://vigilia.example.org"',
        )
        days.mkdir()
        (days / "own.toml").write_text(OUR_DAY, "utf-8")
        installed.known_since(NINE - timedelta(days=20), real=True)
        with stepping(installed, NINE - timedelta(days=4)) as steps:
            office = Desk(steps)
            office.look()
            assert told(installed) == []
            steps.clock.set(NINE - timedelta(days=2))
            for _ in range(2):
                office.look()
            (message,) = told(installed)
            words = str(message.json)
            assert "wait for somebody to read them" in words
            assert "our-day/2026-12-09/0/site/en" in words
            assert "https://vigilia.example.org/posting/our-day/2026-12-09/0/site/en" in words
            # the words themselves, with their sources, so that they can be read where one is
            (part,) = message.json["data"]["messages"]
            assert "> **Our day**" in part["markdown"]
            assert "> **Sources** [" in part["markdown"]
            assert part["markdown"].count("Our day") == 1

    def test_an_undecided_day_once_more_before_it_stops_being_useful(
        self, installed: Installation
    ) -> None:
        days = installed.root / "config" / "observances"
        write(installed, webhook("site", installed.receiver, include=["our-day"]))
        days.mkdir()
        (days / "own.toml").write_text(OUR_DAY, "utf-8")
        with desk(installed) as (steps, office):
            steps.wake()
            assert steps.row().state is State.HELD
            for hours in (0, 12, 23):
                steps.clock.set(NINE + timedelta(hours=hours))
                office.look()
            assert told(installed) == []
            for hours in (25, 27, 35):
                steps.clock.set(NINE + timedelta(hours=hours))
                office.look()
            assert len(told(installed)) == 1
            assert "our-day/2026-12-09/0/site/en (→ 2026-12-10 21:00 EST)" in said(installed)

    def test_it_is_told_in_the_languages_of_its_channel(self, installed: Installation) -> None:
        installed.receiver.answer(f"/site/{TOKEN}", Answer(400))
        write(installed, webhook("site", installed.receiver), languages=["fr", "es"])
        with desk(installed) as (steps, office):
            steps.wake()
            office.look()
            assert "ne sont pas arrivés" in said(installed)
            assert "no llegaron" in said(installed)

    def test_an_own_template_that_is_broken_is_replaced_by_the_english_one(
        self, installed: Installation
    ) -> None:
        own = installed.root / "templates" / "fr"
        own.mkdir(parents=True)
        (own / "operator.md.j2").write_text("{{ nothing }}", "utf-8")
        installed.receiver.answer(f"/site/{TOKEN}", Answer(400))
        write(installed, webhook("site", installed.receiver), languages=["fr"])
        with desk(installed) as (steps, office):
            steps.wake()
            office.look()
            assert "did not arrive" in said(installed)

    def test_without_an_operators_channel_nobody_is_told(self, installed: Installation) -> None:
        installed.receiver.answer(f"/site/{TOKEN}", Answer(400))
        installed.write(webhook("site", installed.receiver))
        with desk(installed) as (steps, office):
            steps.wake()
            office.look()
            assert office.messages() == ()


class TestHowOften:
    def test_a_second_message_of_a_cause_waits_an_hour_and_another_cause_does_not(
        self, installed: Installation
    ) -> None:
        for name in ("early", "later"):
            installed.receiver.answer(f"/{name}/{TOKEN}", Answer(400, name.encode()))
        installed.receiver.answer(f"/lost/{TOKEN}", Answer(close=True))
        write(
            installed,
            webhook("early", installed.receiver),
            webhook("later", installed.receiver, post_at="09:10"),
            webhook("lost", installed.receiver, post_at="09:20"),
        )
        with desk(installed) as (steps, office):
            steps.wake()
            office.look()
            steps.wake(NINE + timedelta(minutes=10))
            office.look()
            assert len(told(installed)) == 1
            steps.wake(NINE + timedelta(minutes=20))
            office.look()
            assert len(told(installed)) == 2
            assert "lost" in said(installed) and "later" not in said(installed)
            steps.clock.set(NINE + HOUR - seconds(1))
            office.look()
            assert len(told(installed)) == 2
            steps.clock.set(NINE + HOUR)
            office.look()
            assert len(told(installed)) == 3
            assert "later" in said(installed) and "early" not in said(installed)

    def test_a_new_process_tells_nothing_again(self, installed: Installation) -> None:
        installed.receiver.answer(f"/site/{TOKEN}", Answer(400))
        write(installed, webhook("site", installed.receiver))
        with desk(installed) as (steps, office):
            steps.wake()
            office.look()
        with stepping(installed, NINE + timedelta(minutes=1)) as steps:
            again = Desk(steps)
            again.look()
            steps.clock.set(NINE + timedelta(days=1))
            again.look()
        assert len(told(installed)) == 1

    def test_a_clock_that_was_set_back_does_not_silence_it(self, installed: Installation) -> None:
        for name in ("early", "later"):
            installed.receiver.answer(f"/{name}/{TOKEN}", Answer(400))
        write(installed, webhook("early", installed.receiver))
        with desk(installed) as (steps, office):
            steps.wake()
            steps.clock.set(NINE + timedelta(days=1))
            office.look()
            assert len(told(installed)) == 1
            write(
                installed,
                webhook("early", installed.receiver),
                webhook("later", installed.receiver, post_at="09:10"),
            )
            steps.project = installed.project()
            steps.wake(NINE + timedelta(minutes=5))
            steps.wake(NINE + timedelta(minutes=15))
            office.look()
            assert len(told(installed)) == 2

    def test_what_fails_together_is_waited_for(self, installed: Installation) -> None:
        installed.receiver.answer(f"/site/{TOKEN}", Answer(400))
        write(installed, webhook("site", installed.receiver))
        with desk(installed, gather_s=600.0) as (steps, office):
            steps.wake()
            office.look()
            assert told(installed) == []
            assert office.messages() == ()


class TestAnOperatorsChannelThatFails:
    def test_is_tried_again_and_not_told_of_itself(self, installed: Installation) -> None:
        installed.receiver.answer(f"/site/{TOKEN}", Answer(400))
        installed.receiver.answer(OPS, Answer(503), Answer(200))
        write(installed, webhook("site", installed.receiver))
        with desk(installed) as (steps, office):
            steps.wake()
            office.look()
            (message,) = office.messages()
            assert (message.state, message.attempts) == (State.RETRYING, 1)
            office.look()
            assert len(told(installed)) == 1
            steps.clock.set(NINE + timedelta(minutes=5))
            office.look()
            (message,) = office.messages()
            assert (message.state, message.attempts) == (State.DELIVERED, 2)
            first, second = told(installed)
            assert first.headers["webhook-id"] == second.headers["webhook-id"]
            assert message.key.startswith("operator/failed/2026-12-09T14:00:00Z-1/ops")

    @pytest.mark.parametrize(
        ("answer", "state"), [(Answer(410), State.FAILED), (Answer(close=True), State.UNKNOWN)]
    )
    def test_for_good_is_left_and_goes_round_in_no_circle(
        self, installed: Installation, answer: Answer, state: State
    ) -> None:
        out = io.StringIO()
        configure_logs(out)
        installed.receiver.answer(f"/site/{TOKEN}", Answer(400))
        installed.receiver.answer(OPS, answer)
        write(installed, webhook("site", installed.receiver))
        with desk(installed) as (steps, office):
            steps.wake()
            for hours in range(5):
                steps.clock.set(NINE + hours * HOUR)
                office.look()
            (message,) = office.messages()
            assert message.state is state
            assert len(told(installed)) == 1
        assert out.getvalue().count("operator-not-told") == 1

    @pytest.mark.parametrize(
        ("answers", "state"),
        [
            ((Answer(close=True), Answer(400)), State.UNKNOWN),
            ((Answer(503), Answer(400)), State.FAILED),
        ],
    )
    def test_what_may_have_arrived_once_is_never_said_to_have_failed(
        self, installed: Installation, answers: tuple[Answer, ...], state: State
    ) -> None:
        installed.receiver.answer(OPS, *answers)
        write(installed, webhook("site", installed.receiver), on_unknown="resend")
        with desk(installed) as (steps, office):
            office.write()
            office.look()
            assert [row.state for row in office.messages()] == [State.RETRYING]
            steps.clock.set(NINE + timedelta(minutes=5))
            office.look()
            assert [row.state for row in office.messages()] == [state]
        assert len(told(installed)) == 2

    def test_whose_address_is_gone_is_not_paused_and_nobody_is_told(
        self, installed: Installation
    ) -> None:
        out = io.StringIO()
        configure_logs(out)
        installed.receiver.answer(OPS, Answer(410))
        write(installed, webhook("site", installed.receiver))
        with desk(installed) as (steps, office):
            office.write()
            for hours in range(3):
                steps.clock.set(NINE + timedelta(minutes=30) + hours * HOUR)
                office.look()
            (row,) = office.messages()
            assert (row.state, row.reason) == (State.FAILED, Reason.GONE)
            assert steps.ledger.paused_channels() == {}
        assert len(told(installed)) == 1
        assert out.getvalue().count("operator-not-told") == 1
        assert "channel-paused" not in out.getvalue()

    def test_what_was_on_its_way_when_the_process_ended_is_unknown(
        self, installed: Installation
    ) -> None:
        out = io.StringIO()
        configure_logs(out)
        write(installed, webhook("site", installed.receiver))
        with desk(installed) as (steps, office):
            (begun,) = steps.courier.begin([office.write()])
            assert begun.claim.delivery.state is State.SENDING
        with stepping(installed, NINE + timedelta(minutes=1)) as steps:
            log_recovered(recover(steps.ledger, steps.project, steps.courier.run, steps.clock))
            office = Desk(steps)
            office.look()
            (row,) = office.messages()
            assert (row.state, row.reason) == (State.UNKNOWN, Reason.INTERRUPTED)
        assert told(installed) == []
        assert out.getvalue().count("operator-not-told") == 1

    def test_what_is_no_longer_useful_or_has_no_channel_is_not_sent(
        self, installed: Installation
    ) -> None:
        out = io.StringIO()
        configure_logs(out)
        write(installed, webhook("site", installed.receiver))
        with desk(installed) as (steps, office):
            office.write("ops")
            office.write("gone", 9 * HOUR)
            steps.clock.set(NINE + 2 * HOUR)
            log_intake(write_down(steps.ledger, steps.project, steps.clock.now()))
            office.look()
            states = {row.channel: row.state for row in office.messages()}
            assert states == {"ops": State.MISSED, "gone": State.FAILED}
            office.look()
            assert len(office.messages()) == 2
        assert told(installed) == []
        assert out.getvalue().count("operator-not-told") == 2

    @pytest.mark.parametrize("how", ["everything", "its channel"])
    def test_is_not_silenced_by_a_pause(self, installed: Installation, how: str) -> None:
        installed.receiver.answer(OPS, Answer(503), Answer(200))
        write(installed, webhook("site", installed.receiver))
        with desk(installed) as (steps, office):
            before = office.write()
            if how == "everything":
                steps.ledger.set_pause(NINE + timedelta(days=1), NINE)
            else:
                steps.ledger.pause_channel("ops", Reason.GONE, "gone", "an old address", NINE)
            after = office.write()
            for minutes in (0, 5):
                steps.clock.set(NINE + timedelta(minutes=minutes))
                for row in steps.ledger.due(steps.clock.now(), 100):
                    steps.courier.deliver(row)
            states = {row.key: row.state for row in office.messages()}
            assert states == dict.fromkeys((before.key, after.key), State.DELIVERED)

    def test_is_tried_again_by_hand_and_is_decided_on_in_no_other_way(
        self, installed: Installation
    ) -> None:
        installed.receiver.answer(OPS, Answer(400), Answer(close=True), Answer(200))
        write(installed, webhook("site", installed.receiver))
        with desk(installed) as (steps, office):
            key = office.write().key
            office.look()
        assert "failed" in installed.tell("history", "--operator").out
        assert key not in installed.tell("history").out
        for command in ("approve", "skip", "retract"):
            refusal = installed.tell(command, key)
            assert (refusal.code, "No posting has the key" in refusal.err) == (1, True)
        # the machine's own clock is not that of the test
        at = SystemClock().now()
        assert installed.tell("retry", key).code == 0
        with stepping(installed, at + HOUR) as steps:
            office = Desk(steps)
            office.look()
            (row,) = office.messages()
            assert (row.state, row.generation) == (State.UNKNOWN, 1)
        assert installed.tell("retry", key).code == 1
        assert installed.tell("resolve", key, "--resend").code == 0
        with stepping(installed, at + 2 * HOUR) as steps:
            office = Desk(steps)
            office.look()
            assert [row.state for row in office.messages()] == [State.DELIVERED]
        first, second, third = told(installed)
        assert first.json["data"] == second.json["data"] == third.json["data"]
        assert len({request.headers["webhook-id"] for request in told(installed)}) == 3

    def test_waits_for_its_turn_at_the_rate_limits(self, installed: Installation) -> None:
        write(installed, webhook("site", installed.receiver))
        with desk(installed) as (steps, office):
            at = [0.0]
            steps.courier.poster.limits = RateLimits(lambda: at[0])
            row = office.write()
            bucket = steps.courier.rates_of(row)[0][0]
            steps.courier.poster.limits.back_off(bucket, 60.0)
            engine = EmbeddedEngine(steps.ledger, steps.courier, steps.clock)
            rounds = count()
            engine.drain(lambda: next(rounds) > 2)
            assert told(installed) == []
            at[0] = 61.0
            engine.drain()
            assert [row.state for row in office.messages()] == [State.DELIVERED]
        assert len(told(installed)) == 1


def test_a_service_tells_a_failure_by_itself(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = OperatorAlerts.watch
    monkeypatch.setattr("bot.running.OperatorAlerts", partial(OperatorAlerts, gather_s=0.0))
    monkeypatch.setattr(OperatorAlerts, "watch", lambda alerts, ended: watch(alerts, ended, 0.1))
    installed.receiver.answer(f"/site/{TOKEN}", Answer(400, b"no such thing"))
    write(installed, webhook("site", installed.receiver))
    installed.known_since(NINE - seconds(60))
    stop = Stop()
    service = threading.Thread(
        target=run_service,
        args=(installed.project(), RehearsalClock(NINE), "sqlite:///var/vigilia.db"),
        kwargs={"stop": stop},
    )
    service.start()
    try:
        wait_until(lambda: told(installed), timeout=30)
    finally:
        stop.ask()
        service.join(30)
    assert not service.is_alive()
    assert "no such thing" in said(installed)


def test_trouble_in_telling_does_not_end_the_watching(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    configure_logs(out)
    write(installed, webhook("site", installed.receiver))
    monkeypatch.setattr("bot.oversight.alerting._REST_S", 0.0)
    ended = threading.Event()
    errors: list[Exception] = [LedgerError("The disk is full."), ZeroDivisionError()]

    def look() -> None:
        if not errors:
            ended.set()
            return
        raise errors.pop(0)

    with desk(installed) as (_, office):
        monkeypatch.setattr(office.alerts, "look", look)
        office.alerts.watch(ended, 0.0)
    assert "The disk is full." in out.getvalue()
    assert "ZeroDivisionError" in out.getvalue()


def test_the_inbox_may_be_the_operators(installed: Installation) -> None:
    installed.receiver.answer(f"/site/{TOKEN}", Answer(400, b"no such thing"))
    installed.write(
        webhook("site", installed.receiver),
        table("ops", {"platform": "inbox", "exclude": [DAY]}),
        settings='[operator]\nchannel = "ops"',
    )
    with desk(installed) as (steps, office):
        steps.wake()
        office.look()
        (kept,) = steps.ledger.inbox()
        assert "no such thing" in kept.text


OUR_DAY = """
[our-day]
kind = "day"
on = "9 December"
themes = ["own"]
approval = true
name.en = "Our day"
sources = [{ title = "Our page", url = "https://example.org/day" }]
opening.en = "On {{ date }} we meet."
[[our-day.story]]
en = "It matters to us."
"""
