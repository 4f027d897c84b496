"""A page without a server: requests go straight into the application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.page import Stage, staged
from tests.unit.web.browsing import Browser, browsing


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path / "group") as stage:
        yield stage


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage for tests that change nothing: one for a whole file."""
    with staged(tmp_path_factory.mktemp("page") / "group") as stage:
        yield stage


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Stage]:
    """A stage whose page asks for the token."""
    with staged(tmp_path / "group", login=True) as stage:
        yield stage


@pytest.fixture
def browser(stage: Stage) -> Iterator[Browser]:
    with browsing(stage.site) as browser:
        yield browser


@pytest.fixture
def visitor(locked: Stage) -> Iterator[Browser]:
    """Somebody before the locked page, not logged in."""
    with browsing(locked.site) as browser:
        yield browser
