"""A ledger on PostgreSQL: opened by many machines at once, migrated while others go on."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import Connection

from bot.errors import LedgerError
from bot.ledger import decisions, queries
from bot.ledger.ledger import Ledger
from bot.ledger.lock import service_lock
from bot.ledger.migrate import migration_config
from bot.ledger.rows import Decision, DeliveryRow, Mode, State
from bot.ledger.tables import REVISIONS
from bot.opening import open_ledger
from bot.planning import Posting
from tests.contract.ledger.making import (
    HOUR,
    KEY,
    LEASE,
    NOW,
    claimed,
    deliver,
    lose,
    plan,
    put_in,
    ready,
    refuse,
    state_of,
)
from tests.postgres import Postgres


def opened(url: str, mode: Mode | None = "real", *, create: bool = True) -> Ledger:
    return open_ledger(url, base=Path(), mode=mode, create=create, now=NOW)


def refusal(url: str, mode: Mode | None = "real", *, create: bool = True) -> str:
    with pytest.raises(LedgerError) as raised:
        opened(url, mode, create=create)
    return str(raised.value)


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.database()


def test_a_new_ledger_is_made_and_found_again(url: str) -> None:
    assert "There is no ledger yet at PostgreSQL on" in refusal(url, create=False)
    assert "There is no ledger yet" in refusal(url, None)
    with opened(url) as ledger:
        assert (ledger.shared, ledger.path, ledger.mode) == (True, None, "real")
        put_in(ledger)
    with opened(url, None) as ledger:
        assert [row.key for row in ledger.history()] == [KEY]
        assert ledger.check() == ()
        with pytest.raises(LedgerError, match="may only be read"):
            put_in(ledger, plan("mexico"))
        with pytest.raises(LedgerError, match="pg_dump"):
            ledger.backup(Path("copy.db"))


def test_each_mode_refuses_the_others_ledger(url: str) -> None:
    opened(url, "rehearsal").close()
    assert "made by a rehearsal" in refusal(url)
    opened(url, None).close()


def test_a_database_of_something_else_is_left_alone(postgres: Postgres, url: str) -> None:
    name = url.partition("?")[0].rpartition("/")[2]
    postgres.sql("CREATE TABLE alembic_version (version_num text)", name)
    assert "a database of something else" in refusal(url)


def test_a_server_that_cannot_be_used_is_one_sentence_without_a_secret(
    postgres: Postgres, url: str
) -> None:
    said = refusal("postgresql+psycopg://ana:s3cr3t@127.0.0.1:1/vigilia")
    assert "cannot be reached" in said
    assert "s3cr3t" not in said
    assert "ana" not in said
    assert "Make the database" in refusal(postgres.url("nowhere"))
    postgres.sql("CREATE ROLE guest LOGIN")
    guest = url.replace("vigilia@", "guest@")
    assert "lacks the right" in refusal(guest)


def test_a_lease_is_the_databases_affair(url: str) -> None:
    with opened(url) as ledger:
        put_in(ledger, plan(), plan("mexico"))
        run = ledger.begin_run(NOW, "0.1.0")
        claimed(ledger, run)
        late = claimed(
            ledger, run, plan("mexico").postings[0].key, lease=timedelta(milliseconds=-1)
        )
        # whatever clock the claiming machine has
        (row,) = ledger.interrupted(ledger.begin_run(NOW, "0.1.0"))
        assert row.channel == "mexico"
        ledger.settle_interrupted(row, state=State.RETRYING, now=NOW, next_attempt_at=NOW)
        again = claimed(ledger, run, row.key)
        assert again.fence == late.fence + 1
        assert deliver(ledger, late) is None
        assert deliver(ledger, again) is State.DELIVERED


def test_a_run_settles_at_its_end_only_what_is_its_own(url: str) -> None:
    with opened(url) as ledger:
        put_in(ledger, plan(), plan("mexico"))
        mine, others = (ledger.begin_run(NOW, "0.1.0") for _ in range(2))
        claimed(ledger, mine)
        claimed(ledger, others, plan("mexico").postings[0].key)
        assert [row.channel for row in ledger.sending(mine)] == ["ottawa"]
        assert len(ledger.sending()) == 2


def test_any_number_of_services_may_run_on_it(url: str) -> None:
    with service_lock(url, Path()), service_lock(url, Path()):
        pass


OPEN = """
import sys
from pathlib import Path
from bot.opening import open_ledger
from tests.contract.ledger.making import NOW
print("ready", flush=True)
sys.stdin.readline()
ledger = open_ledger(sys.argv[1], base=Path(), mode="real", create=True, now=NOW)
print(ledger.check(), len(ledger.history()), flush=True)
"""


def all_at_once(url: str, number: int) -> list[str]:
    """Opens the ledger in so many processes at one moment; gives what each said."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(number)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    return [process.communicate("go\n", timeout=60)[0] for process in processes]


def test_machines_that_start_at_once_make_one_ledger(url: str) -> None:
    assert all_at_once(url, 3) == ["() 0\n"] * 3


def at_revision(url: str, revision: str) -> None:
    """Makes the tables of an older revision."""
    engine = create_engine(url)
    with engine.begin() as conn:
        _to(conn, revision)
        conn.execute(text("INSERT INTO meta (key, value) VALUES ('mode', 'real')"))
    engine.dispose()


def _to(conn: Connection, revision: str, *, down: bool = False) -> None:
    config = migration_config()
    config.attributes["connection"] = conn
    (command.downgrade if down else command.upgrade)(config, revision)


def described(url: str) -> dict[str, object]:
    """Gives all that a database's tables are, to be compared."""
    engine = create_engine(url)
    look = inspect(engine)
    found: dict[str, object] = {}
    for table in sorted(look.get_table_names()):
        found[table] = (
            sorted((c["name"], str(c["type"]), c["nullable"]) for c in look.get_columns(table)),
            look.get_pk_constraint(table),
            sorted(map(str, look.get_foreign_keys(table))),
            sorted(map(str, look.get_indexes(table))),
            sorted(map(str, look.get_unique_constraints(table))),
        )
    engine.dispose()
    return found


def test_migrations_and_tables_give_the_same_schema_on_a_server(postgres: Postgres) -> None:
    made, migrated = postgres.database(), postgres.database()
    opened(made).close()
    at_revision(migrated, "head")
    assert described(made) == described(migrated)


def test_machines_that_start_at_once_migrate_once(url: str) -> None:
    at_revision(url, "0002")
    assert all_at_once(url, 3) == ["() 0\n"] * 3
    with opened(url) as ledger:
        put_in(ledger)


def test_the_newest_revision_can_be_taken_back(url: str) -> None:
    at_revision(url, REVISIONS[-2])
    before = described(url)
    with opened(url) as ledger:
        put_in(ledger)
    engine = create_engine(url)
    with engine.begin() as conn:
        _to(conn, REVISIONS[-2], down=True)
    engine.dispose()
    assert described(url) == before
    with opened(url) as ledger:
        assert [row.key for row in ledger.history()] == [KEY]


def test_an_older_version_goes_on_while_and_after_a_newer_one_migrates(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(url) as older:
        put_in(older, plan(), plan("mexico"))
        run = older.begin_run(NOW, "0.1.0")
        claim = claimed(older, run)
        # what a newer version would do
        engine = create_engine(url)
        with engine.begin() as conn:
            conn.execute(text("ALTER TABLE deliveries ADD COLUMN colour TEXT"))
            conn.execute(text("UPDATE alembic_version SET version_num = '0099'"))
        assert deliver(older, claim) is State.DELIVERED
        # and it may be started anew
        with opened(url) as restarted:
            key = plan("mexico").postings[0].key
            assert deliver(restarted, claimed(restarted, run, key)) is State.DELIVERED
        with engine.begin() as conn:
            conn.execute(text("UPDATE meta SET value = '0099' WHERE key = 'serves'"))
        engine.dispose()
        assert "written by a newer Vigilia" in refusal(url)


def test_a_pause_holds_what_is_being_written_down_at_that_moment(url: str) -> None:
    with opened(url) as ledger, ThreadPoolExecutor(1) as beside:
        began, go_on = threading.Event(), threading.Event()

        def slow(_posting: Posting, _decision: Decision | None) -> tuple[State, None]:
            began.set()
            assert go_on.wait(20)
            return State.READY, None

        writing = beside.submit(lambda: ledger.insert([plan()], NOW, state_of=slow))
        assert began.wait(20)
        pausing = threading.Thread(target=lambda: ledger.set_pause(NOW + LEASE, NOW))
        pausing.start()
        pausing.join(0.5)  # it would be through by then, if it did not wait
        go_on.set()
        writing.result(20)
        pausing.join(20)
        assert state_of(ledger) is State.HELD


def test_a_skip_is_never_overtaken_by_what_is_being_written_down(url: str) -> None:
    with opened(url) as ledger, ThreadPoolExecutor(1) as beside:
        asked, go_on = threading.Event(), threading.Event()

        def undecided(_posting: Posting, decision: Decision | None) -> tuple[State, None]:
            assert decision is None
            asked.set()
            assert go_on.wait(20)
            return State.READY, None

        writing = beside.submit(lambda: ledger.insert([plan()], NOW, state_of=undecided))
        assert asked.wait(20)
        skipping = threading.Thread(target=lambda: ledger.decide(KEY, "skip", "Ana", "", NOW))
        skipping.start()
        skipping.join(0.5)  # it would be through by then, if it did not wait
        go_on.set()
        writing.result(20)
        skipping.join(20)
        assert state_of(ledger) is State.SKIPPED


def test_two_planners_write_the_same_day_down_once(url: str) -> None:
    planned = [plan(f"c{number}") for number in range(300)]
    with opened(url) as one, opened(url) as other, ThreadPoolExecutor(2) as pool:
        both = threading.Barrier(2)

        def write(ledger: Ledger) -> tuple[str, ...]:
            both.wait(20)
            return ledger.insert(planned, NOW, state_of=ready).keys

        first, second = pool.map(write, (one, other))
        assert sorted([*first, *second]) == sorted(p.postings[0].key for p in planned)
        assert one.counts()[State.READY] == 300
        assert one.check() == ()


def test_a_day_that_one_machine_does_not_know_yet_is_not_forgotten(url: str) -> None:
    """While a changed configuration goes round, planners differ: that may not make known days new,
    since what was due before its day was first seen is not posted."""
    with opened(url) as ledger:
        new, old = {"ottawa": ["a", "b"]}, {"ottawa": ["a"]}
        ledger.see(new, NOW)
        for minute in range(0, 50, 5):
            at = NOW + timedelta(minutes=minute)
            assert ledger.see(old, at) == {"ottawa": {"a": NOW}}
            assert ledger.first_seen() == {"ottawa": {"a": NOW}}
            assert ledger.see(new, at) == {"ottawa": {"a": NOW, "b": NOW}}
        ledger.see({}, NOW + HOUR)
        assert ledger.first_seen() == {}
        assert ledger.see(old, NOW + HOUR + timedelta(minutes=59)) == {"ottawa": {"a": NOW}}
        # an hour is enough to know that it was meant
        assert ledger.see(new, NOW + 2 * HOUR) == {"ottawa": {"a": NOW, "b": NOW + 2 * HOUR}}


@pytest.mark.parametrize("verdict", ["retract", "delivered", "resend", "retry", "skip", "hold"])
def test_nothing_is_recorded_that_somebody_was_quicker_with(
    url: str, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(url) as ledger, opened(url) as other:
        run = other.begin_run(NOW, "0.1.0")
        put_in(ledger)
        quicker: dict[str, Callable[[], object]] = {
            "retract": lambda: other.retract(KEY, NOW, "Ben"),
            "delivered": lambda: other.resolve(KEY, "resend", NOW, "Ben"),
            "resend": lambda: other.resolve(KEY, "delivered", NOW, "Ben"),
            "retry": lambda: other.retry(KEY, NOW, NOW + HOUR, "Ben"),
            "skip": lambda: claimed(other, run),
            "hold": lambda: claimed(other, run),
        }
        slower: dict[str, Callable[[], object]] = {
            "retract": lambda: ledger.retract(KEY, NOW, "Ana"),
            "delivered": lambda: ledger.resolve(KEY, "delivered", NOW, "Ana"),
            "resend": lambda: ledger.resolve(KEY, "resend", NOW, "Ana"),
            "retry": lambda: ledger.retry(KEY, NOW, NOW + HOUR, "Ana"),
            "skip": lambda: ledger.decide(KEY, "skip", "Ana", "", NOW),
            "hold": lambda: ledger.decide(KEY, "hold", "Ana", "", NOW),
        }
        match verdict:
            case "retract":
                deliver(other, claimed(other, run))
            case "delivered" | "resend":
                lose(other, claimed(other, run))
            case "retry":
                refuse(other, claimed(other, run))
        read = queries.delivery

        def read_and_overtaken(conn: Connection, key: str) -> DeliveryRow | None:
            monkeypatch.undo()
            row = read(conn, key)
            quicker[verdict]()
            return row

        monkeypatch.setattr(decisions, "delivery", read_and_overtaken)
        with pytest.raises(LedgerError, match="changed at this very moment"):
            slower[verdict]()
        assert "Ana" not in [decision.who for decision in ledger.decision_log(KEY)]
