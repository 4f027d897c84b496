"""What states, kinds and reasons are called, for people. Marked for translation, said by ``_``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.delivery.approval import Standing
from bot.ledger.rows import OutcomeName, State
from bot.web.i18n import N_, _


class Label(NamedTuple):
    """What something is called, and what that means."""

    name: str
    meaning: str


STATES: Mapping[State, Label] = {
    State.READY: Label(N_("about to be sent"), N_("It is due and goes out within seconds.")),
    State.SENDING: Label(N_("being sent"), N_("It is on its way to the platform at this moment.")),
    State.RETRYING: Label(
        N_("will be tried again"),
        N_("The platform did not take it yet. It is tried again by itself."),
    ),
    State.DELIVERED: Label(N_("delivered"), N_("The platform took it.")),
    State.FAILED: Label(
        N_("failed"), N_("It surely did not arrive, and is not tried again by itself.")
    ),
    State.UNKNOWN: Label(
        N_("may have arrived"),
        N_(
            "It was sent, but nobody knows whether it arrived. Look into the channel, then say what"
            " you found: it is never sent a second time by itself."
        ),
    ),
    State.HELD: Label(N_("held"), N_("It waits, and is not sent before somebody lets it go.")),
    State.SKIPPED: Label(N_("skipped"), N_("Somebody decided that it is not posted.")),
    State.MISSED: Label(N_("missed"), N_("It was not sent while it was useful.")),
    State.RETRACTED: Label(N_("taken back"), N_("It was delivered, and taken back afterwards.")),
}

ATTEMPTED: Mapping[OutcomeName | None, State] = {
    None: State.SENDING,
    "delivered": State.DELIVERED,
    "retry": State.RETRYING,
    "rejected": State.FAILED,
    "unknown": State.UNKNOWN,
}
"""The state by whose label the outcome of an attempt is called."""

HELD_FOR: Mapping[str, str] = {
    "approval": N_("waits for a person"),
    "channel": N_("its channel is paused"),
    "pause": N_("everything is paused"),
}

STANDINGS: Mapping[Standing, Label] = {
    Standing.FREE: Label(
        N_("posted by itself when due"),
        N_("Nobody has to decide. It can still be held or skipped."),
    ),
    Standing.WAITING: Label(
        N_("waits for approval"), N_("A person reads these words before they are posted.")
    ),
    Standing.APPROVED: Label(
        N_("approved"), N_("These words were read and approved. They are posted when due.")
    ),
    Standing.LAPSED: Label(
        N_("approval lapsed"),
        N_(
            "The words changed after they were approved: read them once more, then approve them"
            " again."
        ),
    ),
    Standing.HELD: Label(
        N_("held by a person"), N_("It is not posted before somebody approves it.")
    ),
    Standing.SKIPPED: Label(N_("will be skipped"), N_("It will not be posted this time.")),
}

KINDS: Mapping[str, str] = {
    "day": N_("day"),
    "remembrance": N_("remembrance"),
    "anniversary": N_("anniversary"),
    "month": N_("month"),
    "notice": N_("notice"),
    "digest": N_("digest"),
}

VERDICTS: Mapping[str, str] = {
    "approve": N_("approved it"),
    "hold": N_("held it back"),
    "skip": N_("skipped it"),
    "retry": N_("sent it again"),
    "resolve-delivered": N_("found it in the channel"),
    "resolve-resend": N_("did not find it in the channel, and sent it again"),
    "retract": N_("took it back"),
    "undo": N_("took the last decision back"),
}

REASONS: Mapping[Reason, str] = {
    Reason.ACCEPTED: N_("accepted"),
    Reason.DNS: N_("The name of the server was not found. Is the address right, the network up?"),
    Reason.CONNECT: N_("The server could not be reached. Is the network up? Is a proxy needed?"),
    Reason.TLS: N_("The server’s certificate is not to be trusted, so nothing was sent."),
    Reason.WRITE: N_("The connection broke before the message was sent."),
    Reason.ADDRESS_REFUSED: N_("The address is not one that Vigilia may post to."),
    Reason.NOT_IN_REHEARSAL: N_("A rehearsal posts only to local channels and trusted hosts."),
    Reason.NO_ANSWER: N_("The message was sent, but no answer came. Look into the channel."),
    Reason.DEADLINE: N_(
        "The message was sent, but the answer took too long. Look into the channel."
    ),
    Reason.INTERRUPTED: N_("Vigilia ended while this was being sent. Look into the channel."),
    Reason.RATE_LIMITED: N_("The platform asks to wait: too much was sent to it lately."),
    Reason.SERVER_ERROR: N_("The platform has trouble of its own at the moment."),
    Reason.GATEWAY: N_("Something before the platform has trouble. Look into the channel."),
    Reason.REDIRECT: N_("The address leads elsewhere. Copy the webhook’s address again, whole."),
    Reason.BAD_REQUEST: N_(
        "The platform did not accept the message as it was. Please report this."
    ),
    Reason.TOO_LARGE: N_("The message is too long for the platform."),
    Reason.UNAUTHORISED: N_(
        "The address or token is not accepted. Make a new one{where}, and put it into .env."
    ),
    Reason.FORBIDDEN: N_("Posting is not allowed there. Ask an administrator, or choose another."),
    Reason.GONE: N_(
        "The webhook was removed. Make a new one{where}, and put its address into .env."
    ),
    Reason.ARCHIVED: N_("The channel is archived. Choose another, and put its webhook into .env."),
    Reason.DISABLED: N_(
        "The webhook is switched off there. Switch it on, or make a new one{where}."
    ),
    Reason.QUOTA: N_("The platform’s quota is used up."),
    Reason.NOT_A_POST: N_("The platform answered, but shows nothing. Look into its settings."),
    Reason.RENDER: N_("The words could not be written. `vigilia check` says what is wrong."),
    Reason.EXPIRED: N_("It was no longer useful when it could have been sent."),
    Reason.OPERATOR: N_("A person decided so."),
    Reason.DEFECT: N_("Vigilia itself has a defect. Please report it."),
}


def reason_text(reason: Reason | None, where: str = "") -> str:
    """Return what a reason means, and what to do; ``where`` says where a platform makes an
    address or a token."""
    if reason is None or reason not in REASONS:
        return ""
    return _(REASONS[reason]).replace("{where}", where and f" {where}")


def test_text(channel: str, outcome: Outcome) -> str:
    """Return what a test came to, in a sentence or two."""
    why = reason_text(outcome.reason)
    match outcome:
        case Delivered():
            return _("The test message arrived in {channel}.").format(channel=channel)
        case Retry():
            sentence = _("{channel} did not take the test message. {why}")
        case Rejected():
            sentence = _("{channel} refused the test message. {why}")
        case Unknown():
            sentence = _("It is not known whether {channel} has the test message. {why}")
    return sentence.format(channel=channel, why=why)
