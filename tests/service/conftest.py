"""Fixtures of the service's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.receiver import Receiver
from tests.service.installation import Installation


@pytest.fixture
def installed(tmp_path: Path, receiver: Receiver) -> Iterator[Installation]:
    """A group whose channels post to the receiver; its processes end with the test."""
    installed = Installation(tmp_path, receiver)
    yield installed
    installed.end()
