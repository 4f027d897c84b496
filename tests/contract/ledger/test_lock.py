from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import LedgerError
from bot.ledger.lock import is_held_here, service_lock
from tests.contract.ledger.making import URL

HOLD = """
import sys
from pathlib import Path
from bot.ledger.lock import service_lock
with service_lock(sys.argv[2], Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def hold(base: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(base), URL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_service_is_told_which_one_runs(tmp_path: Path) -> None:
    holder = hold(tmp_path)
    words = rf"Another Vigilia already runs on this ledger \(process {holder.pid} on .*, since 20"
    with pytest.raises(LedgerError, match=words), service_lock(URL, tmp_path):
        pass
    holder.communicate("done\n", timeout=30)
    with service_lock(URL, tmp_path):
        pass


def test_the_lock_of_a_killed_service_is_free(tmp_path: Path) -> None:
    holder = hold(tmp_path)
    with (tmp_path / "var" / "vigilia.db.lock").open("a") as lock_file:
        lock_file.write("more than the next one writes")
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with service_lock(URL, tmp_path):
        lock = (tmp_path / "var" / "vigilia.db.lock").read_text()
        assert json.loads(lock)["pid"] == os.getpid()


def test_two_ways_to_one_file_meet_the_same_lock(tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "var" / "vigilia.db")
    with (
        service_lock(URL, tmp_path),
        pytest.raises(LedgerError, match=f"process {os.getpid()}"),
        service_lock("sqlite:///link.db", tmp_path),
    ):
        pass


def test_a_holder_that_has_not_said_who_it_is_is_still_a_holder(tmp_path: Path) -> None:
    with service_lock(URL, tmp_path):
        (tmp_path / "var" / "vigilia.db.lock").write_text("")
        with pytest.raises(LedgerError, match="only just started"), service_lock(URL, tmp_path):
            pass


def test_the_lock_is_known_here_while_it_is_held(tmp_path: Path) -> None:
    file = (tmp_path / "var" / "vigilia.db").resolve()
    assert not is_held_here(file)
    with service_lock(URL, tmp_path):
        assert is_held_here(file)
    assert not is_held_here(file)


def test_a_ledger_in_memory_needs_no_lock(tmp_path: Path) -> None:
    with service_lock("sqlite://", tmp_path), service_lock("sqlite://", tmp_path):
        assert list(tmp_path.iterdir()) == []


def test_a_lock_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "var" / "vigilia.db.lock").mkdir(parents=True)
    words = "cannot be written: Is a directory"
    with pytest.raises(LedgerError, match=words), service_lock(URL, tmp_path):
        pass
