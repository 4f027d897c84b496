"""Fixtures of the cluster's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.machines import Cluster
from tests.postgres import Postgres
from tests.receiver import Receiver

Starting = Callable[..., Cluster]


@pytest.fixture
def cluster(tmp_path: Path, postgres: Postgres, receiver: Receiver) -> Iterator[Starting]:
    """Makes a cluster; its machines end with the test."""
    made: list[Cluster] = []

    def make(channels: int, *, known: bool = True, **more: Any) -> Cluster:
        made.append(Cluster(tmp_path, postgres, receiver, channels, **more))
        if known:
            made[-1].known_since_yesterday()
        return made[-1]

    yield make
    for one in made:
        one.end()
