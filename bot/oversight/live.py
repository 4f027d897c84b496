"""The configuration in force: read anew when its files change or SIGHUP asks, kept when broken."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from stat import S_ISREG

from bot.checking.texts import refuse_broken_texts
from bot.clock import Clock
from bot.errors import ConfigError, VigiliaError
from bot.logs import log
from bot.project.channel_files import FOLDER
from bot.project.load import Project, load_project
from bot.project.secrets import tell_the_logs

LOOK_EVERY_S = 5.0
"""How often the files are looked at. A change counts once two looks have seen the same: whoever
copies a folder is given the time to finish."""

_LONGEST_SAID = 1500

Looked = tuple[str, tuple[int, int, int]]
Fingerprint = Mapping[str, tuple[int, int, int]]


@dataclass(frozen=True)
class Broken:
    """A configuration that was refused: since when, and why, in sentences."""

    since: datetime
    problems: tuple[str, ...]


class Hangups:
    """How often SIGHUP asked for the configuration to be read anew. Safe in a signal handler."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[None] = SimpleQueue()

    def ask(self) -> None:
        """Asks for it."""
        self._asked.put(None)

    def wait(self, seconds: float) -> bool:
        """Waits for at most so long; says whether it was asked for."""
        try:
            self._asked.get(timeout=seconds)
        except Empty:
            return False
        while not self._asked.empty():
            self._asked.get()
        return True


@contextmanager
def hangups() -> Iterator[Hangups]:
    """Gives what SIGHUP asks while the block runs. In a thread that is not the main one, signals
    are left alone."""
    asked = Hangups()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGHUP, lambda *_: asked.ask())
    try:
        yield asked
    finally:
        signal.signal(signal.SIGHUP, before)


class LiveProject:
    """Gives the project in force when it is called.

    ``accept`` is handed a project that can be used, before it is in force; where it raises
    VigiliaError the old one stays. ``changed`` is called when another is in force, ``told`` with
    what is ``broken`` after each reading.
    """

    def __init__(
        self,
        project: Project,
        clock: Clock,
        *,
        accept: Callable[[Project], None] = lambda _project: None,
        asked: Hangups | None = None,
    ) -> None:
        self.broken: Broken | None = None
        """Why the files as they are now are not in force; None where they are."""
        self.changed: Callable[[], None] = lambda: None
        self.told: Callable[[Broken | None], None] = lambda _broken: None
        self._project = project
        self._clock = clock
        self._accept = accept
        self._asked = asked or Hangups()
        self._seen = fingerprint(project)

    def __call__(self) -> Project:
        return self._project

    def watch(self, ended: threading.Event, every_s: float = LOOK_EVERY_S) -> None:
        """Reads the configuration anew whenever there is a reason to, until ``ended``."""
        before = self._seen
        while not ended.is_set():
            asked = self._asked.wait(every_s)
            if ended.is_set():
                return
            now = fingerprint(self._project)
            if asked or (now != self._seen and now == before):
                self._seen = now
                self.reload()
            before = now

    def nudge(self) -> None:
        """Has the watching notice at once that it is to end, or that there is something to read."""
        self._asked.ask()

    def reload(self) -> bool:
        """Reads the configuration; says whether it is in force now. Raises nothing: why it is not
        is in ``broken`` and in the log."""
        old = self._project
        try:
            new = load_project(old.places.own, cwd=old.places.root)
            # Before anything else can go wrong with it: its secrets are never seen from now on.
            tell_the_logs(new)
            refuse_broken_texts(new, self._clock.now().year)
            self._accept(new)
        except ConfigError as error:
            self._keep([str(problem) for problem in error.problems])
            return False
        except (VigiliaError, OSError) as error:
            self._keep([str(error)])
            return False
        except Exception as error:  # noqa: BLE001 - a defect in reading must not end the watching
            self._keep([f"It could not be read, by a defect of Vigilia ({type(error).__name__})."])
            return False
        self._project = new
        log("reloaded", f"The configuration was read anew. {_difference(old, new)}".strip())
        for warning in new.warnings:
            log(warning.code, str(warning), level="warning")
        if new.settings.ledger != old.settings.ledger or new.settings.web != old.settings.web:
            log(
                "needs-restart",
                "[ledger] and [web] are taken up when the service starts the next time.",
                level="warning",
            )
        self.broken = None
        self.told(None)
        self.changed()
        return True

    def _keep(self, problems: list[str]) -> None:
        if self.broken is None or self.broken.problems != tuple(problems):
            self.broken = Broken(self._clock.now(), tuple(problems))
            said = " ".join(problems)[:_LONGEST_SAID]
            log(
                "config-broken",
                f"The changed configuration cannot be used; the one before stays in force. {said}",
                level="error",
                problems=problems[:20],
            )
        self.told(self.broken)


def fingerprint(project: Project) -> Fingerprint:
    """Gives what changes when a file of the configuration does: inode, time and size of each."""
    return dict(_files(project))


def _files(project: Project) -> Iterator[Looked]:
    """Gives the files with what changes when they do. Each folder is read once: this is done for
    years, and one pattern after the other took twice as long."""
    places = project.places
    yield from _one(places.root / ".env")
    if project.settings.network.ca_file:
        yield from _one(places.root / project.settings.network.ca_file)
    for config in places.config_folders:
        yield from _in(config, ".toml")
        yield from _in(config / "observances", ".toml")
    yield from _in(places.main_config / FOLDER, ".toml", ".csv")
    for root in (*places.template_roots, places.root / "templates"):
        for language in _folders(root):
            yield from _in(language)


def _one(file: Path | os.DirEntry[str]) -> Iterator[Looked]:
    with suppress(OSError):
        found = file.stat()
        if S_ISREG(found.st_mode):
            yield os.fspath(file), (found.st_ino, found.st_mtime_ns, found.st_size)


def _in(folder: Path | str, *endings: str) -> Iterator[Looked]:
    # what is gone since the folder was read is as good as never there
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not endings or entry.name.endswith(endings):
                yield from _one(entry)


def _folders(root: Path) -> list[str]:
    with suppress(OSError), os.scandir(root) as entries:
        return [entry.path for entry in entries if entry.is_dir()]
    return []


def _difference(old: Project, new: Project) -> str:
    pieces = [
        f"{word}: {', '.join(sorted(names)[:10])}."
        for word, names in (
            ("New channels", new.channels.keys() - old.channels.keys()),
            ("Channels that are gone", old.channels.keys() - new.channels.keys()),
        )
        if names
    ]
    return " ".join(pieces)
