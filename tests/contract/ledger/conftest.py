"""The databases that the ledger's contract is proven on. Another one joins in ``ledger``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.ledger.ledger import Ledger
from bot.opening import open_ledger
from tests.contract.ledger.making import NOW, URL
from tests.postgres import Postgres


@pytest.fixture(scope="session")
def _template(postgres: Postgres) -> str:
    """A database with an empty ledger, to be copied."""
    url = postgres.database()
    open_ledger(url, base=Path(), mode="real", create=True, now=NOW).close()
    return url.partition("?")[0].rpartition("/")[2]


@pytest.fixture(params=["file", "memory", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    match request.param:
        case "file":
            url = URL
        case "memory":
            url = "sqlite://"
        case _:
            server: Postgres = request.getfixturevalue("postgres")
            url = server.database(request.getfixturevalue("_template"))
    with open_ledger(url, base=tmp_path, mode="real", create=True, now=NOW) as opened:
        yield opened


@pytest.fixture
def run(ledger: Ledger) -> str:
    return ledger.begin_run(NOW, "0.1.0")
