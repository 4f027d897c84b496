"""The ledger's own inbox, read on the dashboard: for rehearsals, and for a group without a chat."""

from __future__ import annotations

from datetime import timedelta

from bot.channels.local_platform import LocalPlatform


class Inbox(LocalPlatform):
    name = "inbox"
    called = "Inbox"
    actor = "The inbox"
    repeat_safe_for = timedelta(days=60)
    """A message that is there already by its key is not put there again, however late."""


PLATFORM = Inbox()
