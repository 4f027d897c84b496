"""Every source and link visited: the only module outside delivery that opens connections.

Nothing is posted and nothing of the group's is sent: HEAD asks whether a page is there, GET does
where a server does not answer that. At most one request a second goes to a server, several servers
are asked at once, and of an answer only the head is read.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias, assert_never
from urllib.parse import urljoin, urlsplit

import requests

from bot import __version__
from bot.content.texts import SourceText
from bot.errors import Problem
from bot.project.load import Project

USER_AGENT = f"vigilia/{__version__}"
_TIMEOUTS = (10.0, 20.0)
"""Seconds to connect in, and to wait for the next bytes of an answer."""
_MOST_REDIRECTS = 8
_SERVERS_AT_ONCE = 8
_PERMANENT = frozenset({301, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GUARDED = frozenset({401, 403, 405, 406, 429})


@dataclass(frozen=True)
class Alive:
    """The page is there."""


@dataclass(frozen=True)
class Moved:
    """The page is there, and its server says that it has another address for good."""

    to: str


@dataclass(frozen=True)
class Dead:
    """The page is not there, or its server cannot be reached; ``why`` is part of a sentence."""

    why: str


@dataclass(frozen=True)
class Guarded:
    """The server shows the page to no program, or not just now: only a person can look."""

    status: str


Visit: TypeAlias = Alive | Moved | Guarded | Dead


@dataclass(frozen=True)
class Use:
    """Where an address stands."""

    file: str
    entry: str


def online_problems(
    project: Project,
    *,
    progress: Callable[[int], None] = lambda _percent: None,
    pause_s: float = 1.0,
) -> list[Problem]:
    """Visit every address of the calendar, the facts and the actions, and return a warning for each
    dead one, and a note for each that has moved for good or that only a person can open: once for
    every entry that has it.

    ``progress`` is told a percentage; ``pause_s`` are the seconds between two requests to a server.
    """
    uses = addresses_of(project)
    visits = visit(uses, progress=progress, pause_s=pause_s)
    return [
        problem
        for url, used in uses.items()
        for use in used
        for problem in _visit_problems(url, use, visits[url])
    ]


def addresses_of(project: Project) -> dict[str, tuple[Use, ...]]:
    """Return every address with the entries that have it, in the order of the files."""
    uses: dict[str, dict[Use, None]] = defaultdict(dict)
    for link, use in _links(project):
        for url in (link.url,) if isinstance(link.url, str) else link.url.values():
            uses[url][use] = None
    return {url: tuple(places) for url, places in uses.items()}


def _links(project: Project) -> Iterator[tuple[SourceText, Use]]:
    for day in project.days.texts.values():
        for links in (day.sources, *(story.sources for story in day.stories)):
            yield from ((link, Use(day.file, day.id)) for link in links)
    for action in project.actions.values():
        yield from ((link, Use(action.file, action.id)) for link in action.links)
    for fact in project.facts.values():
        yield fact.source, Use(fact.file, fact.id)


def visit(
    urls: Iterable[str],
    *,
    progress: Callable[[int], None] = lambda _percent: None,
    pause_s: float = 1.0,
) -> Mapping[str, Visit]:
    """Return what became of each address. Servers are asked side by side, the pages of one server
    one after another. ``progress`` and ``pause_s`` as in :func:`online_problems`."""
    by_server: dict[str, list[str]] = defaultdict(list)
    for url in urls:
        by_server[_server(url)].append(url)
    total = sum(len(of_server) for of_server in by_server.values())
    pace = _Pace(pause_s)
    visits: dict[str, Visit] = {}
    counting = Lock()

    def visit_server(of_server: list[str]) -> None:
        with requests.Session() as session:
            session.headers["User-Agent"] = USER_AGENT
            for url in of_server:
                became = _visited(session, pace, url)
                with counting:
                    visits[url] = became
                    progress(100 * len(visits) // total)

    with ThreadPoolExecutor(max_workers=_SERVERS_AT_ONCE) as pool:
        # The longest first, so that none is left alone at the end.
        longest_first = sorted(by_server.values(), key=len, reverse=True)
        for future in [pool.submit(visit_server, of_server) for of_server in longest_first]:
            future.result()
    return visits


class _Pace:
    """Keeps requests to one server ``pause_s`` apart, whichever address led there."""

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s
        self._next_at: dict[str, float] = {}
        self._reserving = Lock()

    def wait_for(self, url: str) -> None:
        """Wait until the server of ``url`` may be asked."""
        server = _server(url)
        with self._reserving:
            at = max(time.monotonic(), self._next_at.get(server, 0.0))
            self._next_at[server] = at + self._pause_s
        time.sleep(max(0.0, at - time.monotonic()))


def _visited(session: requests.Session, pace: _Pace, url: str) -> Visit:
    """Follow an address to where it leads. A move is for good when every step of it is."""
    at, for_good = url, True
    for _ in range(_MOST_REDIRECTS):
        try:
            answer = _answer(session, pace, at)
        except requests.RequestException as error:
            return Dead(_why(error))
        if answer.status_code not in _REDIRECTS:
            return _became(answer, Moved(at) if at != url and for_good else Alive())
        target = answer.headers.get("Location")
        if not target:
            return Dead(f"its server answers {answer.status_code} without the new address")
        for_good = for_good and answer.status_code in _PERMANENT
        at = urljoin(at, target)
    return Dead(f"it redirects more than {_MOST_REDIRECTS} times")


def _answer(session: requests.Session, pace: _Pace, url: str) -> requests.Response:
    """Return the answer to HEAD, and where that is none or a refusal, the answer to GET."""
    with suppress(requests.ConnectionError):
        answer = _request(session, pace, "HEAD", url)
        if answer.ok:
            return answer
    return _request(session, pace, "GET", url)


def _request(session: requests.Session, pace: _Pace, method: str, url: str) -> requests.Response:
    """Return the head of an answer; of its body nothing is read."""
    pace.wait_for(url)
    answer = session.request(method, url, timeout=_TIMEOUTS, allow_redirects=False, stream=True)
    answer.close()
    return answer


def _became(answer: requests.Response, if_there: Visit) -> Visit:
    status = f"{answer.status_code} {answer.reason}".rstrip()
    if answer.ok:
        return if_there
    return (
        Guarded(status) if answer.status_code in _GUARDED else Dead(f"its server answers {status}")
    )


def _server(url: str) -> str:
    return urlsplit(url).netloc.lower()


def _why(error: requests.RequestException) -> str:
    match error:
        case requests.exceptions.SSLError():
            return "its server’s certificate is not to be trusted"
        case requests.Timeout():
            return "its server does not answer in time"
        case requests.ConnectionError():
            return "its server cannot be reached"
        case _:
            return f"it cannot be asked for ({type(error).__name__})"


def _visit_problems(url: str, use: Use, visit: Visit) -> Iterator[Problem]:
    match visit:
        case Alive():
            return
        case Moved(to):
            sentence = f"{url} has moved for good: it is now {to}."
            yield Problem("note", "moved-link", use.file, use.entry, sentence)
        case Guarded(status):
            sentence = f"{url} is shown to no program ({status}): open it in a browser."
            yield Problem("note", "guarded-link", use.file, use.entry, sentence)
        case Dead(why):
            sentence = f"{url} is dead: {why}. Look for the page's new address, or another source."
            yield Problem("warning", "dead-link", use.file, use.entry, sentence)
        case _:
            assert_never(visit)
