from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Mode, State
from bot.ledger.sqlite import plain_errors, sqlite_engine, writing
from bot.opening import open_ledger
from tests.contract.ledger.making import (
    KEY,
    LEASE,
    NOW,
    URL,
    open_file,
    plan,
    put_in,
    ready,
    state_of,
)

NOBODY = 65534


def read(base: Path, url: str = URL) -> Ledger:
    return open_ledger(url, base=base, mode=None, create=False, now=NOW)


def refused(base: Path, *, mode: Mode | None = "real", create: bool = True, url: str = URL) -> str:
    with pytest.raises(LedgerError) as raised:
        open_ledger(url, base=base, mode=mode, create=create, now=NOW)
    text = str(raised.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


def bytes_of(file: Path) -> bytes:
    return file.read_bytes()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with open_file(tmp_path) as ledger:
        put_in(ledger)
    return tmp_path / "var" / "vigilia.db"


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that other users can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        folder.chmod(0o777)
        yield folder


@contextmanager
def no_superuser() -> Iterator[None]:
    """Rights are not checked for root, so root becomes nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def test_what_is_written_is_there_when_it_is_opened_again(file: Path, tmp_path: Path) -> None:
    with open_file(tmp_path, create=False) as ledger:
        assert (ledger.path, ledger.mode) == (file.resolve(), "real")
        assert state_of(ledger) is State.READY
        assert ledger.check() == ()


def test_without_create_a_missing_ledger_is_not_made(tmp_path: Path) -> None:
    words = "There is no ledger yet at .*: `vigilia run` makes one"
    with pytest.raises(LedgerError, match=words):
        open_file(tmp_path, create=False)
    for url in (URL, "sqlite://"):
        assert "There is no ledger yet" in refused(tmp_path, mode=None, url=url)
    assert "There is no ledger yet" in refused(tmp_path, create=False, url="sqlite://")
    assert list(tmp_path.iterdir()) == []


def test_an_absolute_path_needs_its_folder(tmp_path: Path) -> None:
    text = refused(tmp_path, url=f"sqlite:///{tmp_path.parent}/not-mounted/v.db")
    assert "does not exist. Make it, mount its disk" in text
    with open_ledger(
        f"sqlite:///{tmp_path}/v.db", base=Path("/nowhere"), mode="real", create=True, now=NOW
    ) as ledger:
        assert ledger.path == tmp_path / "v.db"


@pytest.mark.parametrize(
    ("mode", "other", "words"),
    [("real", "rehearsal", "is the real one"), ("rehearsal", "real", "made by a rehearsal")],
)
def test_each_mode_refuses_the_others_ledger_and_reading_takes_both(
    tmp_path: Path, mode: Mode, other: Mode, words: str
) -> None:
    url = "sqlite:///v.db"
    open_ledger(url, base=tmp_path, mode=mode, create=True, now=NOW).close()
    before = bytes_of(tmp_path / "v.db")
    assert words in refused(tmp_path, mode=other, url=url)
    with read(tmp_path, url) as ledger:
        assert ledger.mode == mode
    assert bytes_of(tmp_path / "v.db") == before


def test_reading_never_writes(file: Path, tmp_path: Path) -> None:
    with read(tmp_path) as ledger:
        assert state_of(ledger) is State.READY
        with pytest.raises(LedgerError, match="read-only"):
            ledger.begin_run(NOW, "0.1.0")


def test_reading_sees_what_a_running_service_writes(file: Path, tmp_path: Path) -> None:
    with open_file(tmp_path) as service, read(tmp_path) as reader:
        service.insert([plan("mexico")], NOW, state_of=ready)
        assert len(reader.history()) == 2


def test_a_ledger_in_a_read_only_folder_can_be_read(shared: Path) -> None:
    with open_ledger("sqlite:///v.db", base=shared, mode="real", create=True, now=NOW) as ledger:
        ledger.begin_run(NOW, "0.1.0")
    assert [path.name for path in shared.iterdir()] == ["v.db"]
    shared.chmod(0o555)
    try:
        with no_superuser():
            with read(shared, "sqlite:///v.db") as ledger:
                assert ledger.last_alive() == NOW
            text = refused(shared, url="sqlite:///v.db")
    finally:
        shared.chmod(0o777)
    assert "may not be written" in text


def test_permission_denied_is_one_sentence(shared: Path) -> None:
    file = shared / "v.db"
    open_ledger("sqlite:///v.db", base=shared, mode="real", create=True, now=NOW).close()
    before = bytes_of(file)
    url = "sqlite:///v.db"
    with no_superuser():
        if os.getuid() != file.stat().st_uid:
            assert f"{file} may not be written" in refused(shared, url=url)
    file.chmod(0o000)
    with no_superuser():
        assert "may not be read by this user" in refused(shared, url=url)
        assert "may not be read by this user" in refused(shared, mode=None, url=url)
    file.chmod(0o644)
    shared.chmod(0o555)
    with no_superuser():
        assert f"{shared} may not be written" in refused(shared, url="sqlite:///new.db")
        assert "cannot be made: Permission denied" in refused(shared, url="sqlite:///var/new.db")
    shared.chmod(0o000)
    with no_superuser():
        assert "cannot be reached: Permission denied" in refused(shared, url=url)
    shared.chmod(0o777)
    assert bytes_of(file) == before


def test_a_folder_in_its_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "var" / "vigilia.db").mkdir(parents=True)
    assert "is a folder, not a ledger" in refused(tmp_path)


def test_a_file_in_place_of_its_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("no folder")
    assert "does not exist" in refused(tmp_path)


@pytest.mark.parametrize("content", [b"hello", b"no database " * 500])
def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "var" / "vigilia.db"
    file.parent.mkdir()
    file.write_bytes(content)
    assert "no SQLite database" in refused(tmp_path)
    assert "no SQLite database" in refused(tmp_path, mode=None)
    assert bytes_of(file) == content


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "v.db"
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("CREATE TABLE songs (title TEXT)")
    before = bytes_of(file)
    assert "database of something else" in refused(tmp_path, url="sqlite:///v.db")
    assert bytes_of(file) == before


def test_a_damaged_ledger_is_refused_and_left_alone(file: Path, tmp_path: Path) -> None:
    whole = bytes_of(file)
    page = 4096
    for damaged in (
        whole[: len(whole) // 2],
        whole[: 3 * page] + os.urandom(6 * page) + whole[9 * page :],
        whole[:page] + b"\0" * (len(whole) - page),
    ):
        file.write_bytes(damaged)
        assert "is damaged" in refused(tmp_path)
        assert bytes_of(file) == damaged


@pytest.mark.parametrize("table", ["alembic_version", "meta"])
def test_a_ledger_without_its_stamp_is_damaged(file: Path, tmp_path: Path, table: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as raw:
        raw.execute(f"DELETE FROM {table}")
    assert "is damaged" in refused(tmp_path)


def test_damage_found_later_is_one_sentence(file: Path, tmp_path: Path) -> None:
    with open_file(tmp_path) as ledger:
        whole = bytes_of(file)
        file.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))
        with pytest.raises(LedgerError, match=r"is damaged.*ledger restore"):
            ledger.history()


def test_an_empty_file_counts_as_no_ledger_yet(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "vigilia.db").touch()
    assert "There is no ledger yet" in refused(tmp_path, create=False)
    with open_file(tmp_path) as ledger:
        assert ledger.check() == ()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("var/vigilia.db", "cannot be read. Write it as"),
        ("mysql://vigilia:s3cr3t@db/vigilia", "mysql://, which"),
        ("postgresql+psycopg://vigilia:s3cr3t@db/", "names no database"),
        ("postgresql+psycopg://vigilia:s3cr3t@db:port/vigilia", "%40 for an @"),
        ("sqlite://host/vigilia.db", "names more than a file"),
        ("sqlite:///vigilia.db?mode=ro", "names more than a file"),
    ],
)
def test_a_url_that_is_no_file_is_one_sentence(tmp_path: Path, url: str, words: str) -> None:
    text = refused(tmp_path, url=url)
    assert words in text
    assert "s3cr3t" not in text


def test_a_ledger_locked_by_another_program_is_busy(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.ledger.sqlite.BUSY_TIMEOUT_S", 0.05)
    with open_file(tmp_path) as ledger, closing(sqlite3.connect(file, isolation_level=None)) as raw:
        raw.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="is busy: another program"):
            ledger.begin_run(NOW, "0.1.0")
        raw.execute("ROLLBACK")
        ledger.begin_run(NOW, "0.1.0")


def test_an_error_that_has_no_words_of_its_own_still_names_the_ledger() -> None:
    with pytest.raises(LedgerError) as raised, plain_errors("var/vigilia.db"):
        raise sqlite3.DatabaseError("strange")
    assert str(raised.value) == "The ledger at var/vigilia.db cannot be used (DatabaseError)."


def test_a_mistake_of_ours_is_not_dressed_up(file: Path, tmp_path: Path) -> None:
    with open_file(tmp_path) as ledger, pytest.raises(IntegrityError):
        ledger.claim([ledger.history()[0]], "no such run", NOW, LEASE)


def test_the_first_of_two_that_create_says_the_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def be_overtaken(path: Path, base: Path) -> None:
        monkeypatch.undo()
        open_ledger(URL, base=base, mode="rehearsal", create=True, now=NOW).close()

    monkeypatch.setattr("bot.ledger.opening.make_folder", be_overtaken)
    assert "made by a rehearsal" in refused(tmp_path)
    assert "made by a rehearsal" in refused(tmp_path)


def test_what_may_write_has_the_lock_from_its_beginning(file: Path) -> None:
    engine = sqlite_engine(file, "rw")
    with (
        writing(engine),
        closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as raw,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        raw.execute("BEGIN IMMEDIATE")
    engine.dispose()


def test_two_that_create_at_once_share_one_ledger(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.contract.ledger.making import open_file\n"
        "sys.stdin.read(1)\n"
        "ledger = open_file(Path(sys.argv[1]))\n"
        "print(ledger.mode, ledger.check())\n"
    )
    twins = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for twin in twins:
        assert twin.stdin is not None
        twin.stdin.write("go")
        twin.stdin.flush()
    assert [twin.communicate(timeout=30)[0] for twin in twins] == ["real ()\n"] * 2


def test_a_backup_is_whole_and_opens_by_itself(file: Path, tmp_path: Path) -> None:
    with open_file(tmp_path) as ledger:
        put_in(ledger, plan("mexico"))
        ledger.backup(tmp_path / "copy.db")
        put_in(ledger, plan("later"))
        with pytest.raises(LedgerError, match="exists already"):
            ledger.backup(tmp_path / "copy.db")
        with pytest.raises(LedgerError, match="cannot be"):
            ledger.backup(tmp_path / "missing" / "copy.db")
    with read(tmp_path, "sqlite:///copy.db") as copy:
        assert len(copy.history()) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "var"]


def test_a_ledger_in_memory_has_no_backup(tmp_path: Path) -> None:
    with (
        open_ledger("sqlite://", base=tmp_path, mode="real", create=True, now=NOW) as ledger,
        pytest.raises(LedgerError, match="in memory"),
    ):
        ledger.backup(tmp_path / "copy.db")


def test_check_finds_slots_and_rows_that_lost_their_other_half(file: Path, tmp_path: Path) -> None:
    with open_file(tmp_path) as ledger:
        with closing(sqlite3.connect(file, isolation_level=None)) as raw:
            raw.execute("DELETE FROM deliveries")
        assert "a row of slot_deliveries points to a row of deliveries" in ledger.check()[0]
        with closing(sqlite3.connect(file, isolation_level=None)) as raw:
            raw.execute("DELETE FROM slot_deliveries")
        (problem,) = ledger.check()
        assert "nothing fills Slot(" in problem


def test_opening_does_not_import_alembic() -> None:
    code = "import sys, bot.ledger.opening; print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_copied_folder_is_the_same_ledger(file: Path, tmp_path: Path) -> None:
    shutil.copytree(file.parent, tmp_path / "moved" / "var")
    with open_file(tmp_path / "moved", create=False) as ledger:
        assert [row.key for row in ledger.history()] == [KEY]
