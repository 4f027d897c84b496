"""The rules of typography: what they must catch, and what they must leave alone."""

from __future__ import annotations

import pytest

from bot.checking.typography import typography_faults

NB = "\u00a0"


def codes(text: str, locale: str) -> list[str]:
    return [found.code for found in typography_faults(text, locale)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Deux gestes :", "typography-fr-colon"),
        ("Deux gestes: écrire", "typography-fr-colon"),
        ("Sources : A/RES", "typography-fr-colon"),
        (f"« génocide{NB}»", "typography-fr-guillemets"),
        (f"«{NB}génocide »", "typography-fr-guillemets"),
        (f"«génocide{NB}»", "typography-fr-guillemets"),
        ("en 2005 ; puis", "typography-fr-semicolon"),
        (f"en 2005{NB}; puis", "typography-fr-semicolon"),
        ("Que faire ?", "typography-fr-semicolon"),
        (f"Que faire{NB}?", "typography-fr-semicolon"),
        ("l'ONU", "typography-apostrophe"),
        ('le mot "génocide"', "typography-apostrophe"),
    ],
)
def test_faults_of_canadian_french_are_caught(text: str, code: str) -> None:
    assert codes(text, "fr_CA") == [code]


@pytest.mark.parametrize(
    "text",
    [
        f"Deux gestes{NB}: écrire à l’élue; demander pourquoi. Que faire? «{NB}Agir{NB}».",
        f"à 12:30, selon un rapport{NB}:\nle premier",
        f"1{NB}000 personnes; 50{NB}%",
        "Deux gestes\u202f: écrire",
    ],
)
def test_good_canadian_french_is_left_alone(text: str) -> None:
    assert codes(text, "fr_CA") == []


@pytest.mark.parametrize("locale", ["en_CA", "es_MX", "fr_FR", "pt_BR"])
def test_canadian_spacing_is_asked_of_canadian_french_alone(locale: str) -> None:
    assert codes(f"Que faire{NB}; «dire» : quoi", locale) == []


@pytest.mark.parametrize("text", ["Qué hacer?", "¿Qué hacer? Y cómo?", "Recordar!", "¿Qué?\nCómo?"])
def test_a_missing_opening_mark_is_caught_in_spanish(text: str) -> None:
    assert codes(text, "es_MX") == ["typography-es-opening"]


@pytest.mark.parametrize("text", ["¿Qué hacer? ¿Y cómo?", "Pregunte: ¿quién es?", "Nada."])
def test_opened_questions_are_left_alone_in_spanish(text: str) -> None:
    assert codes(text, "es_MX") == []


@pytest.mark.parametrize(
    "text", ["Mexico's register", "the families' call", "l`ONU", "in the '90s", 'a "duty"']
)
@pytest.mark.parametrize("locale", ["en_CA", "pt_BR"])
def test_straight_apostrophes_and_quotes_are_caught_in_every_language(
    text: str, locale: str
) -> None:
    assert codes(text, locale) == ["typography-apostrophe"]


@pytest.mark.parametrize(
    "text", ["Mexico’s register", "the families’ call", "‘a duty’, “a duty”", "«un deber»"]
)
def test_typographic_marks_are_left_alone(text: str) -> None:
    assert codes(text, "en_CA") == []
