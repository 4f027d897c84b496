"""The databases that the ledger's contract is proven on. Another one joins in ``ledger``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.ledger.ledger import Ledger
from bot.ledger.opening import open_ledger
from tests.contract.ledger.making import NOW, URL


@pytest.fixture(params=["file", "memory"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    url = URL if request.param == "file" else "sqlite://"
    with open_ledger(url, base=tmp_path, mode="real", create=True, now=NOW) as opened:
        yield opened


@pytest.fixture
def run(ledger: Ledger) -> str:
    return ledger.begin_run(NOW, "0.1.0")
