"""Fixtures of the service's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.receiver import Receiver
from tests.service.installation import Installation


@pytest.fixture
def installed(tmp_path: Path, receiver: Receiver) -> Iterator[Installation]:
    """A group whose channels post to the receiver; its processes end with the test."""
    installed = Installation(tmp_path, receiver)
    yield installed
    installed.end()


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """Undoes what a command did to the log of this process."""
    yield
    structlog.reset_defaults()
