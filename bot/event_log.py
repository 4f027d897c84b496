"""The log records of what a service does: what it wrote down, and what became of it."""

from __future__ import annotations

from bot.channels.outcome import Reason
from bot.delivery.planner import Intake
from bot.ledger.rows import DeliveryRow, Settled, State
from bot.logs import log

_SENTENCES = {
    "late-answer": ("warning", "Its answer came after it had been settled otherwise."),
    State.DELIVERED: ("info", "Delivered."),
    State.RETRYING: ("warning", "Not delivered yet; it will be tried again."),
    State.HELD: ("warning", "Not delivered yet; it is held while a pause is on."),
    State.FAILED: ("error", "Failed."),
    State.UNKNOWN: ("error", "It may have arrived. Look into the channel, then `vigilia resolve`."),
}


def log_settled(settled: Settled) -> None:
    """Write the log record of an attempt's end."""
    row, decided = settled.delivery, settled.settlement
    if row.for_operator:
        _log_operator(row.key, settled.state or decided.state, decided.reason, decided.detail)
        return
    action = settled.state.value if settled.state else "late-answer"
    level, sentence = _SENTENCES[action]
    log(
        action,
        sentence,
        level=level,
        key=row.key,
        channel=row.channel,
        platform=settled.platform,
        reason=decided.reason.value,
        detail=decided.detail,
        late_s=round(settled.late.total_seconds(), 3),
        **({"next_attempt_at": str(decided.next_attempt_at)} if decided.next_attempt_at else {}),
    )
    if settled.channel_paused:
        log(
            "channel-paused",
            f"Channel '{row.channel}' is paused: its address is gone. Mend it, then "
            f"`vigilia channels test {row.channel}`.",
            level="error",
            channel=row.channel,
        )


def log_recovered(rows: tuple[DeliveryRow, ...]) -> None:
    """Write the log records of what an earlier run left under way."""
    for row in rows:
        if row.for_operator:
            _log_operator(row.key, row.state, Reason.INTERRUPTED, "")
            continue
        log(
            "interrupted",
            "An earlier run ended while this was being sent; `vigilia history` shows its state.",
            level="warning",
            key=row.key,
            channel=row.channel,
        )


def log_intake(intake: Intake) -> None:
    """Write the log records of what a wake wrote down."""
    if intake.inserted:
        keys = list(intake.inserted)
        log("planned", f"{len(keys)} posting(s) written down.", keys=keys[:20])
    for offer in intake.offers:
        posting = offer.postings[0]
        log(
            "offer",
            "This was due before its channel or day was known here, so it is not posted by itself. "
            f"To post it: vigilia send {posting.observances[0]} --channel {posting.channel} "
            f"--on {posting.date}",
            key=posting.key,
        )
    for row in intake.ended:
        if row.for_operator:
            _log_operator(row.key, row.state, row.reason or Reason.EXPIRED, row.detail)
            continue
        log(
            row.state.value,
            f"{row.key}: {row.detail or row.state.value}",
            level="warning",
            key=row.key,
        )


def _log_operator(key: str, state: State, reason: Reason, detail: str) -> None:
    """Write the log record of a message to the operator, which is told to nobody else."""
    arrived = state is State.DELIVERED
    log(
        "operator-told" if arrived else "operator-not-told",
        "The operator was told." if arrived else "The operator was not told of something.",
        level="info" if arrived else "error",
        key=key,
        state=state.value,
        reason=reason.value,
        detail=detail,
    )
