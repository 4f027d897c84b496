"""A ledger that is locked, read-only or damaged under a running service: said, nothing posted that
could not be recorded, and mended by itself when the trouble is over."""

from __future__ import annotations

import io
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.clock import RehearsalClock
from bot.ledger import sqlite as dialect
from bot.ledger.rows import State
from bot.logs import configure_logs
from tests.receiver import wait_until
from tests.service.installation import NINE, Installation, seconds, webhook
from tests.service.running_here import Here, running


@pytest.fixture
def log() -> io.StringIO:
    out = io.StringIO()
    configure_logs(out)
    return out


@pytest.fixture
def site(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    # 10 s are waited for another program; these tests do not
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_S", 0.1)
    monkeypatch.setattr("bot.service._AGAIN", seconds(0.2))
    monkeypatch.setattr("bot.engines.embedded._REST_S", 0.2)
    installed.write(webhook("site", installed.receiver))
    installed.known_since(NINE - seconds(60))
    return installed


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program holds the ledger, as a backup program or a person's shell may."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def read_only(here: Here, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The disk became read-only, as a kernel makes one that has errors."""
    real = dialect.connect_file
    with monkeypatch.context() as patched:
        engine = here.ledger._engine
        engine.dispose()
        patched.setattr(engine.pool, "_invoke_creator", lambda _: real(path_of(here), "ro"))
        yield
    here.ledger._engine.dispose()


def path_of(here: Here) -> Path:
    assert here.ledger.path is not None
    return here.ledger.path


def test_one_that_is_locked_posts_nothing_until_it_is_free(
    site: Installation, log: io.StringIO
) -> None:
    with running(site, RehearsalClock(NINE - seconds(1.5))):
        with locked(site.root / "var" / "vigilia.db"):
            wait_until(lambda: "is busy" in log.getvalue(), timeout=20)
            ends = time.monotonic() + 2.5
            wait_until(lambda: time.monotonic() > ends, timeout=20)
            assert site.receiver.requests == []
        site.receiver.wait_for(1, timeout=20)
        wait_until(lambda: site.rows()["site"].state is State.DELIVERED, timeout=20)
        assert site.rows()["site"].attempts == 1
    assert len(site.receiver.requests) == 1


def test_one_that_is_read_only_posts_nothing_until_it_can_be_written(
    site: Installation, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(site, RehearsalClock(NINE - seconds(2))) as here:
        with read_only(here, monkeypatch):
            wait_until(lambda: "read-only" in log.getvalue(), timeout=20)
            ends = time.monotonic() + 2.5
            wait_until(lambda: time.monotonic() > ends, timeout=20)
            assert site.receiver.requests == []
        site.receiver.wait_for(1, timeout=20)
        wait_until(lambda: site.rows()["site"].state is State.DELIVERED, timeout=20)
    assert len(site.receiver.requests) == 1


def test_one_that_is_damaged_posts_nothing_and_says_what_to_do(
    site: Installation, log: io.StringIO
) -> None:
    file, backup = site.root / "var" / "vigilia.db", site.root / "backup.db"
    with running(site, RehearsalClock(NINE - seconds(2))) as here:
        here.ledger.backup(backup)
        here.ledger.close()
        # all but the first page, and no log that could hold the pages once more
        with file.open("r+b") as raw:
            raw.seek(4096)
            raw.write(b"\xff" * (file.stat().st_size - 4096))
        wait_until(lambda: "is damaged" in log.getvalue(), timeout=20)
        ends = time.monotonic() + 2.5
        wait_until(lambda: time.monotonic() > ends, timeout=20)
    assert site.receiver.requests == []
    assert "vigilia ledger restore" in log.getvalue()
    assert site.tell("ledger", "restore", str(backup)).code == 0
    with running(site, RehearsalClock(NINE)):
        site.receiver.wait_for(1, timeout=20)
        wait_until(lambda: site.rows()["site"].state is State.DELIVERED, timeout=20)


class TestTheSignOfLife:
    def test_a_planner_that_cannot_write_ails(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("bot.service._LOST_AFTER_S", 0.5)
        with running(site, RehearsalClock(NINE - seconds(3600))) as here:
            with locked(site.root / "var" / "vigilia.db"):
                here.service.look_again()
                wait_until(lambda: "planner" in (here.service.health_problem() or ""), timeout=20)
            here.service.look_again()
            wait_until(lambda: here.service.health_problem() is None, timeout=20)

    def test_workers_that_do_not_look_ail(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with running(site, RehearsalClock(NINE - seconds(3600))) as here:
            wait_until(lambda: here.service.health_problem() is None, timeout=20)
            monkeypatch.setattr("bot.engines.embedded._LOST_AFTER_S", -1.0)
            assert "workers" in (here.service.health_problem() or "")

    def test_a_delivery_that_does_not_end_ails(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from tests.receiver import Answer
        from tests.service.installation import TOKEN

        monkeypatch.setattr("bot.engines.engine._LONGEST_DELIVERY_S", 0.2)
        site.receiver.answer(f"/site/{TOKEN}", Answer(delay=2.0))
        with running(site, RehearsalClock(NINE)) as here:
            wait_until(lambda: "under way" in (here.service.health_problem() or ""), timeout=20)
            wait_until(lambda: here.service.health_problem() is None, timeout=20)

    def test_a_whole_service_pings(self, installed: Installation) -> None:
        installed.write(
            webhook("site", installed.receiver),
            settings=f'[operator]\nping_url = "{installed.receiver.url("/ping/me")}"\n',
        )
        service = installed.rehearse(NINE - seconds(3600))
        (ping,) = installed.receiver.wait_for(1, timeout=60)
        assert (ping.method, ping.path) == ("GET", "/ping/me")
        assert service.stop() == 0
