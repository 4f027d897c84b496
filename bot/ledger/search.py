"""What the page asks of a ledger that may hold a million deliveries: each answer from an index."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, or_, select, text

from bot.ledger.queries import LAST_DUE_FIRST, POSTINGS, chosen, deliveries_by_id
from bot.ledger.rows import DeliveryRow, State
from bot.ledger.tables import decisions, deliveries, words_waiting

UNDER_WAY = (State.READY, State.SENDING)
"""The states of what is being sent, or is about to be. What is tried again waits between tries,
for hours perhaps."""

_NEVER_TRIED = (State.HELD, State.SKIPPED, State.MISSED, State.READY)
_MOST_FOUND = 5_000
"""So many matches of a search, the newest, are looked at more closely."""
_ATTEMPTS_APART = 1_000
"""A document of the index is numbered ``delivery * 1000 + attempts``: a retry may say other
words."""


@dataclass(frozen=True)
class Wanted:
    """Which deliveries. ``before`` is where the page before ended: a due instant and an id."""

    text: str = ""
    states: tuple[State, ...] = ()
    channel: str | None = None
    observance: str | None = None
    before: tuple[datetime, int] | None = None
    operator: bool = False
    """The messages to the operator, instead of the postings."""


@dataclass(frozen=True)
class FanOut:
    """What is being sent: all that was due at or after ``since``, by state."""

    since: datetime
    counts: dict[State, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """How many have been tried, or wait for a person."""
        return self.total - sum(self.counts.get(state, 0) for state in UNDER_WAY)


# A document's number is its rowid or id; the newest have the highest.
_FINDING = {
    "sqlite": (
        "SELECT DISTINCT rowid / :apart FROM sent_words WHERE sent_words MATCH :terms"
        " ORDER BY rowid DESC LIMIT :most"
    ),
    "postgresql": (
        "SELECT DISTINCT id / :apart AS number FROM sent_words"
        " WHERE words @@ CAST(:terms AS tsquery) ORDER BY number DESC LIMIT :most"
    ),
}

_INDEXED = {
    "sqlite": "SELECT 1 FROM sent_words_docsize WHERE id = :id",
    "postgresql": "SELECT 1 FROM sent_words WHERE id = :id",
}

_KEEPING = {
    "sqlite": "INSERT INTO sent_words (rowid, words) VALUES (:id, :words)",
    "postgresql": (
        "INSERT INTO sent_words (id, words) VALUES (:id, array_to_tsvector(CAST(:words AS text[])))"
    ),
}


def search(conn: Connection, wanted: Wanted, limit: int) -> tuple[DeliveryRow, ...]:
    """Return the deliveries that fit, the last due first. The text is looked for in the words sent
    and in the keys, whole words or their beginnings, accents and capitals aside."""
    query = select(deliveries.c.id).where(
        chosen(wanted.states, wanted.channel, wanted.observance, wanted.operator)
    )
    if wanted.text.strip():
        query = query.where(_says(conn, wanted.text))
    if wanted.before is not None:
        due_at, id_ = wanted.before
        same_instant = and_(deliveries.c.due_at == due_at, deliveries.c.id < id_)
        query = query.where(or_(deliveries.c.due_at < due_at, same_instant))
    ids = list(conn.scalars(query.order_by(*LAST_DUE_FIRST).limit(limit)))
    return tuple(reversed(deliveries_by_id(conn, ids)))


def _says(conn: Connection, words: str) -> Any:
    terms = " ".join(f'"{word}"*' for word in re.findall(r"\w+", words))
    by_key = and_(
        deliveries.c.state.in_(_NEVER_TRIED),
        deliveries.c.key.contains(words.strip(), autoescape=True, escape="\\"),
    )
    if not terms:
        return by_key
    if conn.dialect.name == "postgresql":
        terms = " & ".join(f"'{word}':*" for word in _folded(words))
    rows = conn.execute(
        text(_FINDING[conn.dialect.name]),
        {"terms": terms, "most": _MOST_FOUND, "apart": _ATTEMPTS_APART},
    )
    return or_(deliveries.c.id.in_([row[0] for row in rows]), by_key)


def count_since(conn: Connection, state: State, since: datetime, most: int = 1000) -> int:
    """Return how many deliveries due since an instant are in a state, counting no further than
    ``most``."""
    some = (
        select(deliveries.c.id)
        .where(POSTINGS, deliveries.c.state == state, deliveries.c.due_at >= since)
        .limit(most)
    )
    return conn.scalar(select(func.count()).select_from(some.subquery())) or 0


def last_delivered(conn: Connection, channels: Sequence[str]) -> dict[str, datetime]:
    """Return when each of the channels last took a message."""
    delivered = select(deliveries.c.settled_at).where(
        POSTINGS, deliveries.c.state == State.DELIVERED
    )
    last = delivered.order_by(deliveries.c.due_at.desc()).limit(1)
    latest = {c: conn.scalar(last.where(deliveries.c.channel == c)) for c in channels}
    return {channel: at for channel, at in latest.items() if at is not None}


def fan_out(conn: Connection, since: datetime | None = None) -> FanOut | None:
    """Return how far what is being sent has come, None while nothing is. ``since`` is of an earlier
    answer: what was done in the meantime still counts."""
    first = conn.scalar(
        select(func.min(deliveries.c.due_at)).where(POSTINGS, deliveries.c.state.in_(UNDER_WAY))
    )
    if first is None:
        return None
    start = first if since is None else min(first, since)
    query = select(deliveries.c.state, func.count().label("number"))
    query = query.where(POSTINGS, deliveries.c.due_at >= start).group_by(deliveries.c.state)
    return FanOut(start, {row.state: row.number for row in conn.execute(query)})


def change_mark(conn: Connection) -> str:
    """Return a short text that is another one after whatever a page might have to show anew."""
    held = select(func.count()).where(deliveries.c.state == State.HELD).scalar_subquery()
    newest = select(func.max(deliveries.c.id)).where(POSTINGS).scalar_subquery()
    query = select(newest, held, select(func.max(decisions.c.id)).scalar_subquery())
    return "-".join(str(number or 0) for number in conn.execute(query).one())


def days_marked(
    conn: Connection, states: Collection[State], start: datetime, end: datetime
) -> dict[date, set[State]]:
    """Return, for each date of a day, in which of the states deliveries due in that time are."""
    query = (
        select(deliveries.c.date, deliveries.c.state)
        .where(
            POSTINGS,
            deliveries.c.state.in_(states),
            deliveries.c.due_at >= start,
            deliveries.c.due_at <= end,
        )
        .distinct()
    )
    marks: dict[date, set[State]] = {}
    for row in conn.execute(query):
        marks.setdefault(row.date, set()).add(row.state)
    return marks


def index_words(conn: Connection, limit: int = 50) -> int:
    """Make the words of some more deliveries findable; return how many: 0 when all are."""
    waiting = conn.execute(
        select(deliveries.c.id, deliveries.c.attempts, deliveries.c.key, deliveries.c.message)
        .join(words_waiting, words_waiting.c.delivery_id == deliveries.c.id)
        .limit(limit)
        # another machine does the others
        .with_for_update(skip_locked=True, of=words_waiting)
    ).all()
    for row in waiting:
        number = row.id * _ATTEMPTS_APART + min(row.attempts, _ATTEMPTS_APART - 1)
        indexed = conn.scalar(text(_INDEXED[conn.dialect.name]), {"id": number})
        if indexed is None and row.message is not None:
            words = "\n".join([row.key, *_texts(row.message)])
            document = words if conn.dialect.name == "sqlite" else _folded(words)
            conn.execute(text(_KEEPING[conn.dialect.name]), {"id": number, "words": document})
    done = [row.id for row in waiting]
    conn.execute(delete(words_waiting).where(words_waiting.c.delivery_id.in_(done)))
    return len(done)


def _folded(words: str) -> list[str]:
    """Return the words as they are compared: without capitals and accents, each once."""
    plain = unicodedata.normalize("NFKD", words.casefold())
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return sorted(set(re.findall(r"\w+", bare)))


def _texts(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [words for inner in value.values() for words in _texts(inner)]
        case list():
            return [words for inner in value for words in _texts(inner)]
        case _:
            return []
