"""What a person can do with a posting, depending on how it stands, and what will happen then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.delivery.approval import Standing
from bot.ledger.decisions import is_allowed
from bot.ledger.rows import CLAIMABLE, DeliveryRow, State, Verdict
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
    """Return what may be decided now and changes something. ``deletes``: its platform takes posts
    back."""
    return [
        choice
        for name, choice in CHOICES.items()
        if _is_allowed(name, row) and not _is_pointless(name, row, standing, deletes)
    ]


def _is_allowed(name: str, row: DeliveryRow | None) -> bool:
    return row is None if name == "send" else is_allowed(_VERDICTS[name], row)


_VERDICTS: Mapping[str, Verdict] = {
    "approve": "approve",
    "hold": "hold",
    "skip": "skip",
    "retry": "retry",
    "arrived": "resolve-delivered",
    "resend": "resolve-resend",
    "take-back": "retract",
    "retract": "retract",
}


def _is_pointless(name: str, row: DeliveryRow | None, standing: Standing, deletes: bool) -> bool:
    """Whether a decision that the ledger would take changes nothing, or is refused for another
    reason than the state."""
    free = standing in (Standing.FREE, Standing.APPROVED)
    # what is held for a pause goes on when that ends
    held = row is not None and row.state is State.HELD
    unread = row is not None and _lacks_approval(row, standing)
    can_delete = deletes and row is not None and row.remote_id is not None
    return {
        "approve": free if row is None else not unread,
        "hold": row is None and not free,
        "skip": row is None and standing is Standing.SKIPPED,
        "retry": held or unread,
        "take-back": not can_delete,
        "retract": can_delete,
    }.get(name, False)


def _lacks_approval(row: DeliveryRow, standing: Standing) -> bool:
    """Whether a delivery goes on, or can be sent again, only once somebody approves its words."""
    if row.state is State.HELD:
        return row.held_for == "approval"
    waited = row.held_for == "approval" and standing is not Standing.APPROVED
    return row.state not in CLAIMABLE and (waited or standing is Standing.LAPSED)
