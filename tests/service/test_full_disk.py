"""A disk that takes nothing more: said in the log, nothing posted unrecorded, mended by itself.

The kernel refuses the service every byte in a file (RLIMIT_FSIZE), as a full disk would.
"""

from __future__ import annotations

import resource

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
    receiver.answer(f"/before/{TOKEN}", Answer(delay=1.0))
    installed.write(
        webhook("before", receiver, post_at="09:00"), webhook("during", receiver, post_at="09:01")
    )
    installed.known_since(NINE - seconds(60))
    service = installed.rehearse(NINE, "--speed", "20")
    receiver.wait_for(1, timeout=20)
    fill_disk(service)

    failed = service.wait_for("wake-failed")
    waits = service.wait_for("not-recorded")
    assert failed[0]["level"] == waits[0]["level"] == "error"
    assert all("ledger" in record["event"] for record in (failed[0], waits[0]))
    assert installed.rows()["before"].state is State.SENDING
    assert len(receiver.requests) == 1
    assert installed.tell("health", "--max-age", "60").code == 0

    make_room(service)
    receiver.wait_for(2, timeout=20)
    wait_until(
        lambda: {row.state for row in installed.rows().values()} == {State.DELIVERED}, timeout=20
    )
    assert [row.attempts for row in installed.rows().values()] == [1, 1]
    assert len(service.lines) < 60
    assert service.stop() == 0
    assert len(receiver.requests) == 2


def test_what_was_planned_before_the_disk_was_full_is_not_sent_until_there_is_room(
    installed: Installation,
) -> None:
    names = [f"site-{number}" for number in range(3)]
    installed.write(*(webhook(name, installed.receiver) for name in names))
    installed.known_since(NINE - seconds(60))
    with installed.open(real=False) as ledger:
        ledger.set_pause(NINE + seconds(9999), NINE)
    service = installed.rehearse(NINE)
    service.wait_for("planned")
    fill_disk(service)
    assert installed.tell("resume").code == 0
    (broke,) = service.wait_for("delivery-broke")
    assert "ledger" in broke["event"]
    assert installed.receiver.requests == []
    make_room(service)
    service.wait_for("delivered", 3)
    # it rested in between, and did not fill the log as well
    assert len(service.said("delivery-broke")) <= 3
    assert service.stop() == 0
    assert len(installed.receiver.requests) == 3
