"""All checks together: texts, postings, channels, in the order of how grave they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.channels.channel import Channel
from bot.checking import check_project, in_order
from bot.checking.texts import refuse_broken_texts, text_problems
from bot.content.texts import Story
from bot.errors import ConfigError, Problem
from bot.project.load import Project, load_project
from bot.project.starter import write_starter
from tests.unit.checking.making import DAY, FACT, OBSERVANCE, project_of, saying, shipped

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def slack(tmp_path_factory: pytest.TempPathFactory) -> Channel:
    """A channel of Slack that asks for our day in English."""
    group = tmp_path_factory.mktemp("slack") / "group"
    write_starter(group)
    (group / "config" / "channels.toml").write_text(
        '[channels.team]\nplatform = "slack"\nurl = "${HOOK}"\n', "utf-8"
    )
    environ = {"HOOK": "https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnopqrst"}
    channel = load_project(group / "config", environ=environ).channels["team"]
    return replace(channel, languages=("en",), include=("our-day",))


def inbox(**changed: Any) -> Channel:
    fields = {"languages": ("en",), "include": ("our-day",), **changed}
    return replace(shipped().channels["inbox"], **fields)


def posting_to(*channels: Channel, **changed: Any) -> Project:
    return project_of(channels={channel.name: channel for channel in channels}, **changed)


def codes(project: Project) -> list[str]:
    return [problem.code for problem in check_project(project, NOW)]


def test_problems_stand_once_and_the_errors_first() -> None:
    note = Problem("note", "code", "a", "a", "…")
    warning = Problem("warning", "code", "b", "b", "…")
    error = Problem("error", "code", "z", "z", "…")
    other = replace(error, entry="a")
    assert in_order([note, error, warning, error, other]) == [other, error, warning, note]


def test_all_is_found_in_one_look() -> None:
    fact = replace(FACT, review=date(2026, 11, 1))
    percents: list[int] = []
    project = posting_to(inbox(), day=saying("We celebrate."), facts={fact.id: fact})
    found = check_project(project, NOW, progress=percents.append)
    assert [problem.code for problem in found] == ["tone-word", "stale-fact"]
    assert percents == [0]


def test_a_broken_text_is_an_error_whether_a_channel_asks_for_it_or_not() -> None:
    day = saying("{{ nothing }}")
    asked, unasked = posting_to(inbox(), day=day), posting_to(inbox(include=("core",)), day=day)
    assert "undefined" in codes(asked)
    assert "undefined" in codes(unasked)
    with pytest.raises(ConfigError, match="nothing"):
        refuse_broken_texts(asked, NOW.year)
    refuse_broken_texts(unasked, NOW.year)


def test_a_text_that_is_whole_in_one_language_is_asked_for_that_one_alone() -> None:
    day = replace(saying("{{ nothing }}", "fr"), names={"en": "Our day"})
    assert text_problems(posting_to(inbox(), day=day), NOW.year, unasked=True) == []


def test_the_template_of_a_digest_is_tried_where_a_channel_has_one() -> None:
    assert codes(posting_to(inbox(digest="monthly"))) == []


@pytest.mark.parametrize(("languages", "hint"), [(("en",), False), (("en", "fr"), True)])
def test_a_message_that_is_too_long_for_its_platform_is_an_error(
    slack: Channel, languages: tuple[str, ...], hint: bool
) -> None:
    opening = dict.fromkeys(("en", "fr", "es"), "word " * 12000)
    day = replace(DAY, opening=opening, answers={"length": "A test."})
    (problem,) = check_project(posting_to(replace(slack, languages=languages), day=day), NOW)
    assert (problem.level, problem.code, problem.entry) == ("error", "too-long", "channels.team")
    assert problem.message.startswith("our-day on 2027-03-05: ")
    assert ('layout = "separate"' in problem.message) is hint


def test_a_message_that_must_be_shortened_is_a_warning_and_tone_is_no_reason_not_to_look(
    slack: Channel,
) -> None:
    long = Story({code: "\n\n".join(["word " * 200] * 40) for code in ("en", "fr", "es")})
    day = replace(
        saying("We celebrate."), stories=(long,), answers={"length": "…", "same-words": "…"}
    )
    found = check_project(posting_to(slack, day=day), NOW)
    assert [problem.code for problem in found] == ["tone-word", "shortened"]
    assert "(our-day on 2027-03-05)" in found[1].message


def test_a_channel_that_posts_nothing_is_a_warning() -> None:
    assert codes(posting_to(inbox(include=()))) == ["never-posts"]


def test_a_day_that_a_channel_asks_for_and_that_never_comes_is_noted() -> None:
    over = replace(OBSERVANCE, until=2025)
    (problem,) = check_project(posting_to(inbox(), observance=over), NOW)
    assert (problem.level, problem.code) == ("note", "day-never-posts")
    rare = replace(OBSERVANCE, since=None, event=1970, milestones_only=True)
    assert codes(posting_to(inbox(), observance=rare)) == []


def test_two_channels_of_one_address_are_a_warning_and_two_inboxes_are_not(slack: Channel) -> None:
    (problem,) = check_project(posting_to(slack, replace(slack, name="again")), NOW)
    assert (problem.code, problem.entry) == ("shared-address", "channels.team")
    assert "team and again" in problem.message
    assert codes(posting_to(inbox(), inbox(name="other"))) == []


def test_what_the_loading_found_is_told_too() -> None:
    warning = Problem("warning", "secret-in-file", "config/channels.toml", "team", "…")
    project = replace(posting_to(inbox()), warnings=(warning,))
    assert check_project(project, NOW) == [warning]
