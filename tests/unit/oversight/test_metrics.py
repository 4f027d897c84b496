"""The numbers for Prometheus, as other people's code reads them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.channels.outcome import Reason
from bot.ledger.rows import Claim, Settled, Settlement, State
from bot.oversight.metrics import Metrics
from tests.page import CANARIES, NOW, Stage, staged
from tests.promtool import promtool


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path / "group") as stage:
        yield stage


Sample = tuple[str, frozenset[tuple[str, str]]]


def read(metrics: Metrics) -> dict[Sample, float]:
    """Gives each sample by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return read(metrics)[name, frozenset(labels.items())]


def settled(
    stage: Stage, state: State | None, reason: Reason, late_s: float = 3.0, platform: str = "slack"
) -> Settled:
    row = stage.ledger.delivery(stage.keys["delivered"])
    assert row is not None
    settlement = Settlement(State.DELIVERED, "delivered", reason)
    at = row.due_at + timedelta(seconds=late_s)
    return Settled(Claim(row, stage.run, 1, 1), settlement, at, state, platform=platform)


def test_promtool_has_no_complaint(stage: Stage) -> None:
    metrics = stage.site.metrics
    metrics.heard(settled(stage, State.DELIVERED, Reason.ACCEPTED))
    assert promtool("check", "metrics", given=metrics.text()) == ""


def test_deliveries_are_counted_by_platform_and_outcome_from_zero_on(stage: Stage) -> None:
    metrics = stage.site.metrics
    labels = {"platform": "slack", "outcome": "failed"}
    assert value(metrics, "vigilia_deliveries_total", **labels) == 0
    metrics.heard(settled(stage, State.FAILED, Reason.GONE))
    metrics.heard(settled(stage, State.FAILED, Reason.GONE))
    assert value(metrics, "vigilia_deliveries_total", **labels) == 2
    assert value(metrics, "vigilia_attempts_total", platform="slack", reason="gone") == 2


@pytest.mark.parametrize("state", [State.RETRYING, State.HELD, None])
def test_what_is_not_over_is_an_attempt_and_no_delivery_yet(
    stage: Stage, state: State | None
) -> None:
    metrics = stage.site.metrics
    before = {n: v for n, v in read(metrics).items() if n[0] != "vigilia_heartbeat_age_seconds"}
    metrics.heard(settled(stage, state, Reason.SERVER_ERROR))
    after = read(metrics)
    changed = {sample[0] for sample in after if after[sample] != before.get(sample)}
    assert changed == {"vigilia_attempts_total", "vigilia_heartbeat_age_seconds"}


def test_lateness_is_of_what_was_delivered(stage: Stage) -> None:
    metrics = stage.site.metrics
    metrics.heard(settled(stage, State.DELIVERED, Reason.ACCEPTED, late_s=20))
    metrics.heard(settled(stage, State.DELIVERED, Reason.ACCEPTED, late_s=-0.5))
    metrics.heard(settled(stage, State.FAILED, Reason.GONE, late_s=9_000))

    def up_to(limit: str) -> float:
        return value(metrics, "vigilia_lateness_seconds_bucket", platform="slack", le=limit)

    assert (up_to("1.0"), up_to("10.0"), up_to("30.0"), up_to("+Inf")) == (1, 1, 2, 2)
    assert value(metrics, "vigilia_lateness_seconds_sum", platform="slack") == 20


def test_a_channel_that_is_no_longer_configured_counts_for_no_platform(stage: Stage) -> None:
    stage.site.metrics.heard(settled(stage, State.FAILED, Reason.OPERATOR, platform=""))
    labels = {"platform": "none", "outcome": "failed"}
    assert value(stage.site.metrics, "vigilia_deliveries_total", **labels) == 1


def test_the_ledger_is_read_when_somebody_asks(stage: Stage) -> None:
    metrics = stage.site.metrics
    counts = stage.ledger.counts()
    for state in (State.READY, State.SENDING, State.RETRYING, State.HELD):
        assert value(metrics, "vigilia_queue_deliveries", state=state.value) == counts[state]
    assert value(metrics, "vigilia_unsettled_deliveries", state="unknown") == 2
    stage.ledger.resolve(stage.keys["unknown"], "delivered", NOW, "Ana")
    assert value(metrics, "vigilia_unsettled_deliveries", state="unknown") == 1
    stage.clock.set(NOW + timedelta(days=60))
    assert value(metrics, "vigilia_unsettled_deliveries", state="unknown") == 0


def test_pauses_and_a_broken_configuration_show(stage: Stage) -> None:
    metrics, ledger = stage.site.metrics, stage.ledger
    names = ("vigilia_paused", "vigilia_paused_channels", "vigilia_config_broken")
    assert [value(metrics, name) for name in names] == [0, 0, 0]
    ledger.set_pause(NOW + timedelta(hours=1), NOW)
    ledger.pause_channel("ottawa", Reason.GONE, "gone", "0", NOW)
    ledger.note_config(NOW, ["it is broken"])
    assert [value(metrics, name) for name in names] == [1, 1, 1]
    stage.clock.set(NOW + timedelta(hours=2))
    assert value(metrics, "vigilia_paused") == 0


def test_the_next_due_instant_is_the_plans(stage: Stage) -> None:
    metrics = stage.site.metrics
    due = stage.project.plan.next_due(NOW)
    assert due is not None
    assert value(metrics, "vigilia_next_due_timestamp_seconds") == due.timestamp()
    stage.clock.set(due)
    assert value(metrics, "vigilia_next_due_timestamp_seconds") > due.timestamp()


def test_figures_past_their_review_are_counted(stage: Stage) -> None:
    assert value(stage.site.metrics, "vigilia_stale_facts") == 0
    stage.clock.set(NOW + timedelta(days=3_000))
    assert value(stage.site.metrics, "vigilia_stale_facts") == len(stage.project.facts) > 0


def test_a_service_that_ails_says_so(tmp_path: Path) -> None:
    with staged(tmp_path / "group", filled=False) as stage:
        project, ledger = (lambda: stage.project), stage.ledger
        ailing = Metrics(project, ledger, stage.clock, lambda: "It stands still.")
        assert value(ailing, "vigilia_well") == 0
        assert value(stage.site.metrics, "vigilia_well") == 1
        assert 0 <= value(ailing, "vigilia_heartbeat_age_seconds") < 300


def test_no_channel_no_posting_and_no_secret_is_named(stage: Stage) -> None:
    stage.site.metrics.heard(settled(stage, State.DELIVERED, Reason.ACCEPTED))
    said = stage.site.metrics.text().decode()
    for word in (*CANARIES.values(), "ottawa", "comunidad", stage.keys["delivered"]):
        assert word not in said
