"""Fixtures of all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.receiver import Certificates, Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of plain HTTP on 127.0.0.1."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def certificates() -> Certificates:
    """Certificates good and bad, of an authority of our own."""
    return Certificates()
