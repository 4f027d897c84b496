"""Messages to the operator: deliveries that no posting is shown, counted or held with."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, MetaData, create_engine, event, func, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from bot.channels.outcome import Reason
from bot.cluster.postgresql import server_engine
from bot.cluster.shared_ledger import SharedLedger
from bot.content.message import Message, Part
from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.ledger.migrate import migration_config
from bot.ledger.rows import Claim, DeliveryRow, Settlement, State
from bot.ledger.search import Wanted
from bot.ledger.tables import SERVES, deliveries, meta
from bot.ledger.url import ledger_server
from bot.opening import open_ledger
from tests.contract.ledger.making import (
    DAY,
    HOUR,
    KEY,
    LEASE,
    NOW,
    OBSERVANCE,
    USEFUL,
    claimed,
    deliver,
    lose,
    plan,
    put_in,
    refuse,
    settle,
    state_of,
    try_later,
)
from tests.postgres import Postgres

WORDS = Message("operator", (), DAY, (Part("en", "Xylophone", "These did not arrive"),)).to_json()
OLD = Path(__file__).parent / "ledger-0.1.0.db"
"""What the code of 0.1.0 wrote: two postings, and a message to the operator in each state."""

ENDS = (State.UNKNOWN, State.FAILED, State.MISSED)


def tell(ledger: Ledger, *subjects: str, channel: str = "ops", now: datetime = NOW) -> str:
    return ledger.tell(channel, WORDS, {"failed": subjects or ("x",)}, now=now, useful_for=USEFUL)


def message(ledger: Ledger, key: str) -> DeliveryRow:
    row = ledger.delivery(key, operator=True)
    assert row is not None
    return row


def begun(ledger: Ledger, run: str, key: str, now: datetime = NOW) -> Claim:
    (claim,) = ledger.claim([message(ledger, key)], run, now, LEASE)
    return claim


class TestWhatIsWritten:
    def test_it_is_a_delivery_that_is_ready_with_its_words(self, ledger: Ledger) -> None:
        key = tell(ledger)
        row = message(ledger, key)
        assert key == "operator/failed/2026-12-09T14:00:00Z-1/ops"
        assert (row.state, row.message, row.languages) == (State.READY, WORDS, ("en",))
        assert (row.due_at, row.useful_until, row.date) == (NOW, NOW + USEFUL, DAY)
        assert [each.key for each in ledger.due(NOW, 10)] == [key]
        assert ledger.check() == ()

    def test_it_is_written_with_what_it_tells_or_not_at_all(self, ledger: Ledger) -> None:
        tell(ledger, "a", "b")
        assert ledger.unreported("failed", ["a", "b", "c"]) == {"c"}
        with pytest.raises(IntegrityError):
            tell(ledger, "c", "a")
        assert ledger.unreported("failed", ["c"]) == {"c"}
        assert len(ledger.history(operator=True)) == 1
        assert ledger.last_told() == {"failed": NOW}

    def test_a_retry_by_hand_sends_the_same_words_under_another_id(
        self, ledger: Ledger, run: str
    ) -> None:
        key = tell(ledger)
        assert refuse(ledger, begun(ledger, run, key)) is State.FAILED
        ledger.set_pause(NOW + HOUR, NOW)
        row = ledger.retry(key, NOW, NOW + USEFUL, "ana")
        assert (row.state, row.generation, row.message) == (State.READY, 1, WORDS)
        lose(ledger, begun(ledger, run, key))
        row = ledger.resolve(key, "resend", NOW, "ana", useful_until=NOW + USEFUL)
        assert (row.state, row.generation, row.message) == (State.READY, 2, WORDS)
        lose(ledger, begun(ledger, run, key))
        assert ledger.resolve(key, "delivered", NOW, "ana").state is State.DELIVERED

    def test_a_pause_holds_the_postings_and_not_what_the_operator_is_told(
        self, ledger: Ledger, run: str
    ) -> None:
        put_in(ledger)
        key, other = tell(ledger), tell(ledger, "y")
        ledger.set_pause(NOW + HOUR, NOW)
        assert (state_of(ledger), message(ledger, key).state) == (State.HELD, State.READY)
        claim = begun(ledger, run, key)
        assert try_later(ledger, claim, NOW + HOUR) is State.RETRYING
        gone = Settlement(State.FAILED, "rejected", Reason.GONE, gone="an address")
        assert settle(ledger, (begun(ledger, run, other), gone)) is State.FAILED
        assert ledger.paused_channels() == {}

    def test_the_posting_of_a_slot_is_decided_on_and_it_is_not(self, ledger: Ledger) -> None:
        key = tell(ledger)
        for verdict in ("approve", "hold", "skip"):
            ledger.decide(key, verdict, "ana", "", NOW)  # as if it were a coming posting's
        with pytest.raises(LedgerError, match="No posting has the key"):
            ledger.retract(key, NOW, "ana")
        assert message(ledger, key).state is State.READY


# Every method of the ledger that shows postings, and what it is asked here.
SHOWN: dict[str, Callable[[Ledger], object]] = {
    "delivery": lambda ledger: [ledger.delivery(key) for key in keys_of(ledger)],
    "deliveries": lambda ledger: ledger.deliveries([KEY]),
    "history": lambda ledger: [
        ledger.history(),
        ledger.history(tuple(State)),
        ledger.history(channel="ottawa"),
        ledger.history(observance=OBSERVANCE),
    ],
    "counts": lambda ledger: ledger.counts(),
    "search": lambda ledger: [
        ledger.search(Wanted(), 100),
        ledger.search(Wanted(text="operator"), 100),
        ledger.search(Wanted(text="Xylophone"), 100),
        ledger.search(Wanted(states=tuple(State)), 100),
        ledger.search(Wanted(channel="ottawa"), 100),
    ],
    "count_since": lambda ledger: [ledger.count_since(state, NOW - HOUR) for state in State],
    "last_delivered": lambda ledger: ledger.last_delivered(["ottawa", "ops"]),
    "fan_out": lambda ledger: [ledger.fan_out(), ledger.fan_out(NOW - HOUR)],
    "change_mark": lambda ledger: ledger.change_mark(),
    "days_marked": lambda ledger: ledger.days_marked(tuple(State), NOW - HOUR, NOW + HOUR),
    "untold_ends": lambda ledger: ledger.untold_ends(ENDS, NOW - HOUR),
}

# The others: what sends, what decides, and what speaks of no delivery.
NOT_SHOWN = {
    "alive", "alone", "attempts", "back_off", "backup", "beat", "begin_run", "check", "claim",
    "close", "decide", "decision_log", "decisions", "doubt", "due", "due_count", "end_run",
    "enqueue", "expire", "filled", "first_seen", "forget_buckets", "give_jobs", "inbox",
    "inbox_put", "index_words", "insert", "insert_by_hand", "interrupted", "last_alive",
    "last_told", "latest_run", "lost_jobs", "next_attempt_at", "note_config", "noted_config",
    "pause_channel", "paused_channels", "paused_until", "reserve", "resolve", "resume_channel",
    "retract", "retry", "see", "send_now", "sending", "set_pause", "settle",
    "settle_interrupted", "shut_buckets", "tell", "undo", "unreported", "waiting", "with_driver",
}  # fmt: skip
NO_METHOD_OF_A_LEDGER = {"reading", "writing"}


def keys_of(ledger: Ledger) -> list[str]:
    return [row.key for row in ledger.history(operator=True)]


def test_no_method_that_shows_postings_shows_a_message_to_the_operator(
    ledger: Ledger, run: str
) -> None:
    of = SharedLedger
    methods = {name for name in dir(of) if name[0] != "_" and callable(getattr(of, name))}
    new = methods - NO_METHOD_OF_A_LEDGER - NOT_SHOWN - SHOWN.keys()
    assert not new, "say above whether it shows postings"
    put_in(ledger)
    deliver(ledger, claimed(ledger, run))
    before = {name: ask(ledger) for name, ask in SHOWN.items()}
    # one of the same channel as the posting, and one in every state that there is
    deliver(ledger, begun(ledger, run, tell(ledger, "0", channel="ottawa")))
    deliver(ledger, begun(ledger, run, tell(ledger, "1")))
    refuse(ledger, begun(ledger, run, tell(ledger, "2")))
    lose(ledger, begun(ledger, run, tell(ledger, "3")))
    try_later(ledger, begun(ledger, run, tell(ledger, "4")), NOW + HOUR)
    begun(ledger, run, tell(ledger, "5"))
    tell(ledger, "6")
    ledger.tell("ops", WORDS, {"missed": ["7"]}, now=NOW - 2 * HOUR, useful_for=HOUR)
    assert [row.state for row in ledger.expire(NOW)] == [State.MISSED]
    mark = ledger.change_mark()
    again = ledger.retry(message_key(ledger, State.FAILED), NOW, NOW + USEFUL, "ana").key
    refuse(ledger, begun(ledger, run, again))
    while ledger.index_words():
        pass
    assert len(keys_of(ledger)) == 8
    assert mark == before.pop("change_mark")
    assert SHOWN["delivery"](ledger) == [None] * 8
    del before["delivery"]
    assert {name: SHOWN[name](ledger) for name in before} == before
    with pytest.raises(LedgerError, match="No posting has the key"):
        ledger.deliveries(keys_of(ledger))
    found = ledger.search(Wanted(operator=True), 100)
    assert {row.key for row in found} == set(keys_of(ledger))


def message_key(ledger: Ledger, state: State) -> str:
    (row,) = ledger.history((state,), operator=True)
    return row.key


@contextmanager
def asked_of(engine: Engine) -> Iterator[list[str]]:
    """Gives the statements that an engine runs while the block does."""
    statements: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_what_was_told_is_not_read_again_however_much_it_is(ledger: Ledger, run: str) -> None:
    many = [plan(f"c{number}") for number in range(5000)]
    for start in range(0, len(many), 500):
        some = many[start : start + 500]
        ledger.insert(some, NOW, state_of=lambda _posting, _decision: (State.MISSED, None))
    untold = ledger.untold_ends(ENDS, NOW - HOUR)
    assert len(untold) == 5000
    ledger.tell(
        "ops", WORDS, {"missed": [end.subject for end in untold]}, now=NOW, useful_for=USEFUL
    )
    put_in(ledger, plan("failing"))
    key = plan("failing").postings[0].key
    refuse(ledger, claimed(ledger, run, key, words=WORDS))
    engine = getattr(ledger, "engine", None) or ledger._engine
    with asked_of(engine) as statements:
        (end,) = ledger.untold_ends(ENDS, NOW - HOUR)
    assert (end.subject, end.title) == (f"{key} failed 0.1", "Xylophone")
    assert len([each for each in statements if each.startswith("SELECT")]) == 1


@pytest.mark.parametrize("state", ENDS)
def test_what_was_tried_anew_in_vain_is_told_anew(ledger: Ledger, run: str, state: State) -> None:
    put_in(ledger)
    if state is State.MISSED:
        ledger.expire(NOW + 2 * USEFUL)
    else:
        (refuse if state is State.FAILED else lose)(ledger, claimed(ledger, run))
    (end,) = ledger.untold_ends(ENDS, NOW - HOUR)
    ledger.tell("ops", WORDS, {state.value: [end.subject]}, now=NOW, useful_for=USEFUL)
    assert ledger.untold_ends(ENDS, NOW - HOUR) == ()
    later = NOW + 2 * USEFUL
    if state is State.UNKNOWN:
        ledger.resolve(KEY, "resend", later, "ana", useful_until=later + USEFUL)
    else:
        ledger.retry(KEY, later, later + USEFUL, "ana")
    lose(ledger, claimed(ledger, run, now=later), later)
    (second,) = ledger.untold_ends(ENDS, NOW - HOUR)
    assert second.subject != end.subject


# what 0.1.0 wrote


@pytest.fixture(params=["file", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Gives the address of a ledger that 0.1.0 wrote, in its tables."""
    file = tmp_path / "var" / "vigilia.db"
    file.parent.mkdir()
    shutil.copy(OLD, file)
    if request.param == "file":
        return "sqlite:///var/vigilia.db"
    server: Postgres = request.getfixturevalue("postgres")
    url = server.database()
    with engine_of(url) as engine, engine.begin() as conn:
        to(conn, "0004")
        copied(create_engine(f"sqlite:///{file}"), conn)
    return url


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    place = ledger_server(url)
    assert place is not None
    engine = server_engine(place, writes=True)
    try:
        yield engine
    finally:
        engine.dispose()


def to(conn: Connection, revision: str, *, down: bool = False) -> None:
    config = migration_config()
    config.attributes["connection"] = conn
    (command.downgrade if down else command.upgrade)(config, revision)


def copied(original: Engine, copy: Connection) -> None:
    """Copies every row into the same tables of a server."""
    ours, theirs = MetaData(), MetaData()
    ours.reflect(original)
    theirs.reflect(copy)
    with original.connect() as conn:
        for table in theirs.sorted_tables:
            if table.name in ours.tables and table.name != "alembic_version":
                copy.execute(table.delete())
                rows = [
                    dict(row) for row in conn.execute(select(ours.tables[table.name])).mappings()
                ]
                if rows:
                    copy.execute(insert(table), rows)
    names = [t.name for t in theirs.sorted_tables if t.name in {"deliveries", "slots", "told"}]
    for name in names:
        copy.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"
        )
    original.dispose()


def by_cause(ledger: Ledger) -> dict[str, DeliveryRow]:
    return {row.key.split("/")[1]: row for row in ledger.history(operator=True)}


def open_old(url: str, base: Path) -> Ledger:
    return open_ledger(url, base=base, mode="real", create=False, now=NOW)


def test_what_0_1_0_had_told_and_not_yet_told_goes_on(old: str, tmp_path: Path) -> None:
    with open_old(old, tmp_path) as ledger:
        rows = by_cause(ledger)
        stands = {
            cause: (row.state, row.attempts, row.tries, row.may_have_arrived)
            for cause, row in rows.items()
        }
        assert stands == {
            "failed": (State.DELIVERED, 1, 1, False),
            "unknown": (State.FAILED, 1, 1, False),
            "missed": (State.UNKNOWN, 1, 1, True),
            "paused": (State.READY, 0, 0, False),
            "config": (State.RETRYING, 1, 1, False),
            "approval": (State.RETRYING, 2, 2, True),
            # it was being sent when 0.1.0 ended
            "stale-fact": (State.UNKNOWN, 1, 1, True),
        }
        for cause, row in rows.items():
            assert row.key.startswith(f"operator/{cause}/2026-12-09T14:00:00Z-")
            assert row.message is not None
            assert Message.from_json(row.message).kind == "operator"
            assert (row.due_at, row.useful_until, row.date) == (NOW, NOW + USEFUL, DAY)
        assert rows["stale-fact"].detail == "Vigilia ended while this was being sent."
        assert rows["config"].next_attempt_at == NOW + 2 * HOUR
        # the postings are as they were
        mexico = plan("mexico").postings[0].key
        assert {row.key: row.state for row in ledger.history()} == {
            KEY: State.FAILED,
            mexico: State.READY,
        }
        assert ledger.check() == ()


def test_nothing_that_0_1_0_told_is_told_again(old: str, tmp_path: Path) -> None:
    with open_old(old, tmp_path) as ledger:
        assert ledger.untold_ends(ENDS, NOW - HOUR) == ()
        subjects = [f"{KEY} failed 0.1", "another failed 0.1", "new"]
        assert ledger.unreported("failed", subjects) == {"new"}
        assert ledger.unreported("stale-fact", ["parties 2026-12-01"]) == set()
        assert ledger.last_told().keys() == by_cause(ledger).keys()
        assert tell(ledger, "new").startswith("operator/failed/2026-12-09T14:00:00Z-9/")


def test_what_0_1_0_was_trying_is_sent_by_the_courier(old: str, tmp_path: Path) -> None:
    with open_old(old, tmp_path) as ledger:
        run = ledger.begin_run(NOW, "0.2.0")
        later = NOW + 2 * HOUR
        rows = by_cause(ledger)
        due = {row.key for row in ledger.due(later, 100) if row.for_operator}
        assert due == {rows[cause].key for cause in ("paused", "config", "approval")}
        assert refuse(ledger, begun(ledger, run, rows["config"].key, later), later) is State.FAILED
        # an attempt of 0.1.0 may have arrived
        doubtful = begun(ledger, run, rows["approval"].key, later)
        assert refuse(ledger, doubtful, later) is State.UNKNOWN
        assert deliver(ledger, begun(ledger, run, rows["paused"].key, later), later) is (
            State.DELIVERED
        )


def test_a_ledger_of_0_1_0_is_backed_up_and_refuses_it_from_then_on(tmp_path: Path) -> None:
    file = tmp_path / "vigilia.db"
    shutil.copy(OLD, file)
    with open_old("sqlite:///vigilia.db", tmp_path) as ledger, ledger.reading() as conn:
        assert conn.scalar(select(meta.c.value).where(meta.c.key == "serves")) == SERVES
        assert conn.scalar(select(func.count()).select_from(deliveries)) == 9
    (backup,) = tmp_path.glob("*.before-0004-*")
    with closing(sqlite3.connect(backup)) as raw:
        assert raw.execute("SELECT count(*) FROM operator_messages").fetchone() == (7,)
    assert SERVES > "0004"


def test_0_1_0_finds_all_of_it_again_where_the_tables_are_taken_back(
    postgres: Postgres, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = postgres.database()
    file = tmp_path / "old.db"
    shutil.copy(OLD, file)

    def stored(conn: Connection) -> list[Sequence[Any]]:
        return list(
            conn.exec_driver_sql(
                "SELECT m.key, m.state, m.attempts, m.maybe_arrived, m.next_attempt_at, t.subject"
                " FROM operator_messages AS m JOIN told AS t ON t.message_id = m.id ORDER BY t.id"
            )
        )

    with engine_of(url) as engine, engine.begin() as conn:
        to(conn, "0004")
        copied(create_engine(f"sqlite:///{file}"), conn)
        before = [
            ("unknown", *row[2:3], True, *row[4:]) if row[1] == "sending" else tuple(row)[1:]
            for row in stored(conn)
        ]
        to(conn, "0005")
        to(conn, "0004", down=True)
        assert [tuple(row)[1:] for row in stored(conn)] == before
        assert conn.exec_driver_sql("SELECT count(*) FROM deliveries").scalar() == 2
