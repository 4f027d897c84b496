"""What is too long loses what the one rule says, no more, and never what must stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.fitting import KEPT_SOURCES, CannotFitError, fit
from bot.content.markdown import parse, plain
from bot.content.message import Link, Message

from .messages import ENGLISH, FRENCH, REAL, messages


def whole(message: Message) -> Message:
    return message


def size(message: Message) -> int:
    return sum(
        len(part.title)
        + len(plain(parse(part.body)))
        + sum(len(link.title) + len(link.url) + 1 for link in part.sources)
        for part in message.parts
    )


def longer_than(limit: int) -> Callable[[Message], bool]:
    return lambda message: size(message) > limit


def more_sources_than(limit: int) -> Callable[[Message], bool]:
    return lambda message: sum(len(part.sources) for part in message.parts) > limit


def more_blocks_than(limit: int) -> Callable[[Message], bool]:
    return lambda message: sum(len(parse(part.body)) for part in message.parts) > limit


def sources(count: int) -> tuple[Link, ...]:
    return tuple(Link(f"Source {n}", f"https://a.example/{n}") for n in range(1, count + 1))


@settings(deadline=None)
@given(messages, st.integers(0, 400))
def test_what_must_stay_stays_and_what_is_kept_is_kept_whole(message: Message, limit: int) -> None:
    too_long = longer_than(limit)
    try:
        fitted, left_out = fit(message, whole, too_long)
    except CannotFitError:
        assert too_long(message)
        return
    assert not too_long(fitted)
    assert bool(left_out) is (fitted != message)
    for was, now in zip(message.parts, fitted.parts, strict=True):
        assert replace(now, body=was.body, sources=was.sources) == was
        assert now.sources == was.sources[: len(now.sources)]
        assert len(now.sources) >= min(KEPT_SOURCES, len(was.sources))
        before, after = parse(was.body), parse(now.body)
        assert after == before[: len(after)]
        assert after[:1] == before[:1]


@settings(deadline=None)
@given(messages, st.integers(0, 400))
def test_no_more_is_left_out_than_is_needed(message: Message, limit: int) -> None:
    tried: list[Message] = []

    def too_long(shorter: Message) -> bool:
        tried.append(shorter)
        return size(shorter) > limit

    try:
        fitted, left_out = fit(message, whole, too_long)
    except CannotFitError:
        return
    for shorter in tried:
        if size(shorter) > size(fitted):
            assert size(shorter) > limit
    assert fit(fitted, whole, too_long) == (fitted, ())
    assert left_out == () or any(size(shorter) > limit for shorter in tried)


def test_sources_go_first_from_the_language_that_has_most_down_to_two() -> None:
    message = replace(
        REAL, parts=(replace(ENGLISH, sources=sources(5)), replace(FRENCH, sources=sources(4)))
    )
    counts: list[tuple[int, ...]] = []
    for limit in range(8, 3, -1):
        fitted, _ = fit(message, whole, more_sources_than(limit))
        assert [part.body for part in fitted.parts] == [ENGLISH.body, FRENCH.body]
        counts.append(tuple(len(part.sources) for part in fitted.parts))
    assert counts == [(4, 4), (4, 3), (3, 3), (3, 2), (2, 2)]


def test_then_the_last_paragraphs_go_from_the_longest_body() -> None:
    message = replace(
        REAL,
        parts=(
            replace(ENGLISH, body="a1 " * 20 + "\n\n" + "a2 " * 20 + "\n\n" + "a3 " * 20),
            replace(FRENCH, body="b1 " * 15 + "\n\n" + "b2 " * 15),
        ),
    )
    kept = []
    for limit in (4, 3, 2):
        fitted, left_out = fit(message, whole, more_blocks_than(limit))
        kept.append(tuple(len(parse(part.body)) for part in fitted.parts))
    assert kept == [(2, 2), (1, 2), (1, 1)]
    assert left_out == (
        "The text in 'en' loses its last 2 paragraphs.",
        "The text in 'fr' loses its last paragraph.",
    )


def test_what_is_left_out_is_said_in_sentences() -> None:
    message = replace(REAL, parts=(replace(ENGLISH, sources=sources(5)),))
    _, left_out = fit(message, whole, lambda m: len(m.parts[0].sources) > 2)
    assert left_out == ("The text in 'en' loses its last 3 sources.",)


def test_a_message_that_cannot_be_shortened_enough_is_refused() -> None:
    with pytest.raises(CannotFitError, match="shorten its title, first paragraph or actions"):
        fit(REAL, whole, lambda message: True)


def test_a_message_that_fits_is_left_as_it_is() -> None:
    assert fit(REAL, whole, lambda message: False) == (REAL, ())


@pytest.mark.parametrize(
    "body",
    [
        "first\n\n- one\n\n- two\n\n  more of two\n\nlast",
        "first\n- directly\n- after\n> and a quote",
        "First\n=====\n\nsecond\n\n---\n\nthird",
        "---\n\nfirst\n\nsecond",
        "see [the text][1]\n\n> said\n\nand [more][2]\n\n[1]: https://a.example/\n[2]: https://b.example/",
        "first\r\n\r\nsecond\rstill\r\n\r\nthird",
        "first\n\n```\ncode\n\nmore\n```\n\nlast",
        "first\u2028still first\n\nsecond\x0b\n\nthird",
    ],
)
def test_every_kind_of_block_is_left_out_whole_and_alone(body: str) -> None:
    blocks = parse(body)
    message = replace(REAL, parts=(replace(ENGLISH, body=body),))
    for kept in range(len(blocks), 0, -1):
        fitted, _ = fit(message, whole, more_blocks_than(kept))
        assert parse(fitted.parts[0].body) == blocks[:kept]


def test_a_very_long_message_is_fitted_with_few_renderings() -> None:
    message = replace(REAL, parts=(replace(ENGLISH, body="word\n\n" * 2000),))
    renderings = 0

    def too_long(shorter: Message) -> bool:
        nonlocal renderings
        renderings += 1
        return len(shorter.parts[0].body) > 30

    fitted, _ = fit(message, whole, too_long)
    assert len(parse(fitted.parts[0].body)) == 5
    assert renderings < 20
