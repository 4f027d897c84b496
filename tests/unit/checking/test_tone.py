"""The rules of tone: what they must catch, and what they must leave alone."""

from __future__ import annotations

import pytest

from bot.checking.tone import tone_faults

MODEL_SPANISH = (
    "El 26 de marzo de 2004 Canadá y Ruanda celebraron en la sede de la ONU una conferencia donde "
    "se propuso un minuto de silencio al mediodía del 7 de abril."
)


def codes(text: str, locale: str) -> list[str]:
    return [found.code for found in tone_faults(text, locale)]


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en_CA", "We celebrate this day."),
        ("en_CA", "A Celebration of life"),
        ("en_CA", "celebrating together"),
        ("en_CA", "We are happy to announce"),
        ("en_CA", "Canada is proud to support"),
        ("en_CA", "It proudly takes part."),
        ("en_CA", "We congratulate both countries."),
        ("en_CA", "Never again."),
        ("fr_CA", "Nous célébrons cette journée."),
        ("fr_CA", "la célébration du 9 décembre"),
        ("fr_CA", "L’ONU célèbre la Journée."),
        ("fr_CA", "Ils célèbrent ensemble."),
        ("fr_CA", "une journée que l’on célèbre"),
        ("fr_CA", "qui célèbre chaque année"),
        ("fr_CA", "fêter la Journée"),
        ("fr_CA", "Bonne fête"),
        ("fr_CA", "Nous sommes heureuses d’annoncer"),
        ("fr_CA", "fiers d’appuyer"),
        ("fr_CA", "une grande fierté"),
        ("fr_CA", "Plus jamais ça."),
        ("es_MX", "Celebramos este Día Internacional."),
        ("es_MX", "El Día se celebra con una conferencia."),
        ("es_MX", "la celebración del aniversario de la conferencia"),
        ("es_MX", "Celebremos la vida."),
        ("es_MX", "Hoy no: celebran."),
        ("es_MX", "Feliz día"),
        ("es_MX", "con orgullo"),
        ("es_MX", "Felicitamos a ambos países."),
        ("es_MX", "Nos complace anunciar"),
    ],
)
def test_words_of_joy_and_pride_are_caught(locale: str, text: str) -> None:
    assert "tone-word" in codes(text, locale)


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en_CA", "An unhappy record of what happened, by a celebrity."),
        ("en_CA", "We remember, mark and commemorate. Ask them to improve prevention."),
        ("en_CA", "They never spoke again."),
        ("fr_CA", "le célèbre procès de Nuremberg, une phrase célèbre et des juristes célèbres"),
        ("fr_CA", "une célébrité"),
        ("fr_CA", "malheureusement, et de malheureux souvenirs"),
        ("fr_CA", "On peut se fier à ce registre."),
        ("fr_CA", "le jour de la fête nationale du Mexique"),
        ("fr_CA", "souligner et commémorer"),
        ("es_MX", MODEL_SPANISH),
        ("es_MX", "Se celebraron elecciones en 2018."),
        ("es_MX", "la sesión que celebró la Asamblea General"),
        ("es_MX", "La conferencia se celebró el día 26 de marzo."),
        ("es_MX", "la celebración de tratados"),
        ("es_MX", "una persona infeliz, y lo que infelizmente ocurrió"),
        ("es_MX", "un jurista célebre, una celebridad"),
        ("es_MX", "recordar y conmemorar el aniversario; la conferencia siguió"),
        ("pt_BR", "celebramos"),
    ],
)
def test_words_that_only_look_like_joy_are_left_alone(locale: str, text: str) -> None:
    assert codes(text, locale) == []


@pytest.mark.parametrize("text", ["Remember!", "¡Recordemos", "Remember！", "Remember‼"])
@pytest.mark.parametrize("locale", ["en_CA", "es_MX", "pt_BR"])
def test_an_exclamation_mark_is_caught_in_every_language(text: str, locale: str) -> None:
    assert codes(text, locale) == ["exclamation"]


@pytest.mark.parametrize(
    "text", ["A candle 🕯️ burns", "🇨🇦 and 🇲🇽", "✊", "Light one :candle: each", "☮", "❤️"]
)
@pytest.mark.parametrize("locale", ["fr_CA", "pt_BR"])
def test_a_picture_is_caught_in_every_language(text: str, locale: str) -> None:
    assert "emoji" in codes(text, locale)


@pytest.mark.parametrize(
    "text",
    [
        "Canada–Mexico · “quotes”, ‘these’ and « those » … 78.º, 1er, № 5, 50 %, €, ½, © and →",
        "at 12:30:45, and par. 138:140",
        "Sources: A/RES/69/323",
    ],
)
def test_signs_of_print_are_no_pictures(text: str) -> None:
    assert codes(text, "en_CA") == []


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en_CA", "Today we remember."),
        ("en_CA", "the UN’s view of today’s world"),
        ("en_CA", "Yesterday and tomorrow"),
        ("en_CA", "this week"),
        ("fr_CA", "Aujourd’hui, nous pensons"),
        ("fr_CA", "aujourd'hui"),
        ("fr_CA", "avant-hier ou demain"),
        ("fr_CA", "ce matin"),
        ("es_MX", "Hoy recordamos"),
        ("es_MX", "un día como hoy"),
        ("es_MX", "Mañana se cumplen 78 años."),
        ("es_MX", "esta mañana"),
        ("es_MX", "ayer"),
    ],
)
def test_words_true_on_one_day_only_are_caught(locale: str, text: str) -> None:
    assert "relative-day" in codes(text, locale)


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en_CA", "In those days, on the same day, day after day"),
        ("fr_CA", "le lendemain; soixante-quatorze ans après cette nuit"),
        ("es_MX", "en la mañana del 7 de abril y cada mañana"),
        ("es_MX", "ahoyar"),
        ("pt_BR", "hoje"),
    ],
)
def test_words_that_stay_true_are_left_alone(locale: str, text: str) -> None:
    assert codes(text, locale) == []


def test_what_is_said_quotes_the_words_and_offers_others() -> None:
    text = "On 9 December 2026 the members of this network celebrate the many people who survived."
    (found,) = tone_faults(text, "en_CA")
    assert found.sentence.startswith("“…members of this network celebrate the many people who…”: ")
    assert "“mark”" in found.sentence
