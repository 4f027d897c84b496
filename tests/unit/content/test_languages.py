"""Languages: numbers, dates and ordinals as each writes them, from a file alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from babel import localedata
from hypothesis import given
from hypothesis import strategies as st

from bot.content.language_files import load_languages
from bot.content.languages import Language
from bot.errors import ConfigError, Problem
from tests.unit.content.samples import LANGUAGE_FILES, write_language

SHIPPED = load_languages([Path(__file__).parents[3] / "templates"])

ORDINALS = {
    "en": {
        1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 10: "10th", 11: "11th", 12: "12th", 13: "13th",
        21: "21st", 22: "22nd", 23: "23rd", 78: "78th", 101: "101st", 111: "111th", 112: "112th",
    },
    "fr": {1: "1er", 2: "2e", 11: "11e", 21: "21e", 78: "78e", 101: "101e"},
    "es": {1: "1.º", 2: "2.º", 3: "3.º", 12: "12.º", 78: "78.º", 112: "112.º"},
}  # fmt: skip
FEMININE = {
    "en": {1: "1st", 12: "12th", 22: "22nd"},
    "fr": {1: "1re", 2: "2e", 21: "21e", 78: "78e"},
    "es": {1: "1.ª", 3: "3.ª", 78: "78.ª"},
}


@pytest.mark.parametrize("code", ORDINALS)
def test_ordinals_are_those_of_the_language(code: str) -> None:
    language = SHIPPED[code]
    assert {n: language.ordinal(n) for n in ORDINALS[code]} == ORDINALS[code]
    feminine = {n: language.ordinal(n, feminine=True) for n in FEMININE[code]}
    assert feminine == FEMININE[code]


def test_dates_are_written_in_the_language() -> None:
    on = date(2026, 12, 9)
    assert {code: each.date(on) for code, each in SHIPPED.items()} == {
        "en": "9 December 2026",
        "fr": "9 décembre 2026",
        "es": "9 de diciembre de 2026",
    }
    assert [each.day(on) for each in SHIPPED.values()] == [
        "9 December",
        "9 de diciembre",
        "9 décembre",
    ]
    assert SHIPPED["es"].month(on) == "diciembre de 2026"


def test_the_first_of_a_french_month_is_1er_and_no_other_day() -> None:
    french = SHIPPED["fr"]
    assert french.date(date(2027, 4, 1)) == "1er avril 2027"
    assert french.day(date(2027, 4, 1)) == "1er avril"
    assert french.month(date(2027, 4, 1)) == "avril 2027"
    assert french.date(date(2027, 4, 11)) == "11 avril 2027"
    assert SHIPPED["en"].date(date(2027, 4, 1)) == "1 April 2027"
    assert SHIPPED["es"].date(date(2027, 4, 1)) == "1 de abril de 2027"


def test_numbers_are_grouped_and_words_stay() -> None:
    assert SHIPPED["en"].number(133520) == "133,520"
    assert SHIPPED["fr"].number(133520) == "133\u00a0520"
    assert SHIPPED["es"].number(133520) == "133,520"
    assert SHIPPED["fr"].number("plus de 100") == "plus de 100"


def test_a_narrow_no_break_space_becomes_a_no_break_space(tmp_path: Path) -> None:
    write_language(tmp_path, "fr", LANGUAGE_FILES["fr"].replace("fr_CA", "fr_FR"))
    assert load_languages([tmp_path])["fr"].number(1234) == "1\u00a0234"


@given(on=st.dates(), code=st.sampled_from(sorted(SHIPPED)))
def test_every_date_holds_its_year_and_its_day(on: date, code: str) -> None:
    written = SHIPPED[code].date(on)
    assert written.endswith(str(on.year))
    assert written.startswith(str(on.day))


@pytest.mark.parametrize("locale", ["root", "en", "en_CA", "es_419", "es_MX", "fr_CA"])
def test_what_no_message_says_is_not_kept(locale: str) -> None:
    kept = localedata.load(locale)
    assert not kept.keys() & {"territories", "currency_names", "unit_patterns", "meta_zones"}
    assert kept.keys() >= {"months", "days", "number_symbols", "ordinal_form"}


def test_a_new_language_needs_a_file_and_no_python(tmp_path: Path) -> None:
    german = (
        LANGUAGE_FILES["es"]
        .replace("es_MX", "de_CH")
        .replace("\"d 'de' MMMM 'de' y\"", '"d. MMMM y"')
        .replace("\"d 'de' MMMM\"", '"d. MMMM"')
        .replace("\"MMMM 'de' y\"", '"MMMM y"')
        .replace("{n}.º", "{n}.")
        .replace("{n}.ª", "{n}.")
    )
    write_language(tmp_path, "de", german)
    language = load_languages([tmp_path])["de"]
    assert language.date(date(2026, 12, 9)) == "9. Dezember 2026"
    assert language.ordinal(78) == "78."


def test_quoted_words_of_a_pattern_keep_their_letters_on_the_first(tmp_path: Path) -> None:
    text = LANGUAGE_FILES["es"].replace("[ordinal]", 'first_of_month = "1.º d\'ía"\n[ordinal]', 1)
    write_language(tmp_path, "es", text)
    written = load_languages([tmp_path])["es"].date(date(2027, 4, 1))
    assert written == "1.º d'ía de abril de 2027"


def test_a_group_replaces_single_keys_and_adds_languages(tmp_path: Path) -> None:
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    write_language(shipped, "en", LANGUAGE_FILES["en"])
    write_language(own, "en", 'name = "Ours"\n[labels]\nfooter = "Our calendar"\n')
    write_language(own, "fr", LANGUAGE_FILES["fr"])
    (own / "pictures").mkdir()
    languages = load_languages([shipped, own])
    assert list(languages) == ["en", "fr"]
    english = languages["en"]
    assert (english.name, english.labels.footer) == ("Ours", "Our calendar")
    assert english.labels.sources == "Sources"
    assert english.date(date(2026, 12, 9)) == "9 December 2026"


def problems_of(root: Path, code: str, text: str) -> list[Problem]:
    write_language(root, code, text)
    with pytest.raises(ConfigError) as raised:
        load_languages([root])
    return list(raised.value.problems)


@pytest.mark.parametrize(
    ("code", "old", "new", "entry", "said"),
    [
        ("en", 'name = "English"', 'nam = "English"', "nam", "Did you mean 'name'?"),
        ("en", "footer =", "foter =", "labels.foter", "Did you mean 'footer'?"),
        ("en", '"English"', "3", "name", "must be text"),
        ("en", '"English"', '" "', "name", "must be text"),
        ("en", '"Sources"', "[]", "labels.sources", "must be text"),
        ("fr", "first_of_month", "labels = 1\nfirst_of_month", "", "not TOML"),
        ("en", "en_CA", "xx_YY", "locale", "no locale"),
        ("en", "en_CA", "e!", "locale", "no locale"),
        ("en", 'few = "{n}rd"\n', "", "ordinal.few", "lacks 'few'"),
        ("fr", 'other = "{n}e"', 'other = "{n}e"\ntwo = "{n}d"', "ordinal.two", "no 'two'"),
        ("en", '"{n}st"', '"st"', "ordinal.one", "must hold {n}"),
        ("en", '"d MMMM y"', '"MMMM y"', "date", "not this kind of date pattern"),
        ("es", "\"d 'de' MMMM\"", '"d de MMMM"', "day", "words stand in single quotes"),
        ("en", '"d MMMM"', '"d MMMMMMMM"', "day", "not this kind of date pattern"),
        ("en", "Days of {month}", "Days", "labels.digest_title", "must hold {month}"),
        ("en", 'notice = "Advance notice"\n', "", "labels.notice", "'notice' is missing"),
        ("en", 'locale = "en_CA"\n', "", "locale", "'locale' is missing"),
        ("en", 'date = "d MMMM y"\n', "", "date", "'date' is missing"),
    ],
)
def test_what_is_wrong_in_a_language_file_is_named(
    tmp_path: Path, code: str, old: str, new: str, entry: str, said: str
) -> None:
    assert old in LANGUAGE_FILES[code]
    found = problems_of(tmp_path / "templates", code, LANGUAGE_FILES[code].replace(old, new, 1))
    assert {problem.file for problem in found} == {f"templates/{code}/language.toml"}
    assert any(problem.entry == entry and said in problem.message for problem in found), found


def test_a_table_that_is_none_and_one_that_is_missing_are_named(tmp_path: Path) -> None:
    [problem] = problems_of(tmp_path, "en", 'labels = "none"')
    assert (problem.code, problem.entry) == ("not-a-table", "labels")
    found = problems_of(tmp_path, "en", 'locale = "en_CA"')
    missing = {problem.entry for problem in found}
    assert missing >= {"name", "date", "day", "month", "ordinal", "ordinal_feminine", "labels"}
    assert "first_of_month" not in missing


def test_a_language_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "language.toml").write_bytes(b"name = '\xff'")
    (tmp_path / "fr" / "language.toml").mkdir(parents=True)
    with pytest.raises(ConfigError) as raised:
        load_languages([tmp_path])
    assert [problem.code for problem in raised.value.problems] == ["not-toml", "file-unreadable"]


def test_a_language_is_a_value() -> None:
    assert isinstance(SHIPPED["en"], Language)
    assert SHIPPED["en"] != SHIPPED["fr"]
    assert "_babel" not in repr(SHIPPED["en"])
