"""A group's files: what they give, and the one sentence for each thing that is wrong."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import ConfigError, VigiliaError
from bot.project.load import known_languages, load_project
from bot.project.starter import write_starter
from tests.group import CHANNEL, DAY, Group

SLACK = "https://hooks.slack.com/services/T00000000/B00000000/" + "X" * 24


def test_a_group_has_its_own_day_beside_all_that_ships(group: Group) -> None:
    project = group.load()

    assert "our-day" in project.by_id
    assert "genocide-prevention-day" in project.by_id
    assert project.days.texts["our-day"].file == "config/observances/own.toml"
    assert "shipped with Vigilia" in project.days.texts["genocide-prevention-day"].file
    assert list(project.channels) == ["team"]
    assert project.warnings == ()


def test_a_channel_has_what_the_settings_say_unless_it_says_otherwise(group: Group) -> None:
    group.settings('timezone = "America/Mexico_City"\npost_at = "08:15"\nuseful_for = "12h"\n')
    group.channels(
        CHANNEL + '[channels.other]\nplatform = "inbox"\ninclude = ["own"]\n'
        'timezone = "UTC"\npost_at = "00:00"\nuseful_for = "1h"\nlanguages = ["fr"]\n'
    )

    team, other = group.load().channels.values()

    assert (team.timezone.key, f"{team.post_at:%H:%M}") == ("America/Mexico_City", "08:15")
    assert (other.timezone.key, f"{other.post_at:%H:%M}") == ("UTC", "00:00")
    assert (team.useful_for.total_seconds(), other.useful_for.total_seconds()) == (43200, 3600)
    assert (team.languages, other.languages) == (("en",), ("fr",))


def test_a_day_of_the_group_replaces_the_one_of_the_same_id(group: Group) -> None:
    group.days(DAY.replace("our-day", "human-rights-day"))

    assert group.load().by_id["human-rights-day"].phrase == "5 March"


def test_a_disabled_day_is_gone_and_its_reason_kept(group: Group) -> None:
    group.days(DAY + '[human-rights-day]\ndisabled = true\nreason = "We mark it elsewhere."\n')

    project = group.load()

    assert "human-rights-day" not in project.by_id
    assert project.days.disabled["human-rights-day"].reason == "We mark it elsewhere."


def test_facts_and_actions_of_the_group_replace_and_disable_by_id(group: Group) -> None:
    shipped = group.load()
    fact, other_fact = list(shipped.facts)[:2]
    action, other_action = list(shipped.actions)[:2]
    (group.config / "facts.toml").write_text(
        f'[{fact}]\nvalue = 7\nas_of = "2026-10"\nreview = 2030-01-01\n'
        'text.en = "on {date} there were {value}"\n'
        'source = { title = "Page", url = "https://example.org" }\n'
        f"[{other_fact}]\ndisabled = true\n",
        "utf-8",
    )
    (group.config / "actions.toml").write_text(
        f'[{action}]\nwho = ["individuals"]\ntext.en = "Consider it."\n'
        'links = [{ title = "Page", url = "https://example.org" }]\n'
        f"[{other_action}]\ndisabled = true\n",
        "utf-8",
    )

    project = group.load()

    assert (project.facts[fact].value, project.facts[fact].as_of) == (7, "2026-10")
    assert project.actions[action].text == {"en": "Consider it."}
    assert other_fact not in project.facts
    assert other_action not in project.actions


def test_the_languages_are_those_that_have_a_file(group: Group) -> None:
    added = group.root / "templates" / "pt" / "language.toml"
    added.parent.mkdir(parents=True)
    added.write_text("", "utf-8")

    assert known_languages(group.load().places) == ("en", "es", "fr", "pt")


# What is wrong, and where

_WRONG_CHANNELS = [
    ("", "config/channels.toml: There is no channel yet: write one as a table [channels.NAME]."),
    ("[channels]\n", "config/channels.toml: There is no channel yet"),
    ("channels = 3\n", "channels: 'channels' must be tables: [channels.NAME]"),
    (CHANNEL + "[channel.x]\n", "channel: The key 'channel' is unknown: each channel is a table"),
    (CHANNEL + '[channels.team]\nplatform = "inbox"\n', "[channels.team] stands there twice (li"),
    ('[channels."My Team"]\nplatform = "inbox"', "A name has small letters, digits and hyphens"),
    ("[channels]\nteam = 3\n", "channels.team: This must be a table: [channels.team]"),
    ("[channels.team]\n", "channels.team: The key 'platform' is missing, such as"),
    ('[channels.team]\nplatfrom = "inbox"', "The key 'platfrom' is unknown. Did you mean 'platf"),
    ("[channels.team]\nplatform = 3", "'platform' must be text in quotes"),
    ('[channels.team]\nplatform = "slak"', "There is no platform 'slak'. Did you mean 'slack'?"),
    (CHANNEL + "ulr = 1", "channels.team: The key 'ulr' is unknown."),
    (CHANNEL + 'timezon = "UTC"', "The key 'timezon' is unknown. Did you mean 'timezone'?"),
    (CHANNEL + 'timezone = "Amerika/Toronto"', "Did you mean 'America/Toronto'?"),
    (CHANNEL + 'languages = ["de"]', "There is no language 'de': there are en, es, fr."),
    (
        CHANNEL + 'languages = ["es"]',
        "config/observances/own.toml, our-day: The language 'es' is not complete: ",
    ),
    (CHANNEL.replace("own", "won"), "`include` names 'won', which is no theme and no day. Did you"),
    (CHANNEL + 'exclude = ["our-dya"]', "`exclude` names 'our-dya', which is no theme and no day."),
    (
        CHANNEL.replace('"own"', '"own", "genocide-convention-adopted"'),
        "`include` names 'genocide-convention-adopted', which is recorded as not posted: ",
    ),
    (
        '[channels.team]\nplatform = "slack"\nurl = "${SLACK_URL}"\ninclude = ["own"]',
        "config/channels.toml, channels.team: 'url': The variable SLACK_URL is not set. Write SLAC",
    ),
    (
        '[channels.team]\nplatform = "discord"\nurl = "http://example.org/"\ninclude = ["own"]',
        "channels.team: The address begins with http://, so anyone on the way could read it",
    ),
    ("[channels.team\n", "config/channels.toml: This is not TOML: "),
]


@pytest.mark.parametrize(("text", "said"), _WRONG_CHANNELS)
def test_what_is_wrong_with_a_channel_is_one_sentence(group: Group, text: str, said: str) -> None:
    group.channels(text)

    assert said in group.problem()


_WRONG_DAYS = [
    (DAY.replace("5 March", "31 June"), "own.toml, our-day: The date '31 June' cannot be used: "),
    (DAY.replace("5 March", "the Ides"), "The forms are: '9 December'; 'fourth Saturday of Nov"),
    (DAY.replace("name.en", "nmae.en").replace("name.fr", "#"), "The key 'nmae' is unknown. Did"),
    (DAY.replace("our-day", "Our_day"), "'Our_day' cannot be an id: small letters, digits"),
    (DAY.replace("our-day", "monthly-digest"), "'monthly-digest' is the name of the month's list"),
    ("own = 3\n" + DAY, "own: This must be a table: [own] on a line of its own"),
    (DAY.replace("on =", 'part_of = "our-day"\non ='), "`part_of` names the day itself."),
    (DAY.replace("on =", 'beside = ["nosuch"]\non ='), "`beside` names 'nosuch', which is no day."),
    (
        DAY.replace("on =", 'not_with = ["human-right-day"]\non ='),
        "`not_with` names 'human-right-day', which is no day. Did you mean 'human-rights-day'?",
    ),
    (DAY.replace("on =", "shift = { fryday = 1 }\non ="), "shift names 'fryday', which is not a"),
    (DAY.replace("on =", 'moved = { 2028 = "1 May" }\non ='), "moved gives '1 May' for 2028"),
    (DAY.replace("kind", "disabled = 3\nkind"), "'disabled' must be false."),
]


@pytest.mark.parametrize(("text", "said"), _WRONG_DAYS)
def test_what_is_wrong_with_a_day_is_one_sentence(group: Group, text: str, said: str) -> None:
    group.channels('[channels.team]\nplatform = "inbox"\ninclude = ["core"]\n')
    group.days(text)

    problem = next(p for p in group.problems() if p.code != "no-channel")

    assert said in str(problem)
    assert problem.file == "config/observances/own.toml"


def test_a_day_that_two_files_declare_is_named_with_both(group: Group) -> None:
    group.days(DAY, "twin")

    assert group.problem() == (
        "config/observances/twin.toml, our-day: The id 'our-day' stands in "
        "config/observances/own.toml too. Give each a name of its own."
    )


def test_a_disabled_day_that_says_nonsense_is_refused(group: Group) -> None:
    group.days(DAY + "[quiet-day]\ndisabled = true\nreason = 5\n")

    assert "quiet-day: 'reason' must be text in quotes." in group.problem()


def test_a_broken_file_of_days_is_named(group: Group) -> None:
    group.days("[", "broken")

    assert "config/observances/broken.toml: This is not TOML" in group.problem()


@pytest.mark.parametrize("as_of", ['"October"', '"2026-13"'])
def test_a_fact_with_a_date_that_is_none_is_refused(group: Group, as_of: str) -> None:
    (group.config / "facts.toml").write_text(
        f"[members]\nvalue = 7\nas_of = {as_of}\nreview = 2030-01-01\n"
        'text.en = "on {date} there were {value}"\n'
        'source = { title = "Page", url = "https://example.org" }\n',
        "utf-8",
    )

    assert "members: 'as_of' is " in group.problem()


def test_a_fact_and_an_action_are_judged_like_everything_else(group: Group) -> None:
    (group.config / "facts.toml").write_text("[members]\nvalu = 7\n", "utf-8")
    (group.config / "actions.toml").write_text("[join]\nwhom = 3\n", "utf-8")

    said = [str(problem) for problem in group.problems()]

    assert "config/facts.toml, members: The key 'valu' is unknown. Did you mean 'value'?" in said
    assert "config/actions.toml, join: The key 'whom' is unknown. Did you mean 'who'?" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[operator]\nchannel = 'taem'\n",
            "names 'taem', which is no channel. Did you mean 'team'",
        ),
        ("[ledger]\nurl = '${NO_SUCH}'\n", "'ledger.url': The variable NO_SUCH is not set."),
        ("[ledger]\nulr = 'x'\n", "The key 'ledger.ulr' is unknown. Did you mean 'url'?"),
        ("timezone = 'Nowhere/Land'\n", "'timezone': 'Nowhere/Land' is not a known time zone."),
        ("= 3", "config/vigilia.toml: This is not TOML"),
    ],
)
def test_what_is_wrong_with_the_settings_is_one_sentence(
    group: Group, text: str, said: str
) -> None:
    group.settings(text)

    assert said in group.problem()
    assert group.problem().startswith("config/vigilia.toml")


def test_an_operator_who_is_a_channel_is_accepted(group: Group) -> None:
    group.settings("[operator]\nchannel = 'team'\nping_url = '${PING}'\n")

    project = group.load({"PING": "https://ping.example.org/abcdef"})

    assert project.settings.operator.channel == "team"
    assert "abcdef" not in repr(project)


def test_broken_settings_do_not_make_good_addresses_wrong(group: Group) -> None:
    group.settings('[network]\ntrusted_hosts = ["127.0.0.1"]\n[ledger]\nulr = "x"\n')
    group.channels(
        '[channels.team]\nplatform = "slack"\nurl = "http://127.0.0.1/"\ninclude = ["own"]\n'
    )

    assert "ulr" in group.problem()


def test_settings_without_their_file_are_missed(group: Group) -> None:
    (group.config / "channels.toml").unlink()

    assert "config/channels.toml: There is no such file" in group.problem()


def test_everything_that_is_wrong_is_said_at_once(group: Group) -> None:
    group.settings("timezone = 'Nowhere'\n")
    group.channels('[channels.a]\nplatform = "x"\n[channels.b]\nplatform = "inbox"\nulr = 1\n')
    group.days(DAY.replace("5 March", "31 June"))

    assert len(group.problems()) == 4


def test_a_language_that_several_channels_ask_for_in_vain_is_one_problem(group: Group) -> None:
    names = ("a", "b", "c", "d", "e")
    group.channels(
        "".join(
            f'[channels.{n}]\nplatform = "inbox"\nlanguages = ["es"]\ninclude = ["own"]\n'
            for n in names
        )
    )

    assert "channels a, b, c and 2 more ask for it" in group.problem()


def test_an_unset_variable_hides_no_other_fault_of_the_channel(group: Group) -> None:
    group.channels(
        '[channels.team]\nplatform = "slack"\nurl = "${NO_URL}"\npost_at = "25:00"\n'
        'include = ["${NO_THEME}"]\n'
    )

    said = "\n".join(str(problem) for problem in group.problems())

    assert "'url': The variable NO_URL" in said
    assert "'include': The variable NO_THEME" in said
    assert "'25:00' is not a time of day" in said


# Secrets


def test_a_secret_in_the_file_is_accepted_with_a_warning(group: Group) -> None:
    group.channels(f'[channels.team]\nplatform = "slack"\nurl = "{SLACK}"\ninclude = ["own"]\n')

    (warning,) = group.load().warnings

    assert (warning.level, warning.code) == ("warning", "written-secret")
    assert warning.entry == "channels.team"
    assert "XXXXXXXX" not in str(warning)


def test_a_secret_from_a_variable_is_accepted_and_shown_nowhere(group: Group) -> None:
    group.channels('[channels.team]\nplatform = "slack"\nurl = "${SLACK_URL}"\ninclude = ["own"]\n')
    group.variables(f"SLACK_URL={SLACK}\n")

    project = group.load()

    assert project.warnings == ()
    assert "XXXXXXXX" not in repr(project)
    assert project.channels["team"].options.url.get_secret_value() == SLACK


_secrets = st.one_of(
    st.binary(min_size=9, max_size=30).map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=6, max_size=90),
    st.binary(min_size=9, max_size=30).map(
        lambda raw: f"https://hooks.slack.com/{base64.urlsafe_b64encode(raw).decode()}"
    ),
).filter(lambda text: len(text.strip()) >= 6)

_places_for_a_secret = [
    ("channel", "url"),
    ("channel", "timezone"),
    ("channel", "post_at"),
    ("channel", "useful_for"),
    ("channel", "spacing"),
    ("channel", "layout"),
    ("channel", "include"),
    ("channel", "exclude"),
    ("channel", "languages"),
    ("channel", "lead_days"),
    ("settings", "timezone"),
    ("settings", "post_at"),
    ("settings", "languages"),
    ("settings", "useful_for"),
    ("settings", "operator.channel"),
    ("settings", "delivery.workers"),
    ("settings", "ledger"),
]


@pytest.mark.parametrize(("file", "key"), _places_for_a_secret)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8)
@given(secret=_secrets)
def test_a_secret_under_the_wrong_key_is_not_read_in_the_refusal(
    file: str, key: str, secret: str, group: Group
) -> None:
    value = '["${SECRET}"]' if key in ("include", "exclude", "languages") else '"${SECRET}"'
    line = f"{key} = {value}\n"
    channel = '[channels.team]\nplatform = "slack"\ninclude = ["own"]\n'
    if key == "include":
        channel = channel.replace('include = ["own"]\n', "")
    url = "" if key == "url" else f'url = "{SLACK}"\n'
    group.channels(channel + url + (line if file == "channel" else ""))
    group.settings(line if file == "settings" else "")

    def refusal(value: str) -> str:
        problems = "\n".join(str(problem) for problem in group.problems({"SECRET": value}))
        return problems.replace("${SECRET}", "\0")

    readable = refusal(secret)
    for part in (secret.strip(), secret[-20:].strip()):
        if len(part) >= 6 and part not in refusal("\N{SNOWMAN}" * 12):
            assert part not in readable


@given(secret=st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=16, max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
def test_an_address_in_the_file_is_not_read_in_the_refusal_of_a_wrong_key(
    secret: str, group: Group
) -> None:
    written = f"https://hooks.slack.com/services/{secret}"
    group.channels(
        f'[channels.team]\nplatform = "inbox"\ntimezone = "{written}"\npost_at = "{written}"\n'
        f'spacing = "{written}"\n'
    )

    said = "\n".join(str(problem) for problem in group.problems())

    assert secret not in said
    assert "an address is not a known time zone" in said


# The starter


def test_the_starter_loads_as_it_is_written(tmp_path: Path) -> None:
    written = write_starter(tmp_path / "ours")

    project = load_project(cwd=tmp_path / "ours", environ={})

    assert all(path.is_file() for path in written)
    assert list(project.channels) == ["inbox"]
    assert project.warnings == ()


def test_the_samples_of_the_starter_hold_when_their_marks_are_taken_away(tmp_path: Path) -> None:
    write_starter(tmp_path)
    for name in ("observances/own.toml", "facts.toml", "actions.toml"):
        file = tmp_path / "config" / name
        lines = file.read_text("utf-8").splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("# ["))
        sample = [line.removeprefix("#").removeprefix(" ") for line in lines[start:]]
        file.write_text("\n".join(lines[:start] + sample), "utf-8")
    channels = tmp_path / "config" / "channels.toml"
    text = channels.read_text("utf-8").replace('languages = ["en", "fr", "es"]', "")
    channels.write_text(
        re.sub(r"(?m)^# (?=\[channels\.|[a-z_]+ = )", "", text)
        + '\n[channels.own]\nplatform = "inbox"\ninclude = ["own"]\n',
        "utf-8",
    )
    key = base64.b64encode(bytes(32)).decode()
    (tmp_path / ".env").write_text(
        f"SLACK_URL={SLACK}\nDISCORD_URL=https://discord.com/api/webhooks/1/abcdefgh\n"
        f"WEBSITE_WEBHOOK_URL=https://example.org/hook\nWEBSITE_WEBHOOK_SECRET=whsec_{key}\n",
        "utf-8",
    )

    project = load_project(cwd=tmp_path, environ={})

    assert {"our-vigil", "genocide-prevention-day"} <= set(project.by_id)
    assert project.by_id["our-vigil"].priority == 40
    assert "members" in project.facts
    assert "join-our-network" in project.actions
    assert set(project.channels) == {"inbox", "team", "comunidad", "website", "screen", "own"}


def test_the_starter_never_writes_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "facts.toml").write_text("mine", "utf-8")

    with pytest.raises(VigiliaError, match=r"facts\.toml is there already"):
        write_starter(tmp_path)
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["facts.toml"]


def test_a_starter_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", "utf-8")

    with pytest.raises(VigiliaError, match="cannot be written"):
        write_starter(tmp_path / "taken")


# What is asked of a project


def test_a_channel_is_given_by_name_or_refused_with_the_nearest(group: Group) -> None:
    project = group.load()

    assert project.channel("team").name == "team"
    with pytest.raises(ConfigError, match=r"'taem'\. Did you mean 'team'"):
        project.channel("taem")
    with pytest.raises(ConfigError, match=r"'xyz'\. There are: team"):
        project.channel("xyz")
