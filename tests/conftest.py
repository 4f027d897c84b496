"""Fixtures of all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.group import Group
from tests.postgres import Postgres, running
from tests.receiver import Certificates, Receiver

# How long an example takes is the machine's affair: two cores, and other tests beside it.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")
# For thousands of runs, one for each mutant: pytest --hypothesis-profile=quick.
settings.register_profile(
    "quick", parent=settings.get_profile("untimed"), max_examples=12, derandomize=True
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of plain HTTP on 127.0.0.1."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def certificates() -> Certificates:
    """Certificates good and bad, of an authority of our own."""
    return Certificates()


@pytest.fixture
def group(tmp_path: Path) -> Group:
    """A group with one day and one channel, the inbox, of its own."""
    return Group(tmp_path / "group")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, started when the first test asks for it."""
    with running() as server:
        yield server
