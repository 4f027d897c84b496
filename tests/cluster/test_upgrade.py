"""A cluster of 0.1.0 that is upgraded while it posts. Its machines run the code of that release:
``vigilia-0.1.0.tar.xz`` has the modules of its commit, 54d6a7d."""

from __future__ import annotations

import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.ledger.rows import State
from bot.ledger.tables import REVISIONS, SERVES
from tests.cluster.conftest import Starting
from tests.cluster.machines import DAY, Cluster, unavailable_once
from tests.postgres import Postgres
from tests.receiver import Answer, wait_until
from tests.service.installation import TOKEN, Running, webhook

RELEASE = Path(__file__).with_name("vigilia-0.1.0.tar.xz")
TABLES = "0004"
"""The revision that 0.1.0 knows."""


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of 0.1.0, to be put before everything else on a machine's path."""
    folder = tmp_path_factory.mktemp("vigilia-0.1.0")
    with tarfile.open(RELEASE) as archive:
        archive.extractall(folder, filter="data")
    return folder


def revision(group: Cluster, postgres: Postgres) -> str:
    name = group.url.partition("?")[0].rpartition("/")[2]
    ((number,),) = postgres.sql("SELECT version_num FROM alembic_version", name)
    return str(number)


def start_old(group: Cluster, name: str, release: Path) -> Running:
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    return group.start(name, "all", "--since", yesterday, code=release)


def test_machines_of_0_1_0_post_beside_the_new_ones_and_are_refused_once_they_end(
    cluster: Starting, postgres: Postgres, release: Path
) -> None:
    group = cluster(0, known=False)
    now = datetime.now(UTC)
    soon = f"{now + timedelta(seconds=75):%H:%M}"
    channels = [webhook(f"c{number}", group.receiver, include=[DAY]) for number in range(16)]
    channels += [
        webhook(f"c{number}", group.receiver, include=[DAY], post_at=soon)
        for number in range(16, 24)
    ]
    channels.append(webhook("refusing", group.receiver, include=[DAY]))
    channels.append(webhook("ops", group.receiver, include=[]))
    group.write_channels(channels, settings='[operator]\nchannel = "ops"\n')
    again = {f"c{number}" for number in range(8)}
    for name in again:
        group.receiver.answer(f"/{name}/{TOKEN}", *unavailable_once())
    group.receiver.answer(f"/refusing/{TOKEN}", Answer(400, b"no"))

    # it has posted some, has some to try again, and has the last to write down in a minute
    old = start_old(group, "old", release)
    wait_until(lambda: len(group.receiver.requests) >= 16 or old.process.poll() is not None, 60)
    assert len(group.receiver.requests) >= 16, group.said()
    assert revision(group, postgres) == TABLES

    with group.ledger() as ledger:
        assert ledger.shared
    assert revision(group, postgres) == REVISIONS[-1]
    group.wait_until_settled(25, 120)
    assert old.process.poll() is None, group.said()
    assert {row.state for row in group.rows() if row.channel != "refusing"} == {State.DELIVERED}

    # a machine of this version tells the operator what the old one no longer can
    group.start("new", "all")
    wait_until(lambda: told(group) >= 1, 60)
    old_code = old.stop()
    assert old_code == 0, group.said()
    anew = start_old(group, "anew", release)
    if SERVES > TABLES:
        assert anew.ended() != 0
        assert "was written by a newer Vigilia" in "".join(anew.lines)
    else:
        anew.wait_for("started")
    group.stop_all()

    arrived = group.arrived()
    assert told(group) == 1, group.said()
    assert len(group.rows()) == 25
    for row in group.rows():
        assert arrived[row.key] == (2 if row.channel in again else 1), row
    with group.ledger() as ledger:
        assert ledger.check() == ()


def told(group: Cluster) -> int:
    """How often the operator was told of the refusal."""
    return sum(request.path == f"/ops/{TOKEN}" for request in group.receiver.requests)
