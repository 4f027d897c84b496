"""A ledger that moves from a file to PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.channels.outcome import Reason
from bot.cluster.copying import copy_ledger
from bot.errors import LedgerError, LedgerInUseError
from bot.ledger.lock import service_lock
from bot.ledger.rows import State
from bot.ledger.search import Wanted
from bot.opening import open_ledger
from tests.contract.ledger.making import (
    HOUR,
    NOW,
    URL,
    claimed,
    deliver,
    for_approval,
    lose,
    open_file,
    plan,
    put_in,
    try_later,
)
from tests.postgres import Postgres

KEYS = [plan(f"c{number}").postings[0].key for number in range(5)]


@pytest.fixture
def used(tmp_path: Path) -> Path:
    """A ledger with something in every table."""
    with open_file(tmp_path) as ledger:
        run = ledger.begin_run(NOW, "0.1.0")
        ledger.see({"c0": ["a-day"]}, NOW)
        put_in(ledger, *(plan(f"c{number}") for number in range(5)))
        ledger.insert([plan("held")], NOW, state_of=for_approval)
        words = {"title": "Commémorer «les victimes» 🕯", "n": [1, None]}
        deliver(ledger, claimed(ledger, run, KEYS[0], words=words))
        lose(ledger, claimed(ledger, run, KEYS[1]))
        try_later(ledger, claimed(ledger, run, KEYS[2]), NOW + HOUR)
        claimed(ledger, run, KEYS[3])
        ledger.decide(KEYS[4], "skip", "Ana", "the news", NOW)
        ledger.pause_channel("c9", Reason.GONE, "gone", "digest", NOW)
        ledger.inbox_put("k", "c0", {"a": 1}, "text", NOW)
        ledger.index_words()
    return tmp_path


def copied(base: Path, target: str) -> Mapping[str, int]:
    return copy_ledger(URL, target, base=base, now=NOW)


def test_a_ledger_is_copied_whole_and_goes_on_in_its_new_place(
    used: Path, postgres: Postgres
) -> None:
    target = postgres.database()
    counts = copied(used, target)
    assert (counts["deliveries"], counts["attempts"], counts["decisions"]) == (6, 4, 1)
    with (
        open_file(used) as before,
        open_ledger(target, base=used, mode="real", create=False, now=NOW) as after,
    ):
        assert after.history() == before.history()
        assert after.first_seen() == before.first_seen()
        assert [after.attempts(key) for key in KEYS] == [before.attempts(key) for key in KEYS]
        assert after.inbox() == before.inbox()
        assert after.paused_channels() == before.paused_channels()
        assert after.check() == ()
        # what was sent is found, and what comes gets numbers of its own
        while after.index_words():
            pass
        assert [row.key for row in after.search(Wanted("commemorer"), 5)] == [KEYS[0]]
        put_in(after, plan("new"))
        run = after.begin_run(NOW, "0.1.0")
        deliver(after, claimed(after, run, KEYS[2], NOW + HOUR))
        assert after.counts()[State.DELIVERED] == 2
        # nobody on the new machines holds what was under way on the old one
        assert [row.key for row in after.interrupted(run)] == []


def test_what_a_service_runs_on_is_not_copied(used: Path, postgres: Postgres) -> None:
    target = postgres.database()
    with service_lock(URL, used), pytest.raises(LedgerInUseError):
        copied(used, target)


def test_what_differs_in_the_copy_undoes_it(used: Path, postgres: Postgres) -> None:
    target = postgres.database()
    open_ledger(target, base=used, mode="real", create=True, now=NOW).close()
    name = target.partition("?")[0].rpartition("/")[2]
    postgres.sql(
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.detail := 'other words'; RETURN NEW; END $$;"
        "CREATE TRIGGER spoil BEFORE INSERT ON attempts FOR EACH ROW EXECUTE FUNCTION spoil()",
        name,
    )
    with pytest.raises(LedgerError, match=r"row 1, 1 of attempts is another one"):
        copied(used, target)
    with open_ledger(target, base=used, mode=None, create=False, now=NOW) as ledger:
        assert ledger.history() == ()


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        (URL, "sqlite:///other.db", "The copy goes to PostgreSQL"),
        ("postgresql://db/one", "postgresql://db/other", "on PostgreSQL already"),
        ("sqlite://", "postgresql://db/other", "in memory"),
        (URL, "postgresql://db/other", "There is no ledger yet"),
    ],
)
def test_what_cannot_be_copied_is_one_sentence(
    tmp_path: Path, source: str, target: str, words: str
) -> None:
    with pytest.raises(LedgerError, match=words):
        copy_ledger(source, target, base=tmp_path, now=NOW)


def test_a_ledger_that_was_used_is_not_written_over(used: Path, postgres: Postgres) -> None:
    target = postgres.database()
    copied(used, target)
    with pytest.raises(LedgerError, match="used already"):
        copied(used, target)
