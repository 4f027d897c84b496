"""The writer: messages in every language, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.calendar.observances import Observance, Occurrence
from bot.calendar.rules import FixedDay
from bot.content.message import Link, Message
from bot.content.texts import SourceText, Story
from bot.errors import RenderError
from tests.unit.content.samples import (
    LANGUAGES,
    OBSERVANCE,
    TEXT,
    Sample,
    in_all,
    source,
    write_templates,
)

ON = date(2026, 12, 9)


def opening(sample: Sample, text: str, language: str = "en", year: int = 2026) -> str:
    """The first paragraph of the message where the day's opening is ``text``."""
    sample.change(opening=dict.fromkeys(LANGUAGES, text))
    message = sample.writer.write([sample.occurrence(year)], [language])
    return message.parts[0].body.split("\n\n")[0]


def test_a_message_has_a_part_a_language_with_its_texts_actions_and_sources(sample: Sample) -> None:
    message = sample.writer.write([sample.occurrence()], ["en", "fr"])
    assert (message.kind, message.observances, message.date, message.lead_days) == (
        "day",
        ("prevention-day",),
        ON,
        0,
    )
    english, french = message.parts
    assert english.title == "Day of *prevention* (en)"
    assert english.body == "Opening of 9 December 2026 (en)\n\nEven story (en)\n\nTogether (en)"
    assert [action.id for action in english.actions] == ["write", "read"]
    assert english.actions[0].links == (Link("Go (en)", "https://write.example/"),)
    assert english.sources == (
        Link("A/RES/69/323", "https://undocs.org/en/A/RES/69/323"),
        Link("Even", "https://even.example/"),
    )
    assert english.actions_label == "Two things you can do"
    assert (french.sources_label, french.footer) == ("Sources", "Un calendrier")
    assert french.body.startswith("Opening of 9 décembre 2026 (fr)")
    assert Message.from_json(message.to_json()) == message


def test_stories_and_actions_change_with_the_year(sample: Sample) -> None:
    first, second = (
        sample.writer.write([sample.occurrence(year)], ["en"]).parts[0] for year in (2026, 2027)
    )
    assert "Odd story" in second.body
    assert second.sources[1] == Link("Odd", "https://odd.example/")
    assert [action.id for action in second.actions] != [action.id for action in first.actions]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "9 December 2026 / 9 December / 2026 / 12th / 12th / 78th / 78th / 78"),
        ("fr", "9 décembre 2026 / 9 décembre / 2026 / 12e / 12e / 78e / 78e / 78"),
        ("es", "9 de diciembre de 2026 / 9 de diciembre / 2026 / 12.º / 12.ª / 78.º / 78.ª / 78"),
    ],
)
def test_every_variable_is_written_in_the_language(
    sample: Sample, language: str, said: str
) -> None:
    names = ("date", "day", "year", "ordinal", "ordinal_f", "anniversary", "anniversary_f", "years")
    text = " / ".join(f"{{{{ {name} }}}}" for name in names)
    assert opening(sample, text, language) == said


def test_the_first_observance_is_feminine_in_french(sample: Sample) -> None:
    assert opening(sample, "la {{ ordinal_f }}, le {{ ordinal }}", "fr", 2015) == "la 1re, le 1er"


def test_the_first_of_april_is_1er_in_french(sample: Sample) -> None:
    sample.observance = replace(OBSERVANCE, rule=FixedDay(4, 1))
    assert opening(sample, "{{ date }}, {{ day }}", "fr", 2027) == "1er avril 2027, 1er avril"


def test_a_name_is_escaped_in_the_body_and_plain_in_the_title(sample: Sample) -> None:
    assert opening(sample, "{{ name }}") == "Day of \\*prevention\\* (en)"


def test_a_fact_is_printed_and_its_source_joins_after_the_others_once(sample: Sample) -> None:
    text = '{{ fact("parties")|sentence }}; {{ fact("supporters") }}; {{ fact("parties") }}.'
    assert opening(sample, text).startswith("On 24 April 2024 there were 1,234 parties; in ")
    part = sample.writer.write([sample.occurrence()], ["en"]).parts[0]
    assert [link.title for link in part.sources] == [
        "A/RES/69/323",
        "Even",
        "Treaties",
        "Supporters",
    ]
    sample.change(sources=(source("The same page", "https://treaties.example/"),))
    part = sample.writer.write([sample.occurrence()], ["en"]).parts[0]
    assert [link.title for link in part.sources] == ["The same page", "Even", "Supporters"]


def test_facts_used_are_those_that_the_years_story_prints(sample: Sample) -> None:
    stories = (Story(in_all("Even")), Story(in_all('Odd: {{ fact("parties") }}')))
    sample.change(stories=stories)
    writer = sample.writer
    assert writer.facts_used(OBSERVANCE, 2026, LANGUAGES) == frozenset()
    assert writer.facts_used(OBSERVANCE, 2027, LANGUAGES) == {"parties"}
    assert writer.facts_used(OBSERVANCE, 2014, LANGUAGES) == frozenset()


def test_a_day_without_together_has_no_such_paragraph(sample: Sample) -> None:
    sample.change(together={})
    part = sample.writer.write([sample.occurrence()], ["en"]).parts[0]
    assert part.body == "Opening of 9 December 2026 (en)\n\nEven story (en)"


def test_a_story_may_bring_its_own_together(sample: Sample) -> None:
    sample.change(stories=(Story(in_all("Story"), together=in_all("Its own")),))
    part = sample.writer.write([sample.occurrence()], ["en"]).parts[0]
    assert part.body.endswith("Story (en)\n\nIts own (en)")


def test_a_day_may_have_a_template_of_its_own(sample: Sample) -> None:
    write_templates(sample.root, prevention_day="The {{ ordinal }} {{ name }}.")
    part = sample.writer.write([sample.occurrence()], ["fr"]).parts[0]
    assert part.body == "The 12e Day of \\*prevention\\* (fr)."
    assert [link.title for link in part.sources] == ["A/RES/69/323"]


def test_a_notice_has_its_template_kind_and_title(sample: Sample) -> None:
    message = sample.writer.write([sample.occurrence()], ["en"], lead_days=7)
    assert (message.kind, message.lead_days, message.date) == ("notice", 7, ON)
    assert message.title == "Advance notice · Day of *prevention* (en)"
    assert message.parts[0].body == (
        "**Day of \\*prevention\\* (en)** falls on 9 December 2026, in 7 days."
    )
    assert [link.title for link in message.parts[0].sources] == ["A/RES/69/323"]


def test_one_action_has_the_label_of_one_and_none_has_none(sample: Sample) -> None:
    sample.change(actions=("write",), sources=(), stories=(Story(in_all("x")),))
    part = sample.writer.write([sample.occurrence()], ["en"]).parts[0]
    assert (part.actions_label, part.sources_label) == ("One thing you can do", "")
    sample.change(actions=())
    part = sample.writer.write([sample.occurrence()], ["en"]).parts[0]
    assert (part.actions, part.actions_label) == ((), "")


def other_day(sample: Sample, **changed: Any) -> Occurrence:
    observance = Observance("other-day", "remembrance", "9 December", FixedDay(12, 9), names={})
    text = replace(TEXT, id="other-day", kind="remembrance", names=in_all("Other"))
    sample.texts["other-day"] = replace(text, **changed)
    return Occurrence(observance, ON)


def test_merged_days_stand_under_their_names_with_two_actions_and_every_source(
    sample: Sample,
) -> None:
    other = other_day(
        sample,
        actions=("write", "ask"),
        sources=(source("Other source", "https://other.example/"),),
    )
    message = sample.writer.write([sample.occurrence(), other], ["en", "es"])
    assert (message.kind, message.observances) == ("day", ("prevention-day", "other-day"))
    part = message.parts[0]
    assert part.title == "Day of *prevention* (en) · Other (en)"
    assert part.body.split("\n\n") == [
        "**Day of \\*prevention\\* (en)**",
        "Opening of 9 December 2026 (en)",
        "Even story (en)",
        "Together (en)",
        "**Other (en)**",
        "Opening of 9 December 2026 (en)",
        "Even story (en)",
        "Together (en)",
    ]
    assert [action.id for action in part.actions] == ["write", "read"]
    assert [link.title for link in part.sources] == ["A/RES/69/323", "Even", "Other source"]


def test_merged_days_show_the_first_action_of_each(sample: Sample) -> None:
    other = other_day(sample, actions=("ask",))
    part = sample.writer.write([sample.occurrence(), other], ["en"]).parts[0]
    assert [action.id for action in part.actions] == ["write", "ask"]


def test_merged_notices_name_each_day_once(sample: Sample) -> None:
    other = other_day(sample)
    message = sample.writer.write([sample.occurrence(), other], ["en"], lead_days=7)
    assert message.title == "Advance notice · Day of *prevention* (en) · Other (en)"
    assert message.parts[0].body.count("Other (en)") == 1


def test_a_message_about_nothing_is_a_mistake_of_the_caller(sample: Sample) -> None:
    with pytest.raises(ValueError, match="one occurrence or more"):
        sample.writer.write([], ["en"])


def test_a_digest_lists_the_days_of_a_month(sample: Sample) -> None:
    other_day(sample)
    items = [("other-day", date(2026, 12, 1)), ("prevention-day", ON), ("other-day", ON)]
    message = sample.writer.write_digest(items, ON, ["en", "fr"], date(2026, 11, 30))
    assert (message.kind, message.date) == ("digest", date(2026, 11, 30))
    assert message.observances == ("other-day", "prevention-day")
    english, french = message.parts
    assert english.title == "Days of December 2026"
    assert english.body == (
        "December 2026:\n\n- 1 December: Other (en)\n"
        "- 9 December: Day of \\*prevention\\* (en)\n- 9 December: Other (en)"
    )
    assert "- 1er décembre: Other (fr)" in french.body
    assert (english.actions, english.sources, english.actions_label) == ((), (), "")


def test_a_digest_of_an_unknown_or_nameless_day_is_refused(sample: Sample) -> None:
    with pytest.raises(RenderError, match="Did you mean 'prevention-day'"):
        sample.writer.write_digest([("preventon-day", ON)], ON, ["en"], ON)
    with pytest.raises(RenderError, match=r"It lacks name.fr"):
        sample.change(names={"en": "x"})
        sample.writer.write_digest([("prevention-day", ON)], ON, ["fr"], ON)


def test_a_wrong_digest_template_is_told_beforehand(sample: Sample) -> None:
    assert sample.writer.digest_problems("en") == []
    write_templates(sample.root, digest="{{ items|length }} {{ opening }} {{ item.day }}")
    said = [str(problem) for problem in sample.writer.digest_problems("en")]
    assert said == ["templates/en/digest.md.j2: 'item' is not defined. Did you mean 'items'?"]


def test_a_test_message_says_the_channel_and_the_date(sample: Sample) -> None:
    message = sample.writer.test_message("ottawa", ["en", "fr"], ON)
    assert (message.kind, message.observances, message.date) == ("test", (), ON)
    assert message.title == "Vigilia · ottawa"
    assert [part.body for part in message.parts] == [
        "A test. Nothing \\*needs\\* to be done.\n\n9 December 2026",
        "Un essai.\n\n9 décembre 2026",
    ]


REFUSED = [
    ("{{ ordnal }}", "opening.fr: 'ordnal' is not defined. Did you mean 'ordinal'?"),
    ("{% if year == 1 %}{{ ordnal }}{% endif %}", "Did you mean 'ordinal'?"),
    ("{{ opening }}", "'opening' is not defined. There are: anniversary,"),
    ("{{ lead_days }}", "'lead_days' is not defined. There are:"),
    ('{{ fact("partis") }}', "There is no fact 'partis'. Did you mean 'parties'?"),
    ('{% if year == 1 %}{{ fact("zz") }}{% endif %}', "There is no fact 'zz'."),
    ("{{ year", "is not written as Jinja"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_a_wrong_text_is_refused_by_name_when_checked_and_when_written(
    sample: Sample, text: str, said: str
) -> None:
    sample.change(opening={**in_all("x"), "fr": text})
    writer = sample.writer
    assert writer.problems(OBSERVANCE, "en", [2026]) == []
    [problem] = writer.problems(OBSERVANCE, "fr", [2026, 2027])
    assert (problem.file, problem.entry) == ("config/observances/core.toml", "prevention-day")
    assert said in problem.message
    assert problem.message.startswith("opening.fr: ")
    with pytest.raises(RenderError) as raised:
        writer.write([sample.occurrence()], ["fr"])
    assert str(raised.value) == str(problem)


@pytest.mark.parametrize(
    ("change", "name", "needs"),
    [
        ({"count": None}, "ordinal", "it needs `count`"),
        ({"count": None}, "anniversary", "it needs `event` and `count`"),
        ({"event": None}, "anniversary_f", "it needs `event` and `count`"),
        ({"event": None}, "years", "it needs `event`"),
        ({"since": None}, "ordinal_f", "it needs `count`"),
    ],
)
def test_a_number_that_the_day_does_not_have_is_refused_with_what_it_needs(
    sample: Sample, change: dict[str, Any], name: str, needs: str
) -> None:
    sample.observance = replace(OBSERVANCE, **change)
    sample.change(opening=in_all(f"{{{{ {name} }}}}"))
    [problem] = sample.writer.problems(sample.observance, "en", [2026])
    assert f"'{name}' is not defined here: {needs}" in problem.message


def test_there_is_no_anniversary_in_the_year_of_the_event(sample: Sample) -> None:
    sample.observance = replace(OBSERVANCE, count="years")
    with pytest.raises(RenderError, match="'ordinal' is not defined here"):
        opening(sample, "{{ ordinal }}", year=1948)


def test_stories_of_other_years_and_notices_are_checked_too(sample: Sample) -> None:
    stories = (*TEXT.stories, Story(in_all("{{ odd }}")), Story(in_all("x"), together=in_all("{{")))
    sample.change(stories=stories)
    write_templates(sample.root, notice="{{ lead_day }}")
    said = {str(problem) for problem in sample.writer.problems(OBSERVANCE, "en", [2026])}
    assert {
        "templates/en/notice.md.j2, prevention-day: 'lead_day' is not defined. "
        "Did you mean 'lead_days'?"
    } < said
    assert any("story 3 in en: 'odd' is not defined" in each for each in said)
    assert any("together.en of story 4: Line 1 is not written" in each for each in said)
    assert len(said) == 3


def test_a_template_that_asks_for_together_unasked_fails_for_the_day_without(
    sample: Sample,
) -> None:
    write_templates(sample.root, day="{{ opening }} {{ together }}")
    assert sample.writer.problems(OBSERVANCE, "en", [2026]) == []
    sample.change(together={}, stories=(Story(in_all("a")), Story(in_all("b"), (), in_all("c"))))
    [problem] = sample.writer.problems(OBSERVANCE, "en", [2026, 2027])
    assert problem.file == "templates/en/day.md.j2"
    assert "'together' is not defined here: " in problem.message


def test_what_fails_only_when_written_is_found_in_the_years_asked(sample: Sample) -> None:
    sample.change(opening=in_all("{{ 1 // (year - 2027) }}"))
    assert sample.writer.problems(OBSERVANCE, "en", [2026]) == []
    [problem] = sample.writer.problems(OBSERVANCE, "en", [2026, 2027])
    assert "zero" in problem.message


def test_a_missing_text_template_action_or_language_is_named(sample: Sample) -> None:
    sample.change(opening={"en": "x"}, actions=("wrote",))
    (sample.root / "fr" / "day.md.j2").unlink()
    writer = sample.writer
    said = [problem.message for problem in writer.problems(OBSERVANCE, "fr", [2026])]
    assert said[0] == "It lacks opening.fr: add it."
    assert said[1] == "There is no action 'wrote'. Did you mean 'write'?"
    assert said[2].startswith("There is no such template")
    [problem] = writer.problems(OBSERVANCE, "fra", [2026])
    assert problem.message == "There is no language 'fra'. Did you mean 'fr'?"
    [problem] = writer.problems(replace(OBSERVANCE, id="prevention"), "en", [2026])
    assert problem.code == "unknown-day"
    for languages, match in ((["fr"], r"It lacks opening.fr"), (["en"], "no action 'wrote'")):
        with pytest.raises(RenderError, match=match):
            writer.write([sample.occurrence()], languages)
    with pytest.raises(RenderError, match=r"no language 'de'\. There are: en, es, fr"):
        writer.write([sample.occurrence()], ["de"])


def test_a_day_without_stories_needs_a_template_without_one(sample: Sample) -> None:
    sample.change(stories=())
    [problem] = sample.writer.problems(OBSERVANCE, "en", [2026])
    assert "'story' is not defined here" in problem.message
    write_templates(sample.root, prevention_day="{{ opening }}")
    assert sample.writer.problems(OBSERVANCE, "en", [2026]) == []


def test_links_lead_to_the_languages_own_page(sample: Sample) -> None:
    urls = {"en": "https://undocs.org/en/x", "fr": "https://undocs.org/fr/x"}
    sample.change(sources=(SourceText("x", urls),))
    message = sample.writer.write([sample.occurrence()], LANGUAGES)
    assert [part.sources[0].url for part in message.parts] == [
        "https://undocs.org/en/x",
        "https://undocs.org/fr/x",
        "https://undocs.org/en/x",
    ]
