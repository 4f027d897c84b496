"""What ``channels test`` says of an answer, for somebody who has never seen a status code."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from bot.channels.channel import Channel
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.registry import PLATFORMS
from bot.cli.channel_commands import outcome_text


def said(platform: str, outcome: Outcome) -> str:
    channel = Channel("team", PLATFORMS[platform], None, ("en",), ZoneInfo("UTC"))
    return outcome_text(channel, outcome)


def test_where_a_new_address_is_made_is_said_of_the_platform() -> None:
    assert said("slack", Rejected(Reason.GONE, "HTTP 404: no_service", gone=True)) == (
        "Slack refused the test message. The webhook was removed. Make a new one at "
        "https://api.slack.com/apps, in your app under Incoming Webhooks, and put its address into "
        ".env. (HTTP 404: no_service)"
    )
    assert "Make a new one in Teams, in the channel's menu" in said(
        "teams", Rejected(Reason.UNAUTHORISED, gone=True)
    )


def test_what_a_platform_does_not_say_is_not_claimed() -> None:
    outcome = Delivered(detail="Teams has started the workflow; it does not say what it posts")
    assert said("teams", outcome).endswith(
        "(Teams has started the workflow; it does not say what it posts)"
    )
    assert said("inbox", Delivered()) == "The inbox took the test message for channel 'team'."


@pytest.mark.parametrize("name", PLATFORMS)
def test_each_reason_is_a_sentence_on_each_platform(name: str) -> None:
    for reason in Reason:
        for outcome in (Retry(reason), Rejected(reason), Unknown(reason)):
            text = said(name, outcome)
            assert "{" not in text
            assert "  " not in text
            assert (PLATFORMS[name].actor or PLATFORMS[name].called) in text
