"""An older ledger: met by a Vigilia that knows one revision more."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from bot.errors import LedgerError
from bot.ledger import migrate
from bot.ledger.lock import file_lock, service_lock
from bot.ledger.sqlite import sqlite_engine, writing
from bot.ledger.tables import REVISIONS, metadata
from bot.opening import open_ledger
from tests.contract.ledger.making import KEY, NOW, URL, open_file, plan, put_in

ONE_MORE = """
import sqlalchemy as sa
from alembic import op
revision = "{next}"
down_revision = "{newest}"
def upgrade() -> None:
    op.add_column("deliveries", sa.Column("colour", sa.String(20)))
    op.alter_column("deliveries", "detail", new_column_name="said")
    {then}
"""
NEXT = f"{int(REVISIONS[-1]) + 1:04}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with open_file(tmp_path) as ledger:
        put_in(ledger)
    return tmp_path / "var" / "vigilia.db"


def know_one_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, then: str = "pass") -> None:
    # a percent sign in the folder's name must not confuse Alembic
    scripts = tmp_path / "50% new"
    shutil.copytree(migrate.MIGRATIONS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    script = ONE_MORE.format(next=NEXT, newest=REVISIONS[-1], then=then)
    (scripts / "versions" / f"v{NEXT}_next.py").write_text(script)
    monkeypatch.setattr("bot.ledger.migrate.MIGRATIONS", scripts)
    monkeypatch.setattr("bot.ledger.schema_version.REVISIONS", (*REVISIONS, NEXT))


def columns(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as raw:
        return {row[1] for row in raw.execute("PRAGMA table_info(deliveries)")}


def backups(file: Path) -> list[Path]:
    return sorted(file.parent.glob("*.before-*"))


def schema(engine: Engine) -> set[str]:
    with engine.connect() as conn, conn.begin():
        stored = conn.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name <> 'alembic_version'"
        )
        # a table that was made anew has its name in quotes
        return {" ".join(row[0].replace('"', "").split()) for row in stored}


def test_migrations_and_tables_give_the_same_schema() -> None:
    created, migrated = (sqlite_engine(None, "rwc") for _ in range(2))
    with writing(created) as conn:
        metadata.create_all(conn)
    with writing(migrated) as conn:
        config = migrate.migration_config()
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
    assert schema(created) == schema(migrated)
    for engine in (created, migrated):
        engine.dispose()


def test_the_revisions_that_are_known_are_those_that_there_are() -> None:
    scripts = ScriptDirectory.from_config(migrate.migration_config())
    found = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS


def test_an_older_ledger_is_migrated_after_a_backup(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know_one_more(monkeypatch, tmp_path)
    before = columns(file)
    open_file(tmp_path).close()
    assert columns(file) == before - {"detail"} | {"colour", "said"}
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("SELECT key, colour FROM deliveries").fetchall() == [(KEY, None)]
        assert raw.execute("SELECT count(*) FROM slot_deliveries").fetchone() == (1,)
    (backup,) = backups(file)
    assert backup.name == f"vigilia.db.before-{REVISIONS[-1]}-20261209T140000Z"
    assert columns(backup) == before
    # and the second time there is nothing left to do
    open_file(tmp_path).close()
    assert backups(file) == [backup]


@pytest.mark.parametrize(
    "then",
    [
        "op.execute('INSERT INTO no_such_table VALUES (1)')",
        "op.execute('DELETE FROM deliveries')",
        "raise LookupError('a mistake of ours')",
    ],
)
def test_a_migration_that_fails_leaves_the_ledger_as_it_was(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    with monkeypatch.context() as newer:
        know_one_more(newer, tmp_path, then)
        with pytest.raises((LedgerError, LookupError)) as raised:
            open_file(tmp_path)
    if isinstance(raised.value, LedgerError):
        assert "It is unchanged" in str(raised.value)
    assert backups(file) == []
    with open_file(tmp_path) as ledger:
        assert [row.key for row in ledger.history()] == [KEY]
        assert ledger.check() == ()


def test_reading_does_not_migrate(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know_one_more(monkeypatch, tmp_path)
    before = file.read_bytes()
    with pytest.raises(LedgerError, match=r"an older Vigilia\. `vigilia run` migrates it"):
        open_ledger(URL, base=tmp_path, mode=None, create=False, now=NOW)
    assert file.read_bytes() == before
    assert backups(file) == []


def test_a_ledger_on_which_another_service_runs_is_not_migrated(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know_one_more(monkeypatch, tmp_path)
    before = columns(file)
    monkeypatch.setattr("bot.ledger.migrate.is_held_here", lambda _: False)
    with (
        file_lock(file.resolve()),
        pytest.raises(LedgerError, match="Another Vigilia already runs"),
    ):
        open_file(tmp_path)
    assert columns(file) == before


def test_the_service_that_holds_the_lock_migrates(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know_one_more(monkeypatch, tmp_path)
    with service_lock(URL, tmp_path):
        open_file(tmp_path).close()
    assert "colour" in columns(file)


def test_a_newer_ledger_is_refused_and_left_alone(file: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0099'")
        raw.execute("UPDATE meta SET value = '0098' WHERE key = 'serves'")
    before = file.read_bytes()
    for mode in (None, "real"):
        with pytest.raises(LedgerError, match="written by a newer Vigilia"):
            open_ledger(URL, base=tmp_path, mode="real" if mode else None, create=True, now=NOW)
    assert file.read_bytes() == before


def test_a_newer_ledger_that_only_has_more_is_used(file: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0099'")
        raw.execute("ALTER TABLE deliveries ADD COLUMN colour VARCHAR(20)")
    with open_file(tmp_path) as ledger:
        assert [row.key for row in ledger.history()] == [KEY]
        put_in(ledger, plan("mexico"))
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0099",)
