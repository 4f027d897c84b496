"""The rule of figures: which numbers need a date, and which do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checking.figures import figure_faults

NB = "\u00a0"


def faults(text: str, locale: str, *dated: str) -> list[str]:
    return [found.code for found in figure_faults(text, locale, dated)]


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en_CA", "There are 153 States parties."),
        ("en_CA", "More than 4,300 peacekeepers have died."),
        ("en_CA", "About six million Jews were murdered."),
        ("en_CA", "It killed a million people or more."),
        ("en_CA", "Thousands of Yazidis were killed."),
        ("en_CA", "The Assembly adopted it by 115 votes to 15."),
        ("en_CA", "153 of these States signed."),
        ("en_CA", "In 2004 it began.\n\n153 States take part."),
        ("en_CA", "It began in 2004. It went on. It counts 153 States."),
        ("fr_CA", f"On compte 133{NB}520 personnes disparues."),
        ("fr_CA", "Il y a 153 États parties."),
        ("fr_CA", "Un million de personnes ont été tuées."),
        ("fr_CA", "par 115 voix contre 15"),
        ("es_MX", "Hay 153 Estados parte."),
        ("es_MX", "Se registran 133,520 personas desaparecidas."),
        ("es_MX", "Fueron asesinadas un millón de personas."),
        ("es_MX", "Unas 150,000 niñas y niños"),
    ],
)
def test_a_number_of_people_or_states_without_a_date_is_caught(locale: str, text: str) -> None:
    assert faults(text, locale) == ["undated-number"]


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en_CA", "On 24 April 2024 the UN counted 153 States parties."),
        ("en_CA", "The Assembly voted on 18 May 2021. It was adopted by 115 votes to 15."),
        ("en_CA", "A million people were killed, in the Secretary-General’s words since 2020."),
        ("fr_CA", "Au 24 avril 2024, l’ONU comptait 153 États parties."),
        ("es_MX", "Al 24 de abril de 2024, la ONU registraba 153 Estados parte."),
    ],
)
def test_a_dated_number_is_left_alone(locale: str, text: str) -> None:
    assert faults(text, locale) == []


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en_CA", "Resolution 69/323, article 2 and paragraphs 138 to 140 bind States."),
        ("en_CA", "On 9 December people meet; it is the 78th anniversary that States keep."),
        ("en_CA", "In 1994 people fled. After 1945 States agreed."),
        ("en_CA", "For 100 days people hid, for 30 years families have asked."),
        ("en_CA", "The two countries, both governments and Call to Action 80."),
        ("en_CA", "resolution 96 (I), IV-1 and 1-866-925-4419 people"),
        ("fr_CA", "L’article 7 lie les États; la résolution 827 aussi."),
        ("fr_CA", "le 9 décembre, les États; le 78e anniversaire, des personnes; en 30 ans"),
        ("fr_CA", "Les 26 et 27 octobre, des États se sont réunis."),
        ("es_MX", "El 9 de diciembre las personas; el artículo 7 obliga a los Estados."),
        ("es_MX", "el 78.º aniversario, personas"),
        ("pt_BR", "Há 153 Estados partes."),
    ],
)
def test_other_numbers_are_left_alone(locale: str, text: str) -> None:
    assert faults(text, locale) == []


def test_neither_a_fact_nor_the_date_of_the_message_counts_as_the_words_of_the_text() -> None:
    clause = "on 24 April 2024 the UN counted 153 States"
    assert faults(f"In 2026, {clause}.", "en_CA", clause) == []
    carried_over = "On 9 December 2026 there are 153 States parties."
    assert faults(carried_over, "en_CA") == []
    assert faults(carried_over, "en_CA", "9 December 2026") == ["undated-number"]


@given(st.text(max_size=200), st.sampled_from(["en_CA", "fr_CA", "es_MX", "pt_BR"]))
def test_any_text_is_looked_through(text: str, locale: str) -> None:
    assert set(faults(text, locale)) <= {"undated-number"}


@given(st.integers(min_value=1, max_value=1499), st.sampled_from(["States", "people", "children"]))
def test_any_plain_number_of_people_or_states_is_caught(number: int, counted: str) -> None:
    assert faults(f"There were {number} {counted} there.", "en_CA") == ["undated-number"]
