"""The commands, run as a person runs them, with a real ledger and a real receiver."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from icalendar import Calendar

from tests.group import CHANNEL, DAY, Group, ship_little
from tests.receiver import Answer, Receiver
from tests.running import vigilia
from tests.unit.planning.test_shipped_calendar import EVERY_YEAR, MILESTONES, YOM_HASHOAH

KEY = "our-day/2026-03-05/0/team/en"
MORNING = datetime(2026, 3, 5, 14, 30, tzinfo=UTC)
"""Half an hour after the post of 5 March is due in Toronto."""
SECRET = "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"

Clock = time_machine.Traveller


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The machine's clock, set to the morning of the group's own day and running on."""
    monkeypatch.delenv("VIGILIA_CONFIG", raising=False)
    with time_machine.travel(MORNING) as traveller:
        yield traveller


@pytest.fixture
def in_group(group: Group, monkeypatch: pytest.MonkeyPatch) -> Group:
    """The group, in whose folder the commands are run."""
    monkeypatch.chdir(group.root)
    return group


@pytest.fixture
def ours(in_group: Group, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Group:
    """The same, with a small calendar in the place of all that ships."""
    ship_little(tmp_path / "package")
    monkeypatch.setattr("bot.project.places._PACKAGE", tmp_path / "package")
    return in_group


def _posts_to(ours: Group, receiver: Receiver, more: str = "") -> None:
    ours.settings(f'[network]\ntrusted_hosts = ["{receiver.address}"]\n')
    ours.variables(f"SLACK_URL={receiver.url(f'/services/{SECRET}')}\n")
    ours.channels(
        f'[channels.team]\nplatform = "slack"\nurl = "${{SLACK_URL}}"\ninclude = ["own"]\n{more}'
    )


def _began(ours: Group) -> None:
    """Makes the ledger on the evening before, so that the day's post is not taken for a new one."""
    with time_machine.travel(MORNING - timedelta(hours=20)):
        assert vigilia("run", "--once").code == 0


def _states() -> dict[str, str]:
    return {row["key"]: row["state"] for row in vigilia("history", "--json").json}


# The command itself


def test_alone_it_explains_itself() -> None:
    ended = vigilia()

    assert ended.code == 0
    assert "Start with" in ended.out
    for command in ("init", "run", "upcoming", "preview", "history", "check", "channels"):
        assert command in ended.out


def test_its_version_and_its_help_are_fine_and_what_it_does_not_know_is_wrong_usage() -> None:
    assert vigilia("--version").out.startswith("vigilia ")
    assert vigilia("upcoming", "-h").code == 0
    assert vigilia("upcomin").code == 2
    assert "Did you mean 'upcoming'" in vigilia("upcomin").err
    assert vigilia("upcoming", "--days", "many").code == 2
    assert vigilia("upcoming", "--days", "0").code == 2


def test_the_config_may_stand_before_and_after_the_command(group: Group, clock: Clock) -> None:
    other = Group(group.root.parent / "other")
    other.channels(CHANNEL.replace("team", "others"))

    def channels(*words: object) -> list[str]:
        return [row["name"] for row in vigilia(*words).json]

    assert channels("--config", group.config, "channels", "--json") == ["team"]
    assert channels("channels", "--json", "--config", group.config) == ["team"]
    assert channels("--config", group.config, "channels", "--json", "--config", other.config) == [
        "others"
    ]


def test_a_reader_that_goes_away_is_no_error(group: Group) -> None:
    command = f"{sys.executable} -m bot calendar --json --config {group.config}"

    ended = subprocess.run(
        ["bash", "-c", f"{command} | head -1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert (ended.stdout.splitlines(), ended.stderr) == (["[", "0"], "")


# init, upcoming, channels, calendar


def test_init_writes_a_starter_that_passes_its_check_and_lists_what_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = vigilia("init", tmp_path / "ours")
    monkeypatch.chdir(tmp_path / "ours")

    assert ended.code == 0
    assert "wrote" in ended.out and "vigilia check" in ended.out
    assert vigilia("init", ".").code == 1
    assert vigilia("check").code == 0
    assert vigilia("upcoming").code == 0
    assert not (tmp_path / "ours" / "var").exists()


def test_upcoming_gives_programs_each_posting(ours: Group, clock: Clock) -> None:
    clock.move_to(datetime(2026, 2, 25, 12, 0, tzinfo=UTC))
    ours.channels(CHANNEL + 'languages = ["en", "fr"]\nlayout = "separate"\nlead_days = [7]\n')

    assert vigilia("upcoming", "--json").json[1:3] == [
        {
            "key": "our-day/2026-03-05/7/team/fr",
            "observance": "our-day",
            "date": "2026-03-05",
            "lead_days": 7,
            "channel": "team",
            "languages": ["fr"],
            "due_at": "2026-02-26T14:00:00Z",
            "title": "Notre jour",
            "approval": False,
        },
        {
            "key": "our-day/2026-03-05/0/team/en",
            "observance": "our-day",
            "date": "2026-03-05",
            "lead_days": 0,
            "channel": "team",
            "languages": ["en"],
            "due_at": "2026-03-05T14:00:00Z",
            "title": "Our day",
            "approval": False,
        },
    ]


def test_upcoming_tells_people_when_where_and_what(ours: Group, clock: Clock) -> None:
    ours.channels(
        CHANNEL
        + 'lead_days = [3]\ndigest = "monthly"\n'
        + CHANNEL.replace("team", "west").replace("own", "human-rights-day")
        + 'timezone = "America/Mexico_City"\n'
    )
    ours.days(DAY.replace("on =", "approval = true\non ="))
    clock.move_to(datetime(2026, 3, 5, 12, 30, tzinfo=UTC))

    out = vigilia("upcoming", "--days", "1").out

    assert re.search(
        r"Thu 05 Mar 2026 09:00 EST +1 h (29|30) min +team +en +Our day "
        r"\(a person approves it first\)",
        out,
    )
    year = vigilia("upcoming", "--days", "365").out
    assert "Our day (notice, 3 days ahead)" in year
    assert re.search(r"Thu 10 Dec 2026 09:00 CST +280 days +west +en +A day", year)
    assert "March 2027" in year
    clock.move_to(datetime(2026, 3, 5, 13, 30, tzinfo=UTC))
    assert re.search(r"  (29|30) min  ", vigilia("upcoming", "--days", "1").out)


def test_upcoming_of_one_channel_and_of_none(ours: Group, clock: Clock) -> None:
    ours.channels(CHANNEL + CHANNEL.replace("team", "other"))

    found = vigilia("upcoming", "--days", "400", "--channel", "other", "--json").json
    assert {row["channel"] for row in found} == {"other"}
    assert vigilia("upcoming").out == (
        "Nothing is due in the next 30 days; --days 90 looks further ahead.\n"
    )
    unknown = vigilia("upcoming", "--channel", "othr")
    assert (unknown.code, unknown.out) == (1, "")
    assert "There is no channel 'othr'. Did you mean 'other'?" in unknown.err


def test_merged_days_have_both_names(ours: Group, clock: Clock) -> None:
    ours.channels(CHANNEL.replace('"own"', '"our-day", "other-day"') + 'same_day = "merge"\n')
    ours.days(DAY + DAY.replace("our-day", "other-day").replace("Our day", "Other day"))

    found = vigilia("upcoming", "--days", "400", "--json").json

    assert [(row["observance"], row["title"]) for row in found] == [
        ("other-day+our-day", "Other day · Our day")
    ]


def test_channels_are_listed_with_what_comes_next(ours: Group, clock: Clock) -> None:
    ours.channels(CHANNEL + CHANNEL.replace("team", "silent").replace("own", "our-day"))
    ours.days(DAY.replace("5 March", "5 March 2030"))

    team = vigilia("channels", "--json").json[0]

    assert team == {
        "name": "team",
        "platform": "inbox",
        "languages": ["en"],
        "post_at": "09:00",
        "timezone": "America/Toronto",
        "include": ["own"],
        "next_due_at": "2030-03-05T14:00:00Z",
        "next_key": None,
        "state": "active",
    }
    assert "none within a year" in vigilia("channels").out


def test_the_calendar_of_a_year_for_people_and_programs(in_group: Group, clock: Clock) -> None:
    rows = vigilia("calendar", "--json").json

    assert rows == sorted(rows, key=lambda row: row["date"])
    (row,) = [row for row in rows if row["observance"] == "our-day"]
    assert (row["date"], row["name"], row["themes"]) == ("2026-03-05", "Our day", ["own"])
    people = vigilia("calendar", "--year", "2027", "--language", "fr").out
    assert re.search(r"^○ ven 05 our-day +Notre jour \[own\]$", people, re.MULTILINE)
    assert "Mars\n" in people
    assert "Recorded as not posted" in people
    assert vigilia("calendar", "--language", "xx").code == 2


def test_the_calendar_is_written_as_a_file_for_other_calendars(
    in_group: Group, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "days.ics"

    assert vigilia("calendar", "--ics", file).code == 0
    events = Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    assert "our-day-2026-03-05@vigilia" in {str(event["uid"]) for event in events}
    on_screen = vigilia("calendar", "--ics", "-").out.encode()
    assert len(Calendar.from_ical(on_screen).walk("VEVENT")) == len(events)
    assert vigilia("calendar", "--ics", tmp_path / "no" / "where.ics").code == 1


@pytest.fixture(params=[80, 200])
def terminal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Makes Rich take the output for a terminal of that width, which it gives."""
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(request.param))
    width: int = request.param
    return width


def _seen(*words: object) -> list[str]:
    """Gives the lines that a person sees of a command, without colours."""
    out = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", vigilia(*words).out)
    return [line.rstrip() for line in out.splitlines()]


def test_on_a_terminal_the_year_shows_every_id_and_every_name_whole(
    in_group: Group, clock: Clock, terminal: int
) -> None:
    lines = _seen("calendar", "--year", "2026")

    assert max(map(len, lines[: lines.index("Recorded as not posted")])) <= terminal
    assert not any("…" in line for line in lines)
    (line,) = [line for line in lines if "elimination-racial-discrimination-day" in line]
    name = "International Day for the Elimination of Racial Discrimination"
    assert (name in line) == (terminal == 200)
    assert any(name in line for line in lines)


def test_on_a_terminal_what_comes_and_what_was_posted_is_never_cut(
    ours: Group, clock: Clock, terminal: int
) -> None:
    long = "A day with a name so long that no terminal of a usual width shows it whole on a line"
    ours.days(DAY.replace("Our day", long))
    _began(ours)
    vigilia("run", "--once")
    clock.move_to(datetime(2027, 3, 1, tzinfo=UTC))

    coming, history, channels = _seen("upcoming"), _seen("history"), _seen("channels")

    for lines in (coming, history, channels):
        assert max(map(len, lines)) <= terminal
        assert not any("…" in line for line in lines)
    assert any(long in line for line in coming) == (terminal == 200)
    assert long in re.sub(r"\s+", " ", " ".join(coming))
    assert any(KEY in line for line in history)
    assert any("our-day/2027-03-05/0/team/en" in line for line in channels)
    assert ("next posting" in " ".join(channels)) == (terminal == 200)


def test_on_a_terminal_a_preview_is_folded_and_a_simulation_shows_how_far_it_is(
    ours: Group, clock: Clock, terminal: int
) -> None:
    lines = _seen("preview", "our-day")
    ended = vigilia("simulate", "--from", "2027-03-01", "--to", "2027-03-31")

    assert max(map(len, lines)) <= terminal
    assert [post["key"] for post in ended.lines] == ["our-day/2027-03-05/0/team/en"]
    assert "Simulating" in ended.err


# preview


def test_a_preview_shows_every_language_with_the_notes_for_editors(
    ours: Group, clock: Clock
) -> None:
    ours.days(DAY.replace("on =", 'sensitivity = "With care."\nnotes = ["A market day."]\non ='))

    out = vigilia("preview", "our-day").out

    assert out.startswith("our-day · 2026-03-05 · day\n")
    assert "For editors: With care." in out
    assert "For editors: A market day." in out
    assert "English, 10 words" in out
    assert "On 5 March 2026 we meet." in out
    assert "Nous nous retrouvons le 5 mars 2026." in out
    only = vigilia("preview", "our-day", "--language", "fr", "--on", "2027-03-05").out
    assert "5 mars 2027" in only and "English" not in only


def test_a_preview_for_programs_is_the_message(ours: Group, clock: Clock) -> None:
    message = vigilia("preview", "our-day", "--channel", "team", "--json").json

    assert [part["title"] for part in message["parts"]] == ["Our day"]


def test_a_payload_is_the_request_as_it_would_be_sent_without_its_secret(
    ours: Group, clock: Clock, receiver: Receiver
) -> None:
    _posts_to(ours, receiver)

    shown = vigilia("preview", "our-day", "--payload").json
    vigilia("send", "our-day", "--channel", "team")

    (sent,) = receiver.wait_for(1)
    assert list(shown) == ["method", "url", "headers", "json"]
    assert shown["method"] == "POST"
    assert shown["url"].endswith("***") and "XXXX" not in str(shown)
    assert shown["json"] == sent.json


def test_the_payload_of_a_channel_with_a_message_for_each_language_is_one_of_them(
    ours: Group, clock: Clock, receiver: Receiver
) -> None:
    _posts_to(ours, receiver, 'languages = ["en", "fr"]\nlayout = "separate"\n')

    both = vigilia("preview", "our-day", "--payload", "--channel", "team")
    french = vigilia("preview", "our-day", "--payload", "--channel", "team", "--language", "fr")
    vigilia("send", "our-day", "--channel", "team")

    english_sent, french_sent = receiver.wait_for(2)
    assert both.json["json"] == english_sent.json
    assert french.json["json"] == french_sent.json
    assert "team gets each language by itself; --language fr shows another." in both.err
    assert "Our day" in vigilia("preview", "our-day", "--channel", "team").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("our-dya",), 1, "There is no day 'our-dya'. Did you mean 'our-day'?"),
        (("genocide-convention-adopted",), 1, "is recorded as not posted"),
        (("our-day", "--on", "2026-03-06"), 2, "does not fall on 2026-03-06. In 2026: 2026-03-05."),
        (("our-day", "--on", "5 March"), 2, "'5 March' is not a date; write it as 2026-12-09."),
        (("our-day", "--language", "xx"), 2, "There is no language 'xx': there are en, es, fr."),
        (("our-day", "--language", "es"), 1, "our-day"),
        (("our-day", "--channel", "taem"), 1, "Did you mean 'team'?"),
        (("our-day", "--payload"), 2, "--payload needs --channel NAME; there are: team, other."),
        (("once-day",), 2, "'once-day' does not come again; give a date with --on."),
        (("once-day", "--on", "2026-01-01"), 2, "'once-day' does not fall on 2026-01-01."),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_sentence(
    ours: Group, clock: Clock, words: tuple[str, ...], code: int, said: str
) -> None:
    ours.channels(CHANNEL + CHANNEL.replace("team", "other"))
    ours.days(DAY + DAY.replace("our-day", "once-day").replace("5 March", "5 March 2020"))

    ended = vigilia("preview", *words)

    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err


# simulate


def test_ten_years_have_their_dates_no_key_twice_and_sources_in_every_message(
    in_group: Group, clock: Clock
) -> None:
    in_group.channels(
        '[channels.plain]\nplatform = "inbox"\n'
        '[channels.far]\nplatform = "inbox"\ninclude = ["yom-hashoah"]\npost_at = "00:00"\n'
        'timezone = "Pacific/Kiritimati"\nlanguages = ["es"]\n'
    )

    posts = vigilia("simulate", "--from", "2026-12-01", "--to", "2036-12-31").lines

    assert all(list(post) == ["at", "key", "channel", "title", "body"] for post in posts)
    keys = [post["key"] for post in posts]
    assert len(set(keys)) == len(keys)
    ats = [post["at"] for post in posts]
    assert ats == sorted(ats)
    expected = {
        date(year, int(on[:2]), int(on[3:])): id_
        for year in range(2026, 2037)
        for on, id_ in EVERY_YEAR.items()
    } | MILESTONES
    assert [key.split("/")[:2] for key in keys if "/plain/" in key] == [
        [id_, str(on)] for on, id_ in sorted(expected.items()) if on >= date(2026, 12, 1)
    ]
    far = [post for post in posts if post["channel"] == "far"]
    assert [post["key"].split("/")[1] for post in far] == [
        str(on) for on in YOM_HASHOAH if on.year > 2026
    ]
    # Midnight in Kiritimati is ten in the morning of the day before in London.
    assert all(post["at"].endswith("T10:00:00Z") for post in far)
    for post in posts:
        label = "Fuentes" if post["channel"] == "far" else "Sources"
        assert re.search(rf"\n\n{label}\n\n- \[.+\]\(https?://", post["body"])


def test_a_simulation_lists_the_local_dates_from_the_first_to_the_last(
    ours: Group, clock: Clock
) -> None:
    zones = {"east": "Pacific/Kiritimati", "west": "Etc/GMT+12"}
    ours.channels(
        "".join(
            f'[channels.{name}]\nplatform = "inbox"\ninclude = ["own"]\npost_at = "{at}"\n'
            f'timezone = "{zone}"\nmin_gap = "0h"\n'
            for name, zone, at in (
                ("east", zones["east"], "00:00"),
                ("west", zones["west"], "23:59"),
            )
        )
    )
    ours.days(
        DAY.replace("5 March", "4 March")
        + DAY.replace("our-day", "next").replace("5 March", "5 March")
        + DAY.replace("our-day", "last").replace("5 March", "6 March")
    )

    one = vigilia("simulate", "--from", "2027-03-05", "--to", "2027-03-05").lines

    assert [(post["key"], post["at"]) for post in one] == [
        ("next/2027-03-05/0/east/en", "2027-03-04T10:00:00Z"),
        ("next/2027-03-05/0/west/en", "2027-03-06T11:59:00Z"),
    ]
    west = vigilia("simulate", "--from", "2027-03-05", "--to", "2027-03-06", "--channel", "west")
    assert [post["key"] for post in west.lines] == [
        "next/2027-03-05/0/west/en",
        "last/2027-03-06/0/west/en",
    ]


def test_a_simulation_holds_both_languages_the_actions_and_an_approval(
    ours: Group, clock: Clock
) -> None:
    ours.channels(CHANNEL + 'languages = ["en", "fr"]\n')
    ours.days(DAY.replace("on =", 'approval = true\nactions = ["one"]\non ='))

    (post,) = vigilia("simulate", "--from", "2027-03-05", "--to", "2027-03-05").lines

    english, french = post["body"].split("\n\n---\n\n")
    assert post["title"] == "Our day"
    assert "On 5 March 2027 we meet." in english
    assert re.search(r"\n\n- .+ \[.+\]\(https://", english)
    assert english.endswith("\n\nSources\n\n- [Our page](https://example.org/day)")
    assert french.startswith("## Notre jour\n\nNous nous retrouvons le 5 mars 2027.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("2027-01-02", "2027-01-01"), "--to is before --from."),
        (("soon", "2027-01-01"), "--from: 'soon' is not a date; write it as 2026-12-09."),
        (("2027-01-01", "9999-12-31"), "The calendar reaches from 1584 to 4098."),
        (("0001-01-01", "2027-01-01"), "The calendar reaches from 1584 to 4098."),
    ],
)
def test_a_period_that_cannot_be_is_wrong_usage(
    ours: Group, words: tuple[str, str], said: str
) -> None:
    ended = vigilia("simulate", "--from", words[0], "--to", words[1])

    assert (ended.code, ended.err.strip()) == (2, said)


def test_a_simulation_ends_where_a_message_cannot_be_written(ours: Group, clock: Clock) -> None:
    ours.days(DAY.replace("{{ date }} we meet", "{{ nothing }} we meet"))

    ended = vigilia("simulate", "--from", "2027-03-01", "--to", "2027-03-31", "--channel", "team")

    assert (ended.code, ended.out) == (1, "")
    assert "our-day/2027-03-05/0/team/en: " in ended.err
    assert "nothing" in ended.err


# history, inbox and decisions


def test_what_was_posted_is_listed_for_programs_and_people(ours: Group, clock: Clock) -> None:
    _began(ours)
    assert vigilia("run", "--once").code == 0

    (row,) = vigilia("history", "--json").json
    assert list(row)[:11] == [
        "key",
        "observance",
        "date",
        "channel",
        "state",
        "attempts",
        "due_at",
        "settled_at",
        "outcome",
        "detail",
        "remote_id",
    ]
    assert (row["key"], row["observance"], row["date"]) == (KEY, "our-day", "2026-03-05")
    assert (row["channel"], row["state"], row["attempts"]) == ("team", "delivered", 1)
    assert (row["due_at"], row["settled_at"][:17]) == ("2026-03-05T14:00:00Z", "2026-03-05T14:30:")
    people = vigilia("history")
    assert re.search(rf"2026-03-05 09:00 EST +delivered +team +1 +{re.escape(KEY)}", people.out)
    assert people.err == ""
    assert "the newest 1; --limit shows more" in vigilia("history", "--limit", "1").err
    assert vigilia("history", "--state", "failed").out == "Nothing is recorded that fits.\n"
    assert vigilia("history", "--observance", "our-day", "--json").json == [row]
    assert vigilia("history", "--channel", "none", "--json").json == []
    wrong = vigilia("history", "--state", "deliverd")
    assert wrong.code == 2
    assert "There is no state 'deliverd'. Did you mean 'delivered'?" in wrong.err


def test_the_history_of_a_channel_that_is_gone_is_told_in_the_usual_time_zone(
    ours: Group, clock: Clock
) -> None:
    _began(ours)
    vigilia("run", "--once")
    ours.channels(CHANNEL.replace("team", "new"))

    assert re.search(r"2026-03-05 09:00 EST +delivered +team", vigilia("history").out)


def test_a_new_ledger_has_nothing_to_tell(ours: Group, clock: Clock) -> None:
    _began(ours)

    assert vigilia("history").out == "Nothing is recorded yet.\n"
    assert vigilia("inbox").out == "The inbox is empty.\n"
    assert vigilia("inbox", "--json").json == []


def test_the_inbox_shows_the_words(ours: Group, clock: Clock) -> None:
    _began(ours)
    vigilia("run", "--once")

    assert "On 5 March 2026 we meet." in vigilia("inbox").out
    (message,) = vigilia("inbox", "--json", "--channel", "team").json
    assert (message["key"], message["channel"]) == (KEY, "team")
    assert message["message"]["parts"][0]["title"] == "Our day"


def test_what_failed_is_retried(ours: Group, clock: Clock, receiver: Receiver) -> None:
    _posts_to(ours, receiver)
    receiver.answer(f"/services/{SECRET}", Answer(400, b"invalid_payload"), Answer(200, b"ok"))
    sent = vigilia("send", "our-day", "--channel", "team")
    assert sent.code == 1 and f"{KEY}: failed" in sent.out

    ended = vigilia("retry", KEY)

    assert ended.code == 0 and "is ready again" in ended.out
    assert vigilia("run", "--once").code == 0
    assert _states() == {KEY: "delivered"}
    assert vigilia("retry", KEY).code == 1
    assert "was delivered" in vigilia("retry", KEY).err
    assert "No posting has the key nosuch" in vigilia("retry", "nosuch").err


@pytest.mark.parametrize("how", ["delivered", "resend"])
def test_what_is_unknown_is_resolved_by_a_person(
    ours: Group, clock: Clock, receiver: Receiver, how: str
) -> None:
    _posts_to(ours, receiver)
    receiver.answer(f"/services/{SECRET}", Answer(close=True), Answer(200, b"ok"))
    assert vigilia("send", "our-day", "--channel", "team", "--json").json == [
        {"key": KEY, "state": "unknown", "detail": _any_text()}
    ]

    ended = vigilia("resolve", KEY, f"--{how}", "--why", "We looked.")

    assert ended.code == 0 and KEY in ended.out
    vigilia("run", "--once")
    assert _states() == {KEY: "delivered"}
    assert len(receiver.requests) == (1 if how == "delivered" else 2)
    assert vigilia("resolve", KEY, "--delivered").code == 1


def test_a_resolution_is_one_of_two(ours: Group) -> None:
    for words in ((), ("--delivered", "--resend")):
        ended = vigilia("resolve", KEY, *words)
        assert (ended.code, ended.err) == (2, "Say either --delivered or --resend.\n")


def test_a_day_that_needs_it_waits_for_approval(ours: Group, clock: Clock) -> None:
    ours.days(DAY.replace("on =", "approval = true\non ="))
    _began(ours)
    vigilia("run", "--once")
    (held,) = vigilia("history", "--json").json
    assert (held["state"], held["held_for"]) == ("held", "approval")
    assert "held (approval)" in vigilia("history").out

    assert vigilia("approve", KEY, "--why", "Read.").out == f"{KEY} is approved.\n"

    assert vigilia("run", "--once").code == 0
    assert _states() == {KEY: "delivered"}


def test_a_coming_posting_is_approved_before_it_is_due(ours: Group, clock: Clock) -> None:
    ours.days(DAY.replace("on =", "approval = true\non ="))
    _began(ours)
    with time_machine.travel(MORNING - timedelta(hours=10)):
        assert vigilia("approve", KEY).code == 0

    vigilia("run", "--once")

    assert _states() == {KEY: "delivered"}


def test_a_coming_posting_is_skipped_once(ours: Group, clock: Clock) -> None:
    _began(ours)
    with time_machine.travel(MORNING - timedelta(hours=10)):
        assert vigilia("skip", KEY, "--why", "Not now.").out == f"{KEY} will not be posted.\n"

    vigilia("run", "--once")

    assert _states() == {KEY: "skipped"}


def test_a_key_that_no_posting_has_is_refused_with_the_nearest(ours: Group, clock: Clock) -> None:
    _began(ours)

    near = vigilia("skip", "our-day/2026-03-05/0/team/fr")
    far = vigilia("approve", "nosuch")

    assert (near.code, far.code) == (1, 1)
    assert f"Did you mean '{KEY}'?" in near.err
    assert "`vigilia upcoming --json` lists the keys." in far.err


def test_a_pause_holds_everything_until_it_is_ended(ours: Group, clock: Clock) -> None:
    _began(ours)
    assert vigilia("pause", "--until", "2026-03-06T09:00:00-05:00").code == 0
    vigilia("run", "--once")
    assert vigilia("history", "--json").json[0]["held_for"] == "pause"
    assert "Everything is held until" in vigilia("send", "our-day", "--channel", "team").err

    assert vigilia("resume").out == "Posting goes on.\n"

    vigilia("run", "--once")
    assert _states() == {KEY: "delivered"}


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2026-03-05T09:00:00", "has no time zone; add it, such as 2026-03-05T09:00:00-05:00"),
        ("tomorrow", "'tomorrow' is not an instant; write it as 2026-12-09T09:00:00-05:00."),
        ("2026-03-05T14:00:00Z", "--until has passed already."),
    ],
)
def test_a_pause_ends_at_an_instant_to_come(
    ours: Group, clock: Clock, until: str, said: str
) -> None:
    _began(ours)

    ended = vigilia("pause", "--until", until)

    assert ended.code == 2 and said in ended.err


def test_who_decided_is_known_even_where_the_machine_does_not_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bot.cli.ledger_commands import who

    monkeypatch.setenv("LOGNAME", "an-editor")
    assert who() == "an-editor"

    def nobody() -> str:
        raise OSError

    monkeypatch.setattr("getpass.getuser", nobody)
    assert who() == "operator"


# channels test


def test_a_test_message_that_arrives_is_said_to(
    ours: Group, clock: Clock, receiver: Receiver
) -> None:
    _posts_to(ours, receiver)

    ended = vigilia("channels", "test", "team")
    told = vigilia("channels", "test", "team", "--json").json

    assert ended.code == 0
    assert "took the test message for channel 'team'" in ended.out
    assert list(told) == ["channel", "platform", "outcome", "reason", "detail", "message"]
    assert (told["channel"], told["platform"], told["outcome"]) == ("team", "slack", "delivered")
    assert "test" in str(receiver.requests[0].json).lower()
    assert not (ours.root / "var").exists()


@pytest.mark.parametrize(
    ("answer", "outcome", "said"),
    [
        (Answer(404, b"no_service"), "rejected", "Make a new one"),
        (Answer(429, b"", {"Retry-After": "30"}), "retry", "Try again later."),
        (Answer(500), "retry", "trouble of its own"),
        (Answer(302, b"", {"Location": "https://example.org"}), "rejected", "leads elsewhere"),
        (Answer(close=True), "unknown", "no answer came"),
    ],
)
def test_a_test_message_that_does_not_arrive_is_explained(
    ours: Group, clock: Clock, receiver: Receiver, answer: Answer, outcome: str, said: str
) -> None:
    _posts_to(ours, receiver)
    receiver.answer(f"/services/{SECRET}", answer)

    ended = vigilia("channels", "test", "team")
    told = vigilia("channels", "test", "team", "--json")

    assert (ended.code, told.code) == (1, 1)
    assert said in ended.out
    assert told.json["outcome"] == outcome
    assert SECRET not in ended.out + ended.err + told.out + told.err


def test_a_good_test_ends_the_pause_of_a_channel_whose_address_was_gone(
    ours: Group, clock: Clock, receiver: Receiver
) -> None:
    _posts_to(ours, receiver)
    receiver.answer(f"/services/{SECRET}", Answer(404, b"no_service"), Answer(200, b"ok"))
    vigilia("send", "our-day", "--channel", "team")
    assert vigilia("channels", "--json").json[0]["state"].startswith("paused")

    ended = vigilia("channels", "test", "team")

    assert "It was paused and is not any more" in ended.out
    assert vigilia("channels", "--json").json[0]["state"] == "active"


def test_a_test_of_the_inbox_needs_the_ledger_that_keeps_it(ours: Group, clock: Clock) -> None:
    without = vigilia("channels", "test", "team")
    assert (without.code, without.err.count("\n")) == (1, 1)
    assert "There is no ledger yet" in without.err
    _began(ours)

    assert vigilia("channels", "test", "team").code == 0
    assert "test" in vigilia("inbox").out.lower()


def test_a_test_of_no_channel_is_refused(ours: Group) -> None:
    assert "Did you mean 'team'?" in vigilia("channels", "test", "taem").err


# health


def test_health_tells_whether_a_service_lives(ours: Group, clock: Clock) -> None:
    assert vigilia("health").code == 1
    _began(ours)

    stopped = vigilia("health", "--json")

    assert stopped.code == 1
    assert list(stopped.json)[:4] == ["alive", "message", "alive_at", "ledger"]
    assert stopped.json["alive"] is False
    assert stopped.json["ledger"]["delivered"] == 0


# What is wrong: one sentence, exit code 1, nothing posted, nothing changed


def _without_vigilia_toml(ours: Group) -> None:
    (ours.config / "vigilia.toml").unlink()


def _template(ours: Group) -> None:
    folder = ours.root / "templates" / "en"
    folder.mkdir(parents=True)
    (folder / "our-day.md.j2").write_text("{{ opening }} {{ nosuch }}", "utf-8")


_SLACK = '[channels.team]\nplatform = "slack"\nurl = "${NO_URL}"\ninclude = ["own"]\n'

_WRONG: dict[str, tuple[Callable[[Group], Any], str]] = {
    "a missing variable": (
        lambda g: g.channels(_SLACK),
        "config/channels.toml, channels.team: 'url': The variable NO_URL is not set.",
    ),
    "an unknown key": (
        lambda g: g.channels(CHANNEL + 'timezon = "UTC"'),
        "channels.team: The key 'timezon' is unknown. Did you mean 'timezone'?",
    ),
    "a bad phrase": (
        lambda g: g.days(DAY.replace("5 March", "31 June")),
        "config/observances/own.toml, our-day: The date '31 June' cannot be used",
    ),
    "a template with an undefined value": (_template, "nosuch"),
    "two channels of one name": (
        lambda g: g.channels(CHANNEL + CHANNEL),
        "config/channels.toml: [channels.team] stands there twice (line 6).",
    ),
    "an unknown time zone": (
        lambda g: g.channels(CHANNEL + 'timezone = "Mars/Olympus"'),
        "channels.team: 'timezone': 'Mars/Olympus' is not a known time zone.",
    ),
    "a language that an entry lacks": (
        lambda g: g.channels(CHANNEL + 'languages = ["es"]'),
        "config/observances/own.toml, our-day: The language 'es' is not complete",
    ),
    "an http address to a public host": (
        lambda g: g.channels(_SLACK.replace("${NO_URL}", "http://hooks.slack.com/services/a/b/c")),
        "channels.team: The address begins with http://",
    ),
    "a file that is not UTF-8": (
        lambda g: (g.config / "channels.toml").write_bytes(b"# caf\xe9\n"),
        "config/channels.toml: The file is not UTF-8 text (byte 6). Save it as UTF-8.",
    ),
    "a file that is not TOML": (
        lambda g: g.channels(CHANNEL + "languages = [\n"),
        "config/channels.toml: This is not TOML: ",
    ),
    "no channel": (
        lambda g: g.channels(""),
        "config/channels.toml: There is no channel yet: write one as a table [channels.NAME].",
    ),
    "a disabled day that is included": (
        lambda g: g.channels(CHANNEL.replace('"own"', '"own", "genocide-convention-adopted"')),
        "`include` names 'genocide-convention-adopted', which is recorded as not posted",
    ),
    "no vigilia.toml": (_without_vigilia_toml, "config/vigilia.toml: There is no such file"),
    "a .env that cannot be read": (
        lambda g: g.variables('A="\n'),
        ".env: Line 1 is not NAME=value",
    ),
}


@pytest.mark.parametrize("what", _WRONG)
@pytest.mark.parametrize("command", [("run", "--once"), ("check",)])
def test_a_wrong_file_is_one_sentence_and_nothing_is_posted(
    ours: Group, clock: Clock, what: str, command: tuple[str, ...]
) -> None:
    _began(ours)
    before = _files(ours.root / "var")
    change, said = _WRONG[what]
    change(ours)

    ended = vigilia(*command)

    text = ended.out if command == ("check",) else ended.err
    (line,) = [line for line in text.splitlines() if said in line]
    assert ended.code == 1
    if command != ("check",):
        assert ended.err.splitlines() == [line]
    assert _files(ours.root / "var") == before


def test_nothing_is_sent_by_hand_while_a_text_cannot_be_written(
    ours: Group, clock: Clock, receiver: Receiver
) -> None:
    _posts_to(ours, receiver)
    _template(ours)

    ended = vigilia("send", "our-day", "--channel", "team")

    assert (ended.code, ended.out) == (1, "")
    assert "nosuch" in ended.err
    assert receiver.requests == []
    assert not (ours.root / "var").exists()


def test_a_config_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    ended = vigilia("upcoming", "--config", tmp_path / "nowhere")

    assert (ended.code, ended.out) == (1, "")
    assert "nowhere: No such folder. `vigilia init DIR` writes a starter" in ended.err


def test_a_problem_is_given_to_programs_in_parts(ours: Group) -> None:
    ours.channels(CHANNEL + "ulr = 1")

    ended = vigilia("check", "--json")

    assert ended.code == 1
    assert [list(problem) for problem in ended.json] == [
        ["level", "code", "file", "entry", "message"]
    ]
    assert ended.json[0]["file"] == "config/channels.toml"


def _newer(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("UPDATE meta SET value = '9998' WHERE key = 'serves'")
    connection.close()


_READING = [("history",), ("inbox",), ("channels",)]
_DECIDING = [("retry", KEY), ("approve", KEY), ("resume",), ("run", "--once")]


@pytest.mark.parametrize("command", [*_READING, *_DECIDING])
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_newer, "was written by a newer Vigilia"),
        (lambda file: file.write_bytes(b"This is no database." * 400), "vigilia.db"),
    ],
)
def test_a_ledger_that_cannot_be_used_is_one_sentence_and_left_as_it_is(
    ours: Group, clock: Clock, command: tuple[str, ...], damage: Callable[[Path], None], said: str
) -> None:
    _began(ours)
    file = ours.root / "var" / "vigilia.db"
    damage(file)
    before = file.read_bytes()

    ended = vigilia(*command)

    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err
    assert ended.err.count("\n") == 1
    assert file.read_bytes() == before


@pytest.mark.parametrize("command", [("history",), ("resume",), ("skip", KEY), ("inbox",)])
def test_without_a_ledger_it_is_said_how_one_comes_to_be(
    ours: Group, clock: Clock, command: tuple[str, ...]
) -> None:
    ended = vigilia(*command)

    assert (ended.code, ended.out) == (1, "")
    assert "There is no ledger yet" in ended.err
    assert not (ours.root / "var").exists()


def _files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix == ".db"}


class _AnyText:
    def __eq__(self, other: object) -> bool:
        return isinstance(other, str)

    __hash__ = None  # type: ignore[assignment]


def _any_text() -> Any:
    return _AnyText()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("send", "our-day", "--channel", "team", "--on", "2026-03-06"), "does not fall on 2026"),
        (("run", "--once", "--speed", "2"), "--speed goes with --at."),
        (("run", "--once", "--since", "yesterday"), "--since: 'yesterday' is not an instant"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage_and_nothing_is_posted(
    ours: Group, clock: Clock, words: tuple[str, ...], said: str
) -> None:
    ended = vigilia(*words)

    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert not (ours.root / "var").exists()


def test_what_a_platform_leaves_out_is_said_in_the_preview(
    ours: Group, clock: Clock, receiver: Receiver
) -> None:
    separate = 'languages = ["en"]\nlayout = "separate"\n'
    url = receiver.url("/api/webhooks/1/abc")
    ours.settings(f'[network]\ntrusted_hosts = ["{receiver.address}"]\n')
    long = "It matters to us, and this is why. " * 100
    ours.days(DAY.replace("It matters to us.", rf"{long}\n\n{long}"))
    for more in ("", separate):
        ours.channels(
            f'[channels.team]\nplatform = "discord"\nurl = "{url}"\ninclude = ["own"]\n{more}'
        )
        assert "\nOn discord: " in vigilia("preview", "our-day", "--channel", "team").out
