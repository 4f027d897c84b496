"""The one rule for what is too long, the same on every platform.

Sources go first, down to the first two of each language, then the body's last paragraphs, of the
longest body first. The title, the first paragraph, the first two sources and the actions stay, and
nothing is cut within a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Generic, NamedTuple, TypeVar

from bot.content.markdown import block_starts, parse
from bot.content.message import Message
from bot.errors import RenderError

KEPT_SOURCES = 2

_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:[^\n]*$", re.MULTILINE)


class CannotFitError(RenderError):
    """A message that is too long even without all that may be left out."""


PayloadT = TypeVar("PayloadT")


class Fitted(NamedTuple, Generic[PayloadT]):
    """A payload that is not too long, and what was left out for that, as sentences."""

    payload: PayloadT
    losses: tuple[str, ...] = ()


def fit(
    message: Message, build: Callable[[Message], PayloadT], too_long: Callable[[PayloadT], bool]
) -> Fitted[PayloadT]:
    """Return the payload that ``build`` makes of ``message``, shortened until not ``too_long``.

    Leaves out no more than is needed, and builds a message that fits at once no second time.
    ``too_long`` must not call a payload too long whose message is a shortening of one that is not.
    Raises :class:`CannotFitError` where even the shortest is too long.
    """
    payload = build(message)
    if not too_long(payload):
        return Fitted(payload)
    cuts = list(_cuts(message))
    # The fewest cuts that suffice lie in (enough_not, enough]; each halving is one payload.
    enough_not, enough = 0, len(cuts)
    fitted = build(_shortened(message, cuts))
    if too_long(fitted):
        raise CannotFitError(
            f"The message '{message.title[:60]}' is too long for the platform even with two "
            "sources and its first paragraph alone; shorten its title, first paragraph or actions."
        )
    while enough - enough_not > 1:
        middle = (enough_not + enough) // 2
        payload = build(_shortened(message, cuts[:middle]))
        if too_long(payload):
            enough_not = middle
        else:
            enough, fitted = middle, payload
    return Fitted(fitted, tuple(_losses(message, cuts[:enough])))


class _Cut(NamedTuple):
    """One thing left out of one part: its last source where ``body`` is None, else a paragraph,
    which leaves ``body``."""

    part: int
    body: str | None = None


def _cuts(message: Message) -> Iterator[_Cut]:
    """Return all that may be left out, in the order in which it is."""
    sources = [len(part.sources) for part in message.parts]
    while max(sources) > KEPT_SOURCES:
        most = _last_largest(sources)
        sources[most] -= 1
        yield _Cut(most)
    bodies = [[part.body, *_shorter_bodies(part.body)] for part in message.parts]
    while any(len(shorter) > 1 for shorter in bodies):
        lengths = [len(shorter[0]) if len(shorter) > 1 else -1 for shorter in bodies]
        longest = _last_largest(lengths)
        del bodies[longest][0]
        yield _Cut(longest, bodies[longest][0])


def _last_largest(numbers: Sequence[int]) -> int:
    """Return the index of the largest, of equals the last: the first language keeps most."""
    return max(range(len(numbers)), key=lambda index: (numbers[index], index))


def _shorter_bodies(body: str) -> list[str]:
    """Return the body without its last block, without its last two, … down to its first.

    Link definitions of what is left out are kept: a link that stays may need them.
    """
    lines, starts = block_starts(body)
    shorter: list[str] = []
    for start in filter(None, starts):
        shorter_body = "\n".join(lines[:start]).rstrip(" \t\r\n")
        if not shorter and not parse(shorter_body):
            continue  # what stands before the first block shows nothing
        definitions = _DEFINITION.findall("\n".join(lines[start:]))
        shorter.append(
            "\n\n".join([shorter_body, "\n".join(definitions)]) if definitions else shorter_body
        )
    return shorter[::-1]


def _shortened(message: Message, cuts: Sequence[_Cut]) -> Message:
    parts = list(message.parts)
    for cut in cuts:
        part = parts[cut.part]
        if cut.body is None:
            parts[cut.part] = replace(part, sources=part.sources[:-1])
        else:
            parts[cut.part] = replace(part, body=cut.body)
    return replace(message, parts=tuple(parts))


def _losses(message: Message, cuts: Sequence[_Cut]) -> Iterator[str]:
    for index, part in enumerate(message.parts):
        part_cuts = [cut for cut in cuts if cut.part == index]
        paragraphs = sum(cut.body is not None for cut in part_cuts)
        for count, thing in ((len(part_cuts) - paragraphs, "source"), (paragraphs, "paragraph")):
            what = thing if count == 1 else f"{count} {thing}s"
            if count:
                yield f"The text in '{part.language}' loses its last {what}."
