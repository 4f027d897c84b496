"""A million channels at nine o'clock, on paper: ``python -m bench.scale [--channels N]``.

A simulation with a modelled network: every posting of one day is written down, waits for its turn
at its host, for the database and for a thread, and is sent. What a delivery costs is what
``python -m bench.cluster cost enqueuing`` measured on the machine that docs/scaling.md names; give
other figures with the options. The random numbers are the same at each run.
"""

from __future__ import annotations

import argparse
import heapq
import random
from dataclasses import dataclass
from statistics import quantiles

ZONES = 30
MEDIAN_S, SPREAD = 0.2, 0.5
"""An answer's time: log-normal around 200 ms, 1 in 20 over 450 ms."""
HANGS, HANGS_FOR_S = 0.002, 30.0
"""Of 1,000 requests two get no answer before the deadline."""
HOST_RATE = 50.0


@dataclass(frozen=True)
class Cost:
    """What was measured: seconds of CPU and commits of one delivery, postings written down a second
    by one planner; and what is assumed: commits a second of the database's disk."""

    cpu_s: float = 0.0070
    commits: float = 3.6
    planned_a_second: float = 4300.0
    commits_a_second: float = 8000.0
    log_kib: float = 6.5
    table_kib: float = 3.5


@dataclass(frozen=True)
class Fleet:
    """``hosts``: over so many receiving hosts the channels are spread evenly; 0: each its own."""

    name: str
    workers: int
    threads: int
    cores: int
    hosts: int
    host_rate: float = HOST_RATE


FLEETS = (
    Fleet("one machine of 2 cores", 1, 16, 2, 0),
    Fleet("4 workers of 2 cores", 4, 32, 2, 0),
    Fleet("16 workers of 4 cores", 16, 64, 4, 0),
    Fleet("40 workers of 4 cores", 40, 64, 4, 0),
    Fleet("16 workers, all channels on 5 hosts", 16, 64, 4, 5),
    Fleet("16 workers, 5 hosts that allow 1,000 a second", 16, 64, 4, 5, 1000.0),
)


def bursts(channels: int) -> list[int]:
    """Return how many channels are in each time zone: few zones hold most people."""
    weights = [1 / (rank + 1) for rank in range(ZONES)]
    whole = sum(weights)
    counts = [int(channels * weight / whole) for weight in weights]
    counts[0] += channels - sum(counts)
    return counts


def late(number: int, fleet: Fleet, cost: Cost, chance: random.Random) -> list[float]:
    """Return by how many seconds each posting of one zone arrives late."""
    threads = [0.0] * (fleet.workers * fleet.threads)
    processor = cost.cpu_s / (fleet.workers * fleet.cores)
    database = cost.commits / cost.commits_a_second
    free_at: dict[int, float] = {}
    processor_at = database_at = 0.0
    found = []
    for index in range(number):
        at = index / cost.planned_a_second
        if fleet.hosts:
            host = index % fleet.hosts
            at = max(at, free_at.get(host, 0.0))
            free_at[host] = at + 1 / fleet.host_rate
        database_at = max(database_at, at) + database
        processor_at = max(processor_at, at) + processor
        begins = max(heapq.heappop(threads), database_at, processor_at)
        hangs = chance.random() < HANGS
        takes = HANGS_FOR_S if hangs else chance.lognormvariate(0.0, SPREAD) * MEDIAN_S
        heapq.heappush(threads, begins + takes)
        found.append(begins + takes)
    return found


def limits(fleet: Fleet, cost: Cost) -> dict[str, float]:
    """Return the deliveries a second that each part could do if all others were without end."""
    mean = MEDIAN_S * 2.718281828 ** (SPREAD**2 / 2) * (1 - HANGS) + HANGS * HANGS_FOR_S
    return {
        "planner": cost.planned_a_second,
        "threads": fleet.workers * fleet.threads / mean,
        "cores": fleet.workers * fleet.cores / cost.cpu_s,
        "database": cost.commits_a_second / cost.commits,
        **({"hosts": fleet.hosts * fleet.host_rate} if fleet.hosts else {}),
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--channels", type=int, default=1_000_000)
    for name, value in vars(Cost()).items():
        asked.add_argument(f"--{name.replace('_', '-')}", type=float, default=value)
    given = vars(asked.parse_args())
    channels = given.pop("channels")
    cost = Cost(**given)
    zones = bursts(channels)
    print(
        f"{channels:,} channels at 09:00 in {ZONES} time zones; {max(zones):,} in the fullest,"
        f" {min(zones):,} in the emptiest"
    )
    print(
        f"a delivery: {cost.cpu_s * 1000:.1f} ms of CPU, {cost.commits} commits,"
        f" {cost.log_kib + cost.table_kib:.1f} KiB written; the day:"
        f" {channels * cost.cpu_s / 3600:.1f} hours of CPU,"
        f" {channels * (cost.log_kib + cost.table_kib) / 1024**2:.1f} GiB written,"
        f" {channels * cost.table_kib / 1024**2:.1f} GiB of them kept"
    )
    for fleet in FLEETS:
        chance = random.Random(9)
        seconds = [one for zone in zones for one in late(zone, fleet, cost, chance)]
        cuts = quantiles(seconds, n=100)
        parts = limits(fleet, cost)
        first = min(parts, key=parts.__getitem__)
        print(
            f"{fleet.name}: half within {cuts[49]:,.0f} s, 99 of 100 within {cuts[98]:,.0f} s,"
            f" the last after {max(seconds):,.0f} s; held up by the {first}"
            f" ({parts[first]:,.0f} a second)"
        )


if __name__ == "__main__":
    main()
