"""What a person can do with a posting, depending on how it stands, and what will happen then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.delivery.approval import Standing
from bot.ledger.rows import DeliveryRow, State
from bot.web.i18n import N_


@dataclass(frozen=True)
class Choice:
    """A decision: its name in addresses, the button, the question, and what will happen."""

    name: str
    button: str
    title: str
    happens: str
    weighty: bool = False
    """Whether something leaves the machine, or is lost: the button says so."""


CHOICES: Mapping[str, Choice] = {
    choice.name: choice
    for choice in (
        Choice(
            "approve",
            N_("Approve"),
            N_("Approve these words?"),
            N_(
                "They are posted when due; at once, where that has passed. If they change before,"
                " the approval lapses and you are asked again."
            ),
        ),
        Choice(
            "hold",
            N_("Hold"),
            N_("Hold this posting back?"),
            N_(
                "It is not posted before somebody approves it. When it is no longer useful, it is"
                " recorded as missed."
            ),
        ),
        Choice(
            "skip",
            N_("Skip"),
            N_("Skip this posting?"),
            N_("It will not be posted this time. Next year’s is not touched."),
            weighty=True,
        ),
        Choice(
            "send",
            N_("Send now"),
            N_("Send it now?"),
            N_(
                "These words are posted to the channel at once, where everybody in it sees them,"
                " and not again when they would have been due."
            ),
            weighty=True,
        ),
        Choice(
            "retry",
            N_("Send again"),
            N_("Send it again?"),
            N_(
                "It surely did not arrive. Its words are written anew and posted at once, and tried"
                " again by itself for as long as a posting of this channel is useful."
            ),
            weighty=True,
        ),
        Choice(
            "arrived",
            N_("It is there"),
            N_("Did you see it in the channel?"),
            N_("It is recorded as delivered, with your name. Nothing is sent."),
        ),
        Choice(
            "resend",
            N_("It is not there"),
            N_("Are you sure that it is not in the channel?"),
            N_(
                "The same words are sent once more, at once. If it did arrive after all, people"
                " see it twice."
            ),
            weighty=True,
        ),
        Choice(
            "take-back",
            N_("Take back"),
            N_("Take it back from the channel?"),
            N_(
                "The platform is asked to delete the message. Whoever has read it has read it;"
                " whoever has not will not."
            ),
            weighty=True,
        ),
        Choice(
            "retract",
            N_("It was taken back"),
            N_("Was it taken back from the channel?"),
            N_(
                "It is recorded as taken back, with your name. Vigilia deletes nothing there:"
                " do that in the channel itself first."
            ),
            weighty=True,
        ),
    )
}


def choices(
    row: DeliveryRow | None, standing: Standing, *, deletes: bool = False
) -> Sequence[Choice]:
    """Gives what may be decided now, the likeliest first. ``deletes``: its platform takes posts
    back."""
    return [CHOICES[name] for name in _names(row, standing, deletes)]


def _names(row: DeliveryRow | None, standing: Standing, deletes: bool) -> tuple[str, ...]:
    if row is None:
        return _COMING.get(standing, ("approve", "skip", "send"))
    if row.state is State.DELIVERED and deletes and row.remote_id is not None:
        return ("take-back",)
    if row.state is State.HELD and row.held_for != "approval":
        return ("skip",)
    return _RECORDED.get(row.state, ())


_COMING: Mapping[Standing, tuple[str, ...]] = {
    Standing.FREE: ("hold", "skip", "send"),
    Standing.APPROVED: ("hold", "skip", "send"),
    Standing.SKIPPED: ("approve", "send"),
}
_RECORDED: Mapping[State, tuple[str, ...]] = {
    State.READY: ("hold", "skip"),
    State.RETRYING: ("hold", "skip"),
    State.HELD: ("approve", "skip"),
    State.FAILED: ("retry",),
    State.MISSED: ("retry",),
    State.SKIPPED: ("retry",),
    State.UNKNOWN: ("arrived", "resend"),
    State.DELIVERED: ("retract",),
}
