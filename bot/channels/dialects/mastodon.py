"""A Mastodon status, and its plain text: what would become a mention, a hashtag, an emoji or a link
by itself is broken with an unseen word joiner
(https://docs.joinmastodon.org/user/posting/, read 2026-11-24).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.channels.dialects.dialect import one_line, web_url
from bot.channels.dialects.plain import Plain
from bot.channels.fitting import CannotFitError
from bot.content.markdown import parse, plain
from bot.content.message import Message, Part
from bot.content.sentences import sentences

LENGTH_OF_AN_ADDRESS = 23
"""Characters: ``configuration.statuses`` of ``/api/v2/instance``, its usual value."""

_SEPARATOR = "\n\n⸻\n\n"


class Mastodon(Plain):
    """Words alone."""

    signs = (
        re.compile(r"[@#＃](?=[\w·])"),
        re.compile(r":(?=\w+:)"),
        re.compile(r":(?=//)|(?<=\bxmpp):|(?<=\bmagnet):", re.IGNORECASE),
    )


MASTODON = Mastodon()


def length(pieces: Sequence[str], addresses: int) -> int:
    """Return the length of a status as Mastodon counts it, in characters; code points are never
    fewer. ``addresses`` are counted apart."""
    return sum(map(len, pieces)) + LENGTH_OF_AN_ADDRESS * addresses


def short_form(message: Message, longest: int) -> str:
    """Return the words of a status with as many first sentences as fit, as evenly as can be.

    Raises :class:`CannotFitError` where even one sentence of each language is too much.
    """
    choices = [_sentences(part) for part in message.parts]
    counts = [min(1, len(choice)) for choice in choices]
    if _length(message.parts, choices, counts) > longest:
        raise CannotFitError(
            f"The message '{message.title[:60]}' is too long for {longest} characters even with "
            "its title, one sentence and one source alone; shorten its title or first sentence."
        )
    grew = True
    while grew:
        grew = False
        for index, choice in enumerate(choices):
            more = [*counts[:index], counts[index] + 1, *counts[index + 1 :]]
            if more[index] <= len(choice) and _length(message.parts, choices, more) <= longest:
                counts, grew = more, True
    return _SEPARATOR.join(
        "\n\n".join(filter(None, [*_words(part, choice, count), *_source(part)]))
        for part, choice, count in zip(message.parts, choices, counts, strict=True)
    )


def _length(parts: Sequence[Part], choices: Sequence[Sequence[str]], counts: Sequence[int]) -> int:
    total = len(_SEPARATOR) * (len(parts) - 1)
    for part, choice, count in zip(parts, choices, counts, strict=True):
        pieces = ["\n\n".join(_words(part, choice, count))]
        addresses = len(list(_source(part)))
        total += length([*pieces, "\n\n" * addresses], addresses)
    return total


def _words(part: Part, choice: Sequence[str], count: int) -> list[str]:
    return [*filter(None, (MASTODON.line(part.title), " ".join(choice[:count])))]


def _sentences(part: Part) -> list[str]:
    """Return the sentences of the first paragraph, disarmed."""
    first = parse(part.body)[:1]
    return [MASTODON.text(sentence) for sentence in sentences(one_line(plain(first)))]


def _source(part: Part) -> Iterator[str]:
    """Return the address of the first source that has one."""
    addresses = (web_url(link.url) for link in part.sources)
    yield from [address for address in addresses if address is not None][:1]
