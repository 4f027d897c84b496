"""``kill -9`` in the middle of deliveries: nothing is lost, and nothing is sent again blindly."""

from __future__ import annotations

import random
import time
from collections import Counter

from bot.delivery.courier import request_id
from bot.ledger.rows import State
from tests.receiver import Answer, wait_until
from tests.service.installation import DAY, NINE, TOKEN, Installation, seconds, table, webhook

WORKERS = 4
ROUNDS = 3
CAREFUL = [f"careful-{number}" for number in range(40)]
EAGER = [f"eager-{number}" for number in range(6)]
LOCAL = [f"local-{number}" for number in range(6)]
MOVING = (State.READY, State.SENDING, State.RETRYING)


def key_of(channel: str) -> str:
    return f"{DAY}/2026-12-09/0/{channel}/en"


def test_a_service_killed_again_and_again_loses_and_repeats_nothing(
    installed: Installation,
) -> None:
    seed = time.time_ns()
    print(f"seed: {seed}")
    chance = random.Random(seed)
    receiver = installed.receiver
    for name in (*CAREFUL, *EAGER):
        receiver.answer(f"/{name}/{TOKEN}", Answer(delay=0.05))
    installed.write(
        *(webhook(name, receiver) for name in CAREFUL),
        *(webhook(name, receiver, on_unknown="resend") for name in EAGER),
        *(table(name, {"platform": "inbox", "include": [DAY]}) for name in LOCAL),
        settings=f"[delivery]\nworkers = {WORKERS}",
    )
    installed.known_since(NINE - seconds(60))
    for number in range(ROUNDS):
        service = installed.rehearse(NINE + seconds(60 * number))
        enough = len(receiver.requests) + chance.randint(1, 8)
        receiver.wait_for(enough, timeout=20)
        time.sleep(chance.random() / 10)
        service.kill()
    last = installed.rehearse(NINE + seconds(60 * ROUNDS))
    last.wait_for("started")
    wait_until(
        lambda: not any(row.state in MOVING for row in installed.rows().values()), timeout=20
    )
    assert last.stop() == 0

    rows = installed.rows()
    assert set(rows) == {*CAREFUL, *EAGER, *LOCAL}
    seen = Counter(request.headers["webhook-id"] for request in receiver.requests)
    assert set(seen) <= {request_id(row.key, 0) for row in rows.values()}
    for name in CAREFUL:
        row, arrived = rows[name], seen[request_id(key_of(name), 0)]
        assert row.attempts == 1
        match row.state:
            case State.DELIVERED:
                assert arrived == 1
            case State.UNKNOWN:
                assert arrived <= 1
            case _:
                raise AssertionError(f"{name} is {row.state}")
    for name in EAGER:
        assert rows[name].state is State.DELIVERED
        assert 1 <= seen[request_id(key_of(name), 0)] <= rows[name].attempts
    with installed.reading() as ledger:
        assert sorted(kept.key for kept in ledger.inbox()) == sorted(map(key_of, LOCAL))
        assert ledger.check() == ()
    assert {rows[name].state for name in LOCAL} == {State.DELIVERED}
    unknown = sum(row.state is State.UNKNOWN for row in rows.values())
    assert unknown <= ROUNDS * WORKERS
    repeats = sum(seen.values()) - len(seen)
    print(f"{ROUNDS} kills, {sum(seen.values())} requests, {unknown} unknown, {repeats} repeated")
