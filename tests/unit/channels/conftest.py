from __future__ import annotations

from collections.abc import Iterator

import pytest

from .judges import Judges, judges_of_node


@pytest.fixture(scope="session")
def judged() -> Iterator[Judges]:
    """The judges in JavaScript, one process a session."""
    with judges_of_node() as judges:
        yield judges
