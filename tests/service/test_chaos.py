"""Killed at random, over a network that breaks: the receiver's log against the ledger, row by row.

Small in every run of the tests; ``make chaos`` runs it long: 500 deliveries and 200 kills.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.channels.outcome import Reason
from bot.delivery.courier import request_id
from bot.ledger.rows import DeliveryRow, State
from tests.faults import (
    CloseAfterRequest,
    Drip,
    Fault,
    FaultProxy,
    Garbage,
    ResetAfter,
    ResetAfterRequest,
    ResetAtAccept,
    TruncateAnswer,
)
from tests.receiver import Answer, Receiver, wait_until
from tests.service.installation import (
    DAY,
    NINE,
    TOKEN,
    Installation,
    Running,
    seconds,
    table,
    webhook,
)

DELIVERIES = int(os.environ.get("CHAOS_DELIVERIES", "36"))
KILLS = int(os.environ.get("CHAOS_KILLS", "8"))
WORKERS = 2
MOVING = (State.READY, State.SENDING, State.RETRYING)

ACCEPTS, FAILS, DOUBTS, REFUSES = "accepts", "fails", "doubts", "refuses"

# What a request is answered with, how likely that is, and what it means by the documented rules.
MOODS: list[tuple[int, str, str, Answer]] = [
    (8, "answers", ACCEPTS, Answer(delay=0.05)),
    (3, "answers late", ACCEPTS, Answer(delay=1.0)),
    (1, "limits", FAILS, Answer(429, headers={"Retry-After": "1"})),
    (1, "fails", FAILS, Answer(503)),
    (1, "refuses", REFUSES, Answer(400)),
    (1, "a gateway fails", DOUBTS, Answer(502)),
    (1, "reads and closes", DOUBTS, Answer(close=True)),
    (1, "lies", DOUBTS, Answer(raw=b"\x00\xff HTTP is not spoken here\r\n\r\n")),
    (1, "breaks off", DOUBTS, Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf")),
]

PASSES = TruncateAnswer(1_000_000)
FAULTS: list[Fault] = [
    PASSES,
    PASSES,
    TruncateAnswer(20),
    ResetAtAccept(),
    ResetAfter(60),
    ResetAfterRequest(),
    CloseAfterRequest(),
    Garbage(),
]
# Each costs the 30 s of a whole request's deadline.
SLOW_FAULTS: list[Fault] = [Drip(head=b"HTTP/1.1 200 OK\r\nX-Slow: ", then=b"y", interval=0.05)]


class Moody(Receiver):
    """A receiver that answers each request by chance, and keeps what it answered by path."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance
        self.calm = False
        self.answered: dict[str, list[str]] = defaultdict(list)
        self.moods: Counter[str] = Counter()

    def answer_to(self, path: str) -> Answer:
        with self.changed:
            if self.calm:
                mood = MOODS[0]
            else:
                (mood,) = self._chance.choices(MOODS, [weight for weight, *_ in MOODS])
            _, name, meaning, answer = mood
            self.answered[path].append(meaning)
            self.moods[name] += 1
            return answer


@contextmanager
def flaky_line(receiver: Moody, chance: random.Random) -> Iterator[FaultProxy]:
    """A proxy before the receiver whose fault changes ten times a second, until all is calm."""
    with FaultProxy(PASSES, target=receiver.port) as proxy:
        over = threading.Event()

        def change() -> None:
            faults = FAULTS + SLOW_FAULTS if KILLS > 50 else FAULTS
            while not over.wait(0.1):
                proxy.fault = PASSES if receiver.calm else chance.choice(faults)

        thread = threading.Thread(target=change)
        thread.start()
        try:
            yield proxy
        finally:
            over.set()
            thread.join()


@pytest.fixture
def chance() -> random.Random:
    seed = int(os.environ.get("CHAOS_SEED", str(time.time_ns())))
    print(f"CHAOS_SEED={seed}")
    return random.Random(seed)


def kill_at_random(service: Running, receiver: Moody, chance: random.Random, moving: bool) -> None:
    """Kills after a few requests more, or at any moment of its start, and a little later."""
    more = chance.randint(0, 3) if moving else 0
    wanted = len(receiver.requests) + more
    give_up = time.monotonic() + 10
    while len(receiver.requests) < wanted and time.monotonic() < give_up:
        time.sleep(0.005)
    time.sleep(chance.random() * (0.2 if more else 1.5))
    assert service.process.poll() is None, "".join(service.lines)
    service.kill()


def test_whatever_breaks_and_whenever_it_dies_the_ledger_says_what_was_posted(
    installed: Installation, chance: random.Random
) -> None:
    with Moody(chance) as receiver, flaky_line(receiver, chance) as line:
        installed.receiver = receiver
        names = [f"{kind}-{number}" for number in range(DELIVERIES) for kind in [_kind(number)]]
        installed.write(
            *(_channel(name, receiver, line) for name in names),
            settings=f"[delivery]\nworkers = {WORKERS}",
            trusted=(line.address,),
        )
        installed.known_since(NINE - seconds(60))
        for number in range(KILLS):
            service = installed.rehearse(NINE + seconds(30 * number))
            kill_at_random(service, receiver, chance, moving=not all_settled(installed, names))
            installed.processes.clear()
        receiver.calm = True
        # an hour later: no wait between two attempts is longer
        last = installed.rehearse(NINE + seconds(30 * KILLS + 3700))
        last.wait_for("started", timeout=60)
        wait_until(lambda: all_settled(installed, names), timeout=120 + DELIVERIES)
        assert last.stop() == 0

        rows = installed.rows()
        assert set(rows) == set(names), "something that was due is absent"
        by_name = {name: receiver.answered[f"/{name}/{TOKEN}"] for name in names}
        for name, row in rows.items():
            judge(row, by_name[name])
        seen = {r.headers["webhook-id"] for r in receiver.requests}
        assert seen <= {request_id(row.key, 0) for row in rows.values()}
        with installed.reading() as ledger:
            assert ledger.check() == ()
            for row in rows.values():
                assert len(ledger.attempts(row.key)) == row.attempts
                if row.state is State.DELIVERED:
                    assert row.reason is Reason.ACCEPTED
        tell(rows, receiver)


def all_settled(installed: Installation, names: list[str]) -> bool:
    rows = installed.rows()
    return set(rows) == set(names) and not any(row.state in MOVING for row in rows.values())


def _kind(number: int) -> str:
    return "eager" if number % 6 == 5 else "flaky" if number % 3 == 1 else "plain"


def _channel(name: str, receiver: Moody, line: FaultProxy) -> str:
    kind = name.partition("-")[0]
    keys = {"on_unknown": "resend"} if kind == "eager" else {}
    if kind == "flaky":
        keys["url"] = f"http://{line.address}/{name}/{TOKEN}"
    return webhook(name, receiver, **keys)


def judge(row: DeliveryRow, answered: list[str]) -> None:
    """Fails where a row and what the receiver answered, in order, do not go together."""
    said = f"{row.channel}: {row.state}, {row.reason}, {row.attempts} attempt(s), {answered}"
    assert len(answered) <= row.attempts, said
    if row.channel.startswith("eager"):
        assert row.state in (State.DELIVERED, State.FAILED, State.UNKNOWN), said
        if row.state is State.DELIVERED:
            assert answered.count(ACCEPTS) >= 1, said
        return
    *before, last = answered or [DOUBTS]
    assert all(meaning == FAILS for meaning in before), said  # nothing else may be sent again
    match row.state:
        case State.DELIVERED:
            assert last == ACCEPTS, said
        case State.UNKNOWN:
            # killed after it was sent, or the answer lost: accepted once at most, by the line above
            assert answered.count(ACCEPTS) <= 1, said
        case State.FAILED:
            assert last == REFUSES, said
        case _:
            raise AssertionError(said)


def tell(rows: dict[str, DeliveryRow], receiver: Moody) -> None:
    states = Counter(row.state.value for row in rows.values())
    accepted = Counter(
        min(receiver.answered[f"/{name}/{TOKEN}"].count(ACCEPTS), 2)
        for name, row in rows.items()
        if not name.startswith("eager") and row.state is State.UNKNOWN
    )
    resent = sum(
        max(receiver.answered[f"/{name}/{TOKEN}"].count(ACCEPTS) - 1, 0)
        for name in rows
        if name.startswith("eager")
    )
    print(f"{len(rows)} deliveries, {KILLS} kills, {len(receiver.requests)} requests arrived")
    print("states: " + ", ".join(f"{n} {state}" for state, n in sorted(states.items())))
    print("the receiver " + ", ".join(f"{mood}: {n}" for mood, n in receiver.moods.most_common()))
    print(
        f"of the unknown {accepted[1]} had arrived, {accepted[0]} had not;"
        f' {resent} posts came twice where the channel says on_unknown = "resend"'
    )
    print(
        f"absent: 0, delivered without a request: 0, posted twice against the policy: {accepted[2]}"
    )


def test_the_judge_sees_what_it_is_there_to_see(installed: Installation) -> None:
    installed.write(table("plain", {"platform": "inbox", "include": [DAY]}))
    installed.known_since(NINE - seconds(60))
    from bot.delivery.planner import write_down

    with installed.open(real=False) as ledger:
        write_down(ledger, installed.project(), NINE)
        (row,) = ledger.history()
    from dataclasses import replace

    def is_fine(state: State, attempts: int, *answered: str) -> bool:
        try:
            judge(replace(row, state=state, attempts=attempts), list(answered))
        except AssertionError:
            return False
        return True

    assert is_fine(State.DELIVERED, 1, ACCEPTS)
    assert is_fine(State.DELIVERED, 3, FAILS, FAILS, ACCEPTS)
    assert is_fine(State.UNKNOWN, 1)
    assert is_fine(State.UNKNOWN, 2, FAILS, DOUBTS)
    assert is_fine(State.UNKNOWN, 1, ACCEPTS)
    assert is_fine(State.FAILED, 1, REFUSES)
    assert not is_fine(State.DELIVERED, 1)
    assert not is_fine(State.DELIVERED, 2, ACCEPTS, ACCEPTS)
    assert not is_fine(State.DELIVERED, 2, DOUBTS, ACCEPTS)
    assert not is_fine(State.UNKNOWN, 2, ACCEPTS, ACCEPTS)
    assert not is_fine(State.FAILED, 1, ACCEPTS)
    assert not is_fine(State.READY, 0)
    assert not is_fine(State.DELIVERED, 1, FAILS, ACCEPTS)
