"""How a platform's test file states what its documented answers mean, for the matrix over all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.channels.outcome import Outcome
from bot.channels.request import Response


@dataclass(frozen=True)
class Case:
    """One documented answer and the outcome it is; the outcome's ``detail`` is not compared."""

    status: int
    body: str
    outcome: Outcome
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def response(self) -> Response:
        return Response(self.status, self.headers, self.body.encode())


@dataclass(frozen=True)
class Answers:
    """A platform's documented answers, and the statuses by which it says an address is dead.

    ``proves`` tells whether a success with this status and body is a post; where it is left out,
    every success is."""

    gone: frozenset[int] = frozenset()
    cases: tuple[Case, ...] = ()
    proves: Callable[[int, bytes], bool] = lambda status, body: True
