"""A small calendar in the place of all that ships, so that each test reads little."""

from __future__ import annotations

import pytest

from tests.group import ship_little


@pytest.fixture(autouse=True)
def _little(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path_factory.mktemp("package")
    ship_little(package)
    monkeypatch.setattr("bot.project.places._PACKAGE", package)
