"""Phrases read as rules, rules written as phrases, and the sentences of refusals."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calendar.phrases import FORMS, PhraseError, parse_moved, parse_phrase, parse_shift
from bot.calendar.rules import (
    EasterOffset,
    FixedDay,
    HebrewDay,
    HebrewMonth,
    OnceOn,
    Rule,
    WeekdayInMonth,
    WholeMonth,
)
from bot.errors import VigiliaError
from tests.unit.calendar.days import rules, untimed, written


@pytest.mark.parametrize(
    ("phrase", "rule"),
    [
        ("9 December", FixedDay(12, 9)),
        ("29 February", FixedDay(2, 29)),
        ("31 January", FixedDay(1, 31)),
        ("first Monday of May", WeekdayInMonth(1, 0, 5)),
        ("fourth Saturday of November", WeekdayInMonth(4, 5, 11)),
        ("fifth Friday of March", WeekdayInMonth(5, 4, 3)),
        ("last Sunday of October", WeekdayInMonth(-1, 6, 10)),
        ("27 Nisan", HebrewDay(27, HebrewMonth.NISAN)),
        ("10 Teves", HebrewDay(10, HebrewMonth.TEVET)),
        ("30 Marcheshvan", HebrewDay(30, HebrewMonth.HESHVAN)),
        ("15 Sh’vat", HebrewDay(15, HebrewMonth.SHEVAT)),
        ("9 Menachem Av", HebrewDay(9, HebrewMonth.AV)),
        ("7 Adar", HebrewDay(7, HebrewMonth.ADAR)),
        ("30 Adar I", HebrewDay(30, HebrewMonth.ADAR_I)),
        ("30 Adar 1", HebrewDay(30, HebrewMonth.ADAR_I)),
        ("7 Adar Sheni", HebrewDay(7, HebrewMonth.ADAR_II)),
        ("Easter", EasterOffset(0)),
        ("Easter - 2 days", EasterOffset(-2)),
        ("Easter – 2 days", EasterOffset(-2)),
        ("Easter+50 days", EasterOffset(50)),
        ("Easter + 1 day", EasterOffset(1)),
        ("Easter - 80 days", EasterOffset(-80)),
        ("Easter + 250 days", EasterOffset(250)),
        ("April", WholeMonth(4)),
        ("1 January 2027", OnceOn(date(2027, 1, 1))),
        ("29 February 2028", OnceOn(date(2028, 2, 29))),
    ],
)
def test_each_form_reads_as_its_rule(phrase: str, rule: Rule) -> None:
    assert parse_phrase(phrase) == rule


@untimed
@given(rule=rules)
def test_a_written_rule_reads_as_itself(rule: Rule) -> None:
    assert parse_phrase(written(rule)) == rule


@untimed
@given(rule=rules, data=st.data())
def test_capitals_and_spaces_do_not_matter(rule: Rule, data: st.DataObject) -> None:
    space = st.sampled_from((" ", "  ", "\t", "\n", "\u00a0"))
    phrase = written(rule)
    respaced = "".join(data.draw(space) if sign == " " else sign for sign in phrase)
    respaced = f"{data.draw(space)}{respaced}{data.draw(space)}"
    for spelled in (respaced, respaced.upper(), respaced.lower()):
        assert parse_phrase(spelled) == rule


@pytest.mark.parametrize(
    ("phrase", "reason"),
    [
        ("31 June", "June has the days 1 to 30."),
        ("30 February", "February has the days 1 to 29."),
        ("0 May", "May has the days 1 to 31."),
        ("320 May", "May has the days 1 to 31."),
        (f"{'9' * 5000} May", "May has the days 1 to 31."),
        ("32 Nisan", "Nisan has the days 1 to 30."),
        ("30 Iyar", "Iyar has the days 1 to 29."),
        ("30 Adar", "Adar has the days 1 to 29."),
        ("30 Adar II", "Adar II has the days 1 to 29."),
        ("31 Adar I", "Adar I has the days 1 to 30."),
        ("31 February 2027", "February 2027 has the days 1 to 28."),
        ("29 February 2027", "February 2027 has the days 1 to 28."),
        ("1 January 27", "'27' is not a year from 1583 to 4099."),
        ("1 January 9999", "'9999' is not a year from 1583 to 4099."),
        ("27 Nisan 5787", "a day of Nisan takes no year; one date alone is written like"),
        ("9 Decembre", "'decembre' is not a month. Did you mean 'December'?"),
        ("27 Nisam", "'nisam' is not a month. Did you mean 'Nisan'?"),
        ("27 Cheshwan", "'cheshwan' is not a month. Did you mean 'Cheshvan'?"),
        ("9 xyzzy", "'xyzzy' is not a month. The forms are"),
        ("forth Saturday of November", "none of first to fifth, or last. Did you mean 'fourth'?"),
        ("sixth Friday of May", "'sixth' is none of first to fifth, or last."),
        ("fourth Saterday of November", "not a weekday. Did you mean 'Saturday'?"),
        ("fourth Saturday of Novembre", "not a month from January to December. Did you mean"),
        ("first Monday of Nisan", "'nisan' is not a month from January to December."),
        ("Easter - 81 days", "from Easter, count at most 80 days back or 250 days on."),
        ("Easter + 251 days", "from Easter, count at most 80 days back or 250 days on."),
        (f"Easter + {'9' * 5000} days", "from Easter, count at most 80 days back"),
        ("Easter 2 days", "after 'Easter' comes nothing, or a number of days"),
        ("Eastre", "it has no known form. Did you mean 'Easter'?"),
        ("Aprl", "it has no known form. Did you mean 'April'?"),
        ("Nissan", "a Hebrew month needs a day, like '1 Nisan'."),
        ("December 9", "the day comes first, then the month."),
        ("Tevet 10", "the day comes first, then the month."),
        ("9/12/2026", "it has no known form. The forms are"),
        ("٩ December", "it has no known form."),
        ("  ", "it is empty."),
    ],
)
def test_a_date_that_cannot_be_is_refused_with_its_reason_and_the_forms(
    phrase: str, reason: str
) -> None:
    with pytest.raises(PhraseError) as caught:
        parse_phrase(phrase)
    sentence = str(caught.value)
    assert reason in sentence
    assert sentence.startswith(f"The date '{phrase.strip()[:50]}")
    assert sentence.endswith(FORMS)
    assert len(sentence) < 500


def test_the_forms_named_in_a_refusal_can_be_read() -> None:
    examples = [part for number, part in enumerate(FORMS.split("'")) if number % 2]
    assert len(examples) == 8
    assert {type(parse_phrase(example)) for example in examples} == {
        *(FixedDay, WeekdayInMonth, HebrewDay, EasterOffset, WholeMonth, OnceOn)
    }


WORDS = (
    *("9", "31", "2027", "first", "last", "of", "Friday", "December", "Nisan", "Adar", "I", "1"),
    *("Easter", "-", "+", "2", "days", "day", "february", "29", "x", "’", "\u2028", "000"),
)


@untimed
@given(phrase=st.one_of(st.text(), st.lists(st.sampled_from(WORDS)).map(" ".join)))
def test_any_text_is_a_rule_with_dates_or_is_refused(phrase: str) -> None:
    try:
        rule = parse_phrase(phrase)
    except VigiliaError as error:
        assert "\n" not in str(error)
    else:
        assert any(rule.dates(year) for year in range(2000, 2100)) or isinstance(rule, OnceOn)


def test_a_shift_is_read_by_weekday() -> None:
    assert parse_shift({"friday": -1, " Sunday ": 1}) == {4: -1, 6: 1}
    assert parse_shift({}) == {}


@pytest.mark.parametrize(
    ("shift", "reason"),
    [
        ({"fryday": -1}, "'fryday', which is not a weekday. Did you mean 'Friday'?"),
        ({"holiday": 1, "xyz": 1}, "'holiday', which is not a weekday."),
        ({"friday": 0}, "moves Friday by '0' days."),
        ({"friday": 7}, "moves Friday by '7' days."),
        ({"friday": -7}, "moves Friday by '-7' days."),
        ({"friday": "-1"}, "Write a whole number of days without quotes"),
        ({"friday": 1.0}, "moves Friday by '1.0' days."),
        ({"friday": True}, "moves Friday by 'True' days."),
        ({"friday": 1, "Friday": 2}, "names Friday twice."),
    ],
)
def test_a_shift_that_cannot_be_meant_is_refused(shift: dict[str, object], reason: str) -> None:
    with pytest.raises(PhraseError) as caught:
        parse_shift(shift)
    assert reason in str(caught.value)


def test_a_moved_date_is_read_by_year() -> None:
    assert parse_moved({"2028": "23 April 2028", "2031": "21 april 2031"}) == {
        2028: date(2028, 4, 23),
        2031: date(2031, 4, 21),
    }


@pytest.mark.parametrize(
    ("moved", "reason"),
    [
        ({"2028": "23 April 2029"}, "'23 April 2029' for 2028: the date must be in 2028."),
        ({"2028": "23 April"}, "'23 April' for 2028, which is not a phrase of day, month and year"),
        ({"2028": date(2028, 4, 23)}, "'2028-04-23' for 2028, which is not a phrase"),
        ({"28": "23 April 2028"}, "'28', which is not a year from 1583 to 4099."),
        ({"1028": "23 April 1028"}, "'1028', which is not a year from 1583 to 4099."),
        ({"next": "23 April 2028"}, "'next', which is not a year"),
        ({"2028": "31 April 2028"}, "April 2028 has the days 1 to 30."),
    ],
)
def test_a_moved_date_that_cannot_be_meant_is_refused(
    moved: dict[str, object], reason: str
) -> None:
    with pytest.raises(PhraseError) as caught:
        parse_moved(moved)
    assert reason in str(caught.value)
