"""Log records: readable on a terminal, JSON lines otherwise, each with an ``action``, never a
secret."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, TextIO

from bot.channels.request import MASK

_SHORTEST_SECRET = 6


class SecretMask:
    """A step of the log that replaces every known secret, wherever in a record it stands.

    The libraries below us put addresses into their exceptions, so that a traceback is masked too.
    Secrets are found by their first characters: a text is gone through once, however many they are.
    """

    def __init__(self) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._by_beginning: Mapping[str, tuple[str, ...]] = {}
        self._without_secrets = _masking({})

    def know(self, secrets: Iterable[str]) -> None:
        """Add strings that must never be seen. Very short ones are left out: they would mask
        words."""
        new = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET} - self._secrets
        if not new:
            return
        beginnings = dict(self._by_beginning)
        for secret in new:
            beginning = secret[:_SHORTEST_SECRET]
            beginnings[beginning] = (*beginnings.get(beginning, ()), secret)
        self._secrets |= new
        self._by_beginning = beginnings
        self._without_secrets = _masking(beginnings)

    def __call__(
        self, _logger: Any, _method: str, record: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        return {key: self._masked(value) for key, value in record.items()}

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._without_secrets(value)
        if isinstance(value, dict):
            return {key: self._masked(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._masked(inner) for inner in value]
        if isinstance(value, int | float | bool | None):
            return value
        return self._masked(str(value))


def _masking(beginnings: Mapping[str, tuple[str, ...]]) -> Callable[[str], str]:
    """Return what replaces the secrets with these beginnings; most of what a log says was said
    before, so that it remembers."""

    @lru_cache(maxsize=512)
    def masked(text: str) -> str:
        pieces, at = [], 0
        for start, end in _spans(text, beginnings):
            pieces += [text[at:start], MASK]
            at = end
        return "".join([*pieces, text[at:]])

    return masked


def _spans(text: str, beginnings: Mapping[str, tuple[str, ...]]) -> list[tuple[int, int]]:
    """Return where secrets stand, from the left; those that overlap as one."""
    spans: list[tuple[int, int]] = []
    starts = range(len(text) - _SHORTEST_SECRET + 1)
    for start in [at for at in starts if text[at : at + _SHORTEST_SECRET] in beginnings]:
        for secret in beginnings[text[start : start + _SHORTEST_SECRET]]:
            if not text.startswith(secret, start):
                continue
            end = start + len(secret)
            if spans and start < spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            else:
                spans.append((start, end))
    return spans


SECRETS = SecretMask()
"""The one mask of the process: whoever loads a configuration tells it the secrets."""


def configure_logs(stream: TextIO | None = None, *, readable: bool | None = None) -> None:
    """Send log records to ``stream`` (standard error unless given).

    ``readable`` chooses between lines for people and JSON; unless given, a terminal gets lines.
    """
    import structlog  # noqa: PLC0415 - a command that logs nothing does not wait for it

    out = stream or sys.stderr
    for_people = out.isatty() if readable is None else readable
    last: Any = (
        structlog.dev.ConsoleRenderer(
            colors=for_people and out.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        if for_people
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            SECRETS,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    # Libraries log through the standard module; what they say passes the same mask.
    handler = _MaskedHandler()
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


class _MaskedHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        import structlog  # noqa: PLC0415

        level = "error" if record.levelno >= logging.ERROR else "warning"
        message = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            message = f"{message} ({type(record.exc_info[1]).__name__})"
        with suppress(OSError):
            getattr(structlog.get_logger(), level)(message, action="library", logger=record.name)


def log(action: str, message: str, *, level: str = "info", **fields: Any) -> None:
    """Write one record: what happened, in a sentence, under the short name ``action``.

    A log that cannot be written (its disk is full, its reader has gone) ends nothing.
    """
    import structlog  # noqa: PLC0415

    with suppress(OSError):
        getattr(structlog.get_logger(), level)(message, action=action, **fields)
