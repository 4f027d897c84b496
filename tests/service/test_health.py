"""``vigilia health``: alive is who has lately looked after the ledger, and nobody else."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.clock import RehearsalClock
from bot.engines.embedded import EmbeddedEngine
from tests.receiver import wait_until
from tests.service.installation import NINE, Installation, seconds, webhook
from tests.service.running_here import running


def test_no_ledger_is_not_healthy(installed: Installation) -> None:
    installed.write(webhook("site", installed.receiver))
    said = installed.tell("health")
    assert said.code == 1
    assert "There is no ledger yet" in said.out


def test_a_ledger_on_which_nothing_ever_ran_is_not_healthy(installed: Installation) -> None:
    installed.write(webhook("site", installed.receiver))
    installed.open(create=True).close()
    said = installed.tell("health")
    assert (said.code, said.out) == (1, "No service has run on this ledger yet.\n")


def test_a_killed_service_is_soon_not_healthy(installed: Installation) -> None:
    installed.write(webhook("site", installed.receiver))
    service = installed.rehearse(NINE - seconds(600))
    service.wait_for("started")
    wait_until(lambda: installed.tell("health").code == 0, timeout=20)
    service.kill()
    wait_until(lambda: installed.tell("health", "--max-age", "0.5").code == 1)
    said = installed.tell("health", "--max-age", "0.5", "--json")
    assert '"alive": false' in said.out
    assert "no sign of life" in said.out


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_service_that_delivers_nothing_any_more_is_not_healthy(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end_the_thread(_: EmbeddedEngine) -> float:
        raise SystemExit

    installed.write(webhook("site", installed.receiver))
    with running(installed, RehearsalClock(NINE - seconds(600))) as here:
        wait_until(lambda: here.engine.is_well)
        here.service.wake()
        monkeypatch.setattr(EmbeddedEngine, "_round", end_the_thread)
        here.engine.wake()
        wait_until(lambda: not here.engine.is_well)
        before = beat(installed)
        here.service.wake()
        assert beat(installed) == before
        assert installed.tell("health", "--max-age", "0.001").code == 1


def beat(installed: Installation) -> datetime:
    """Gives the last sign of life."""
    with installed.reading() as ledger:
        run = ledger.latest_run()
        assert run is not None
        return run.beat_at
