"""What an answer means, in words for a person who has never seen a status code."""

from __future__ import annotations

from bot.channels.channel import Channel
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown

_WHAT_NOW = {
    Reason.DNS: "The name of its server was not found. Is the address right, and the network up?",
    Reason.CONNECT: "Its server could not be reached. Is the network up? Is a proxy needed?",
    Reason.TLS: "Its server's certificate is not to be trusted, so nothing was sent.",
    Reason.WRITE: "The connection broke before the message was sent. Try again.",
    Reason.ADDRESS_REFUSED: "The address is not one that Vigilia may post to.",
    Reason.NOT_IN_REHEARSAL: "A rehearsal posts only to local channels and trusted hosts.",
    Reason.NO_ANSWER: "The message was sent, but no answer came. Look into the channel.",
    Reason.DEADLINE: "The message was sent, but the answer took too long. Look into the channel.",
    Reason.RATE_LIMITED: "It asks to wait: too much was sent to it lately. Try again later.",
    Reason.SERVER_ERROR: "It has trouble of its own at the moment. Try again later.",
    Reason.GATEWAY: "Something before it has trouble; it may have arrived. Look into the channel.",
    Reason.REDIRECT: "The address leads elsewhere. Copy the webhook's address again, whole.",
    Reason.BAD_REQUEST: "It did not accept the message as it was. Please report this.",
    Reason.TOO_LARGE: "The message is too long for it.",
    Reason.UNAUTHORISED: "It does not accept the address or token. Make a new one{where}, and put "
    "it into .env.",
    Reason.FORBIDDEN: "Posting is not allowed there. Ask an administrator, or choose another.",
    Reason.GONE: "This webhook was removed. Make a new one{where}, and put its address into .env.",
    Reason.ARCHIVED: "The channel is archived. Choose another, and put its webhook into .env.",
    Reason.DISABLED: "The webhook is switched off there. Switch it on, or make a new one{where}.",
    Reason.QUOTA: "Its quota is used up. Try again later.",
    Reason.NOT_A_POST: "It answered, but shows nothing. Look into its settings.",
}


def in_words(channel: Channel, outcome: Outcome) -> str:
    """Gives one or two sentences: what the platform said, and what to do now."""
    platform = channel.platform
    name = platform.actor or platform.called
    detail = f" ({outcome.detail})" if outcome.detail else ""
    where = f" {platform.where}" if platform.where else ""
    now_what = _WHAT_NOW.get(outcome.reason, "").replace("{where}", where)
    match outcome:
        case Delivered():
            return f"{name} took the test message for channel '{channel.name}'.{detail}"
        case Retry():
            return f"{name} did not take the test message. {now_what}{detail}"
        case Rejected():
            return f"{name} refused the test message. {now_what}{detail}"
        case Unknown():
            return f"It is not known whether {name} has the test message. {now_what}{detail}"
