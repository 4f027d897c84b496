"""What a channel posts next is remembered, and never beyond its time or its configuration."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.web.forecast import Forecast
from tests.page import NOW, Stage

MOMENT = timedelta(microseconds=1)


def test_what_a_channel_posts_next_is_another_once_it_was_due(shown: Stage) -> None:
    forecast = Forecast(shown.project, NOW)
    first = forecast.next_of("ottawa", NOW)
    assert first is not None
    assert forecast.next_of("ottawa", first.due_at - MOMENT) == first

    second = forecast.next_of("ottawa", first.due_at)

    assert second is not None
    assert second.due_at > first.due_at
    assert second == forecast.of_channel("ottawa", first.due_at, 1)[0]


def test_what_a_channel_posts_next_is_true_of_an_earlier_instant_too(shown: Stage) -> None:
    forecast = Forecast(shown.project, NOW)
    first = forecast.next_of("ottawa", NOW)
    assert first is not None
    forecast.next_of("ottawa", first.due_at)

    assert forecast.next_of("ottawa", NOW) == first


def test_another_configuration_has_a_forecast_of_its_own(stage: Stage) -> None:
    before = stage.site.forecast()
    first = before.next_of("ottawa", NOW)
    assert first is not None and stage.site.forecast() is before
    ottawa = stage.project.channels["ottawa"]
    later = (ottawa.post_at.hour + 1) % 24
    channels = {"ottawa": replace(ottawa, post_at=ottawa.post_at.replace(hour=later))}
    project = replace(stage.project, channels=channels)

    stage.site.project = lambda: project

    moved = stage.site.forecast().next_of("ottawa", NOW)
    assert moved is not None and moved.due_at != first.due_at
