"""The configuration in force: reloaded when its files change or SIGHUP asks, kept when broken."""

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

_LONGEST_SENTENCE = 1500

Stamp = tuple[int, int, int]
"""Inode, time of change in nanoseconds and size of a file."""

Fingerprint = Mapping[str, Stamp]


@dataclass(frozen=True)
class Broken:
    """A configuration that was refused: since when, and why, in sentences."""

    since: datetime
    problems: tuple[str, ...]


class Hangups:
    """The requests of SIGHUP to reload the configuration. Safe in a signal handler."""

    def __init__(self) -> None:
        self._requests: SimpleQueue[None] = SimpleQueue()

    def ask(self) -> None:
        """Request a reload."""
        self._requests.put(None)

    def wait(self, seconds: float) -> bool:
        """Wait for a request for at most so long; return whether there was one."""
        try:
            self._requests.get(timeout=seconds)
        except Empty:
            return False
        while not self._requests.empty():
            self._requests.get()
        return True


@contextmanager
def hangups() -> Iterator[Hangups]:
    """Yield the requests of SIGHUP while the block runs. In a thread that is not the main one,
    signals are left alone."""
    requests = Hangups()
    if threading.current_thread() is not threading.main_thread():
        yield requests
        return
    before = signal.signal(signal.SIGHUP, lambda *_: requests.ask())
    try:
        yield requests
    finally:
        signal.signal(signal.SIGHUP, before)


class LiveProject:
    """Returns the project in force when it is called.

    ``accept`` is handed a project that can be used, before it is in force; where it raises
    VigiliaError the old one stays. ``changed`` is called when another is in force, ``reloaded``
    with what is ``broken`` after each reload.
    """

    def __init__(
        self,
        project: Project,
        clock: Clock,
        *,
        accept: Callable[[Project], None] = lambda _project: None,
        hangups: Hangups | None = None,
    ) -> None:
        self.broken: Broken | None = None
        """Why the files as they are now are not in force; None where they are."""
        self.changed: Callable[[], None] = lambda: None
        self.reloaded: Callable[[Broken | None], None] = lambda _broken: None
        self._project = project
        self._clock = clock
        self._accept = accept
        self._hangups = hangups or Hangups()
        self._current = fingerprint(project)

    def __call__(self) -> Project:
        return self._project

    def watch(self, ended: threading.Event, every_s: float = LOOK_EVERY_S) -> None:
        """Reload the configuration whenever there is a reason to, until ``ended``."""
        previous = self._current
        while not ended.is_set():
            requested = self._hangups.wait(every_s)
            if ended.is_set():
                return
            latest = fingerprint(self._project)
            if requested or (latest != self._current and latest == previous):
                self._current = latest
                self.reload()
            previous = latest

    def nudge(self) -> None:
        """Have :meth:`watch` notice at once that it is to end, or that there is a request."""
        self._hangups.ask()

    def reload(self) -> bool:
        """Read the configuration; return whether it is in force now. Raises nothing: why it is not
        is in ``broken`` and in the log."""
        old = self._project
        try:
            new = load_project(old.places.own, cwd=old.places.root)
            # Before anything else can go wrong with it: its secrets are never seen from now on.
            tell_the_logs(new)
            refuse_broken_texts(new, self._clock.now().year)
            self._accept(new)
        except ConfigError as error:
            self._refuse([str(problem) for problem in error.problems])
            return False
        except (VigiliaError, OSError) as error:
            self._refuse([str(error)])
            return False
        except Exception as error:  # noqa: BLE001 - a defect in reading must not end the watching
            self._refuse(
                [f"It could not be read, by a defect of Vigilia ({type(error).__name__})."]
            )
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
        self.reloaded(None)
        self.changed()
        return True

    def _refuse(self, problems: list[str]) -> None:
        if self.broken is None or self.broken.problems != tuple(problems):
            self.broken = Broken(self._clock.now(), tuple(problems))
            why = " ".join(problems)[:_LONGEST_SENTENCE]
            log(
                "config-broken",
                f"The changed configuration cannot be used; the one before stays in force. {why}",
                level="error",
                problems=problems[:20],
            )
        self.reloaded(self.broken)


def fingerprint(project: Project) -> Fingerprint:
    """Return the files of the configuration, each with its stamp."""
    return dict(_files(project))


def _files(project: Project) -> Iterator[tuple[str, Stamp]]:
    """Yield the files with their stamps. Each folder is read once: this is done for years, and one
    pattern after the other took twice as long."""
    places = project.places
    yield from _file(places.root / ".env")
    if project.settings.network.ca_file:
        yield from _file(places.root / project.settings.network.ca_file)
    for config in places.config_folders:
        yield from _in(config, ".toml")
        yield from _in(config / "observances", ".toml")
    yield from _in(places.main_config / FOLDER, ".toml", ".csv")
    for root in (*places.template_roots, places.root / "templates"):
        for language in _folders(root):
            yield from _in(language)


def _file(file: Path | os.DirEntry[str]) -> Iterator[tuple[str, Stamp]]:
    with suppress(OSError):
        status = file.stat()
        if S_ISREG(status.st_mode):
            yield os.fspath(file), (status.st_ino, status.st_mtime_ns, status.st_size)


def _in(folder: Path | str, *endings: str) -> Iterator[tuple[str, Stamp]]:
    # what is gone since the folder was read is as good as never there
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not endings or entry.name.endswith(endings):
                yield from _file(entry)


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
