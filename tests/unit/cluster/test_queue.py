"""The task queue: when a job is tried again, and how its database is reached."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from procrastinate.jobs import Job as QueuedJob

from bot.cluster.queue import DeliveryRetry, StillWaitingError, connection_of
from bot.delivery.retry import LONGEST
from bot.errors import LedgerError


def job(attempts: int) -> QueuedJob:
    return QueuedJob(
        id=1,
        queue="deliveries",
        lock=None,
        queueing_lock=None,
        task_name="vigilia.deliver",
        attempts=attempts,
    )


def test_a_job_waits_as_long_as_its_deliveries() -> None:
    at = datetime.now(UTC) + timedelta(minutes=7)
    decided = DeliveryRetry().get_retry_decision(exception=StillWaitingError(at), job=job(3))
    assert decided.retry_at == at


def test_a_job_that_should_be_past_does_not_spin() -> None:
    past = StillWaitingError(datetime.now(UTC) - timedelta(minutes=7))
    decided = DeliveryRetry().get_retry_decision(exception=past, job=job(0))
    assert decided.retry_at is not None
    assert decided.retry_at > datetime.now(UTC)


@given(st.integers(0, 10_000))
def test_a_job_that_met_a_broken_ledger_is_never_given_up(attempts: int) -> None:
    before = datetime.now(UTC)
    decided = DeliveryRetry().get_retry_decision(exception=LedgerError("gone"), job=job(attempts))
    assert decided.retry_at is not None
    assert before < decided.retry_at <= datetime.now(UTC) + LONGEST


def test_the_queue_reaches_the_ledgers_database_with_limits() -> None:
    found = connection_of("postgresql+psycopg://ana:s%40crt@db:5433/vigilia?sslmode=require")
    assert (found["host"], found["port"], found["user"]) == ("db", 5433, "ana")
    assert (found["password"], found["dbname"], found["sslmode"]) == ("s@crt", "vigilia", "require")
    assert found["keepalives"] == "1"
    assert int(found["tcp_user_timeout"]) > 0
    assert "statement_timeout" in found["options"]


def test_a_file_has_no_queue() -> None:
    with pytest.raises(ValueError, match="PostgreSQL"):
        connection_of("sqlite:///var/vigilia.db")
