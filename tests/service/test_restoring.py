"""A backup put back: what may have been posted since is unknown, and nothing is posted again."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.delivery.restoring import doubt_what_followed
from bot.errors import LedgerError
from bot.ledger.lock import service_lock
from bot.ledger.replacing import put_back
from bot.ledger.rows import State
from tests.receiver import Answer
from tests.service.installation import DAY, NINE, TOKEN, Installation, webhook
from tests.service.stepping import stepping

URL = "sqlite:///var/vigilia.db"


@pytest.fixture
def site(installed: Installation) -> Installation:
    installed.write(
        webhook("site", installed.receiver, on_unknown="resend"),
        webhook("late", installed.receiver, post_at="10:00"),
        webhook("later", installed.receiver, post_at="11:00"),
    )
    installed.known_since(NINE - timedelta(days=1), real=True)
    return installed


def put(site: Installation, backup: Path, now: datetime) -> tuple[str, ...]:
    project = site.project()
    done = put_back(backup, URL, site.root, now, lambda led: doubt_what_followed(led, project, now))
    return done.mended.keys


def names(site: Installation) -> set[str]:
    """Gives the files beside the ledger, but locks and what SQLite keeps beside a database."""
    found = {path.name for path in (site.root / "var").iterdir()}
    return {name for name in found if not name.endswith((".lock", "-wal", "-shm"))}


def test_what_waited_and_what_fell_due_since_is_unknown_and_never_sent_again(
    site: Installation,
) -> None:
    backup = site.root / "backup.db"
    site.receiver.answer(f"/site/{TOKEN}", Answer(503), Answer(200))
    with stepping(site, NINE) as steps:
        steps.wake()
        assert steps.row("site").state is State.RETRYING
        steps.ledger.backup(backup)
        # after the backup: the retry arrives, and ten o'clock's too
        steps.wake(NINE + timedelta(minutes=10))
        steps.wake(NINE + timedelta(hours=1))
        assert {row.state for row in steps.ledger.history()} == {State.DELIVERED}
    assert len(site.receiver.requests) == 3

    keys = put(site, backup, NINE + timedelta(hours=1, minutes=30))
    assert [key.split("/")[3] for key in keys] == ["site", "late"]
    rows = site.rows()
    assert {name: row.state for name, row in rows.items()} == {
        "site": State.UNKNOWN,
        "late": State.UNKNOWN,
    }
    assert "knows nothing after 2026-12-09 14:00 UTC" in rows["late"].detail
    with stepping(site, NINE + timedelta(hours=1, minutes=31)) as steps:
        steps.wake()
        assert len(site.receiver.requests) == 3
        # what falls due after it was put back is posted as ever
        steps.wake(NINE + timedelta(hours=2))
        assert steps.row("later").state is State.DELIVERED
        # and a person who has looked can have one sent again, under a new id
        steps.ledger.resolve(rows["late"].key, "resend", steps.clock.now(), "a person")
        steps.wake(NINE + timedelta(hours=2, minutes=5))
        assert steps.row("late").state is State.DELIVERED
        assert steps.ledger.check() == ()
    ids = [r.headers["webhook-id"] for r in site.receiver.requests]
    assert len(ids) == 5
    assert len(set(ids)) == 4  # the first retry alone has the id of what it repeats


def test_a_refusal_after_a_person_resent_it_leaves_it_unknown(site: Installation) -> None:
    backup = site.root / "backup.db"
    with stepping(site, NINE - timedelta(minutes=1)) as steps:
        steps.wake()
        steps.ledger.backup(backup)
    put(site, backup, NINE + timedelta(minutes=1))
    site.receiver.answer(f"/site/{TOKEN}", Answer(400))
    with stepping(site, NINE + timedelta(minutes=2)) as steps:
        key = steps.row("site").key
        steps.ledger.resolve(key, "resend", steps.clock.now(), "a person")
        steps.wake()
        assert steps.row("site").state is State.UNKNOWN


def test_what_was_held_is_in_doubt_too_and_a_lost_absence_is_not_missed(site: Installation) -> None:
    backup = site.root / "backup.db"
    with stepping(site, NINE - timedelta(minutes=1)) as steps:
        steps.ledger.set_pause(NINE + timedelta(hours=5), steps.clock.now())
        steps.wake(NINE)
        assert steps.row("site").state is State.HELD
        steps.ledger.backup(backup)
    put(site, backup, NINE + timedelta(days=10))
    assert {row.state for row in site.rows().values()} == {State.UNKNOWN}
    with stepping(site, NINE + timedelta(days=10)) as steps:
        steps.wake()
    assert site.receiver.requests == []


def test_a_channel_that_the_backup_does_not_know_is_not_flooded(site: Installation) -> None:
    backup = site.root / "backup.db"
    with stepping(site, NINE - timedelta(minutes=1)) as steps:
        steps.wake()
        steps.ledger.backup(backup)
    site.write(webhook("new", site.receiver))
    assert put(site, backup, NINE + timedelta(hours=1)) == ()
    with stepping(site, NINE + timedelta(hours=1, minutes=1)) as steps:
        steps.wake()
        assert steps.ledger.history() == ()


class TestTheFile:
    def test_what_was_there_is_kept_with_its_log(self, site: Installation) -> None:
        backup = site.root / "backup.db"
        with stepping(site, NINE) as steps:
            steps.ledger.backup(backup)
            steps.wake()
        project, now = site.project(), NINE + timedelta(minutes=1)
        done = put_back(backup, URL, site.root, now, lambda led: led.path)
        assert done.replaced is not None
        assert done.replaced.name == "vigilia.db.replaced-20261209T140100Z"
        assert names(site) == {"vigilia.db", done.replaced.name}
        assert site.rows() == {}
        assert project.channels

    def test_a_damaged_ledger_is_replaced_and_kept(self, site: Installation) -> None:
        backup = site.root / "backup.db"
        with stepping(site, NINE) as steps:
            steps.ledger.backup(backup)
        ledger = site.root / "var" / "vigilia.db"
        ledger.write_bytes(b"not a ledger any more" * 1000)
        assert site.tell("ledger", "check").code == 1
        done = put_back(backup, URL, site.root, NINE, lambda led: None)
        assert done.replaced is not None
        assert done.replaced.read_bytes().startswith(b"not a ledger")
        assert site.tell("ledger", "check").code == 0

    def test_one_that_is_gone_is_put_back(self, site: Installation) -> None:
        backup = site.root / "backup.db"
        with stepping(site, NINE) as steps:
            steps.ledger.backup(backup)
        shutil.rmtree(site.root / "var")
        assert put_back(backup, URL, site.root, NINE, lambda led: None).replaced is None
        assert site.tell("ledger", "check").code == 0

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (None, "There is no file"),
            (b"", "holds no ledger"),
            (b"no database at all" * 100, "cannot be used"),
        ],
    )
    def test_what_is_no_backup_changes_nothing(
        self, site: Installation, content: bytes | None, words: str
    ) -> None:
        backup = site.root / "backup.db"
        if content is not None:
            backup.write_bytes(content)
        before = (site.root / "var" / "vigilia.db").read_bytes()
        with pytest.raises(LedgerError, match=words):
            put_back(backup, URL, site.root, NINE, lambda led: None)
        assert (site.root / "var" / "vigilia.db").read_bytes() == before
        assert names(site) == {"vigilia.db"}

    def test_the_ledger_itself_is_no_backup_of_it(self, site: Installation) -> None:
        with pytest.raises(LedgerError, match="is the ledger itself"):
            put_back(site.root / "var" / "vigilia.db", URL, site.root, NINE, lambda led: None)

    def test_a_rehearsals_backup_is_not_put_over_a_real_ledger(self, site: Installation) -> None:
        backup = site.root / "backup.db"
        shutil.move(site.root / "var", site.root / "real")
        site.known_since(NINE)
        site.tell("ledger", "backup", str(backup))
        shutil.rmtree(site.root / "var")
        shutil.move(site.root / "real", site.root / "var")
        with pytest.raises(LedgerError, match="not of one kind"):
            put_back(backup, URL, site.root, NINE, lambda led: None)

    def test_not_under_a_running_service(self, site: Installation) -> None:
        backup = site.root / "backup.db"
        with stepping(site, NINE) as steps:
            steps.ledger.backup(backup)
        with service_lock(URL, site.root), pytest.raises(LedgerError, match="already runs"):
            put_back(backup, URL, site.root, NINE, lambda led: None)

    def test_a_ledger_in_memory_has_no_place(self, site: Installation) -> None:
        with pytest.raises(LedgerError, match="in memory"):
            put_back(site.root / "b", "sqlite://", site.root, NINE, lambda led: None)


class TestTheCommands:
    def test_a_backup_of_a_running_service_is_put_back_by_hand(self, site: Installation) -> None:
        shutil.rmtree(site.root / "var")
        now = datetime.now(UTC)
        site.known_since(now - timedelta(days=400), real=True)
        said = site.tell("ledger", "backup", str(site.root / "b.db"))
        assert (said.code, said.out) == (0, f"The ledger is copied to {site.root / 'b.db'}.\n")
        assert site.tell("ledger", "backup", str(site.root / "b.db")).code == 1
        back = site.tell("ledger", "restore", str(site.root / "b.db"))
        assert back.code == 0, back.err
        assert "posting(s) may have been sent since it was made" in back.out
        assert "is kept as" in back.out
        assert DAY in back.out
        again = site.tell("ledger", "restore", str(site.root / "nothing.db"))
        assert again.code == 1

    def test_check_says_what_is_wrong(self, site: Installation) -> None:
        assert site.tell("ledger", "check").out == "The ledger is sound.\n"
        said = site.tell("ledger", "check", "--json")
        assert json.loads(said.out) == {"sound": True, "problems": []}
        import sqlite3

        with sqlite3.connect(site.root / "var" / "vigilia.db") as raw:
            raw.execute(
                "INSERT INTO slots (observance, date, lead_days, channel, planned_at)"
                " VALUES ('x', '2026-01-01', 0, 'y', '2026-01-01 00:00:00')"
            )
        raw.close()
        said = site.tell("ledger", "check")
        assert said.code == 1
        assert "nothing fills" in said.out and "ledger restore" in said.out
