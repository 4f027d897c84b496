"""What a service costs while nothing is due: ``python -m bench.idle 120``.

The service runs as a real process with all days, three languages, two channels, a channel of the
operator's and the page. Once it has settled, its processor time is taken over so many seconds, from
the kernel's own count, and its memory at their end. Linux only. Printed: the share of one core, the
resident memory (with what it shares with other processes, as `ps` shows it), and what is its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.group import receiving

SETTLES_S = 20.0
_STARTS_WITHIN_S = 60.0
_SECRET = "whsec_dGhlIHRlc3RzIHNpZ24gd2l0aCB0aGlzIGtleSE="
_SETTINGS = """
languages = ["en", "fr", "es"]
[network]
trusted_hosts = ["127.0.0.1"]
[operator]
channel = "operator"
[web]
listen = "127.0.0.1:0"
"""


@dataclass(frozen=True)
class Cost:
    """What a process has taken by now: processor time in seconds, memory in megabytes."""

    processor_s: float
    resident_mb: float
    own_mb: float


def write_group(root: Path, port: int) -> None:
    """Writes a configuration that posts every day of the calendar."""
    config = root / "config"
    config.mkdir()
    (config / "vigilia.toml").write_text(_SETTINGS)
    choices = {"one": '["*"]', "two": '["*"]', "operator": "[]"}
    (config / "channels.toml").write_text(
        "\n".join(
            f'[channels.{name}]\nplatform = "webhook"\nsecret = "{_SECRET}"\n'
            f'url = "http://127.0.0.1:{port}/{name}/Xk7Qp2Vt9mNbL4sR8wYz3HcJ"\ninclude = {days}\n'
            for name, days in choices.items()
        )
    )


@contextmanager
def service(root: Path) -> Iterator[int]:
    """Has the service run that this folder configures; gives its process's id once it has
    started. Raises TimeoutError, and RuntimeError where it ends by itself."""
    said = root / "said.jsonl"
    with said.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=root, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        ends = time.monotonic() + _STARTS_WITHIN_S
        while '"action": "started"' not in said.read_text():
            if process.poll() is not None:
                raise RuntimeError(said.read_text())
            if time.monotonic() > ends:
                raise TimeoutError(said.read_text())
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def cost_of(pid: int) -> Cost:
    """Return what the process has taken by now."""
    process = Path("/proc") / str(pid)
    # behind the name, which may hold spaces: the 14th and 15th field are utime and stime, in ticks
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return Cost(
        ticks / os.sysconf("SC_CLK_TCK"),
        _megabytes(process / "status", "VmRSS"),
        _megabytes(process / "smaps_rollup", "Private_Clean", "Private_Dirty"),
    )


def _megabytes(file: Path, *names: str) -> float:
    found = dict(line.split(":", 1) for line in file.read_text().splitlines() if ":" in line)
    return sum(int(found[name].split()[0]) for name in names) * 1024 / 1e6


def measure(seconds: float) -> None:
    """Prints what the service takes in so many seconds of having nothing to do."""
    with (
        tempfile.TemporaryDirectory(prefix="vigilia-bench-") as name,
        # the operator is told of what comes: that has to arrive, or it would be tried again
        receiving(0.0) as receiver,
    ):
        root = Path(name)
        write_group(root, receiver.port)
        with service(root) as pid:
            time.sleep(SETTLES_S)
            before, began = cost_of(pid), time.monotonic()
            time.sleep(seconds)
            after, took = cost_of(pid), time.monotonic() - began
        share = (after.processor_s - before.processor_s) / took
        print(f"idle: {share * 100:.2f} % of a core, {after.resident_mb:.0f} MB resident")
        print(f"      {after.own_mb:.0f} MB of it its own; {before.processor_s:.1f} s to start")


if __name__ == "__main__":
    measure(float(sys.argv[1]) if len(sys.argv) > 1 else 120.0)
