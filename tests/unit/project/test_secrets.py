"""What the log must mask: every secret of a configuration, whole and in the forms libraries use."""

from __future__ import annotations

from pydantic import BaseModel, SecretStr
from pytest import MonkeyPatch

from bot.logs import SecretMask
from bot.project import secrets
from bot.project.secrets import secrets_of, tell_the_logs
from tests.group import Group


class _Options(BaseModel):
    url: SecretStr
    recipients: tuple[SecretStr, ...] = ()
    name: str = "plain"


def test_every_secret_of_the_options_is_told_and_of_an_address_what_follows_the_host() -> None:
    options = _Options(
        url=SecretStr("https://host.example/hook/abc?key=def"),
        recipients=(SecretStr("one-secret"), SecretStr("two-secret")),
    )

    assert set(secrets_of(options)) == {
        "https://host.example/hook/abc?key=def",
        "/hook/abc?key=def",
        "/hook/abc",
        "key=def",
        "one-secret",
        "two-secret",
    }


def test_an_address_without_a_path_gives_only_itself() -> None:
    options = _Options(url=SecretStr("https://host.example/"))

    assert list(secrets_of(options)) == ["https://host.example/"]


def test_the_mask_is_told_of_channels_and_of_the_operators_address(
    group: Group, monkeypatch: MonkeyPatch
) -> None:
    mask = SecretMask()
    monkeypatch.setattr(secrets, "SECRETS", mask)
    group.settings('[operator]\nping_url = "https://ping.example.org/9f8e7d"\n')
    group.channels(
        '[channels.team]\nplatform = "slack"\ninclude = ["own"]\n'
        'url = "https://hooks.slack.com/services/T0/B0/x1y2z3"\n'
    )

    tell_the_logs(group.load())

    said = mask(None, "info", {"event": "POST /services/T0/B0/x1y2z3 then /9f8e7d failed"})
    assert said == {"event": "POST *** then *** failed"}
