"""A paragraph is divided into sentences, never within one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.markdown import parse, plain
from bot.content.sentences import sentences
from tests.unit.channels.shipped import shipped_messages


@pytest.mark.parametrize(
    ("paragraph", "divided"),
    [
        ("", []),
        ("One", ["One"]),
        ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…", "Five"]),
        ("He said “no.” She left.", ["He said “no.”", "She left."]),
        ("Il dit : « non. » Elle part.", ["Il dit : « non. »", "Elle part."]),
        ("Dice que no. ¿Por qué? ¡Basta!", ["Dice que no.", "¿Por qué?", "¡Basta!"]),
        ("In 1948. 153 States are parties.", ["In 1948.", "153 States are parties."]),
        ("Art. 2 of the Convention.", ["Art. 2 of the Convention."]),
        ("The U.N. Charter of St. Louis.", ["The U.N. Charter of St. Louis."]),
        ("M. X et Mme. Y, J.-C. compris.", ["M. X et Mme. Y, J.-C. compris."]),
        ("It was 3.5 km. then more.", ["It was 3.5 km. then more."]),
        ("Raphael R. Lemkin wrote it.", ["Raphael R. Lemkin wrote it."]),
    ],
)
def test_a_sentence_ends_where_a_reader_would_say_so(paragraph: str, divided: list[str]) -> None:
    assert sentences(paragraph) == divided


@given(st.text("ab .!?…AÉ«»“”\u00a0¿1", max_size=40))
def test_no_word_is_lost_between_two_sentences(paragraph: str) -> None:
    assert "".join("".join(sentences(paragraph)).split()) == "".join(paragraph.split())


def test_the_sentences_that_ship_end_as_sentences_do() -> None:
    for message in shipped_messages():
        for part in message.parts:
            first = plain(parse(part.body)[:1])
            for sentence in sentences(first):
                assert len(sentence) > 15, sentence
                assert sentence.rstrip("»”\u00a0\u202f ")[-1] in ".:!?…", sentence
