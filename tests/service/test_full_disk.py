"""A disk that takes nothing more: said in the log, nothing posted unrecorded, mended by itself.

The kernel refuses the service every byte in a file (RLIMIT_FSIZE), as a full disk would.
"""

from __future__ import annotations

import resource

from bot.channels.outcome import Reason
from bot.ledger.rows import State
from tests.receiver import Answer, wait_until
from tests.service.installation import NINE, TOKEN, Installation, Running, seconds, webhook

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def fill_disk(service: Running) -> None:
    limits = (1, resource.RLIM_INFINITY)
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, limits)


def make_room(service: Running) -> None:
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, UNLIMITED)


def test_a_full_disk_posts_nothing_that_could_not_be_recorded(installed: Installation) -> None:
    receiver = installed.receiver
    receiver.answer(f"/before/{TOKEN}", Answer(delay=2.0))
    installed.write(
        webhook("before", receiver, post_at="09:00"),
        webhook("held", receiver, post_at="09:00"),
        webhook("during", receiver, post_at="09:01"),
    )
    installed.known_since(NINE - seconds(60))
    held = installed.project().channel("held")
    digest = held.platform.address_digest(held.options)
    with installed.open(real=False) as ledger:
        ledger.pause_channel("held", Reason.GONE, "", digest, NINE)
    service = installed.rehearse(NINE, "--speed", "20")
    receiver.wait_for(1, timeout=20)
    # the first request leaves before the rest is written down
    wait_until(lambda: set(installed.rows()) == {"before", "held"}, timeout=20)
    fill_disk(service)
    with installed.open(real=False) as ledger:
        ledger.resume_channel("held", NINE)

    # one posting cannot be planned, one cannot be begun, and one is out and cannot be noted down
    told = [service.wait_for(word) for word in ("wake-failed", "dispatch-failed", "not-recorded")]
    for record, *_ in told:
        assert record["level"] == "error"
        assert "ledger" in record["event"]
    assert {name: row.state for name, row in installed.rows().items()} == {
        "before": State.SENDING,
        "held": State.READY,
    }
    assert len(receiver.requests) == 1
    assert installed.tell("health", "--max-age", "60").code == 0

    make_room(service)
    receiver.wait_for(3, timeout=20)
    wait_until(
        lambda: [row.state for row in installed.rows().values()] == [State.DELIVERED] * 3,
        timeout=20,
    )
    assert [row.attempts for row in installed.rows().values()] == [1, 1, 1]
    assert len(service.lines) < 60
    assert service.stop() == 0
    assert len(receiver.requests) == 3
