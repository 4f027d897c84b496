"""The ledger's own inbox, read on the dashboard: for rehearsals, and for a group without a chat."""

from __future__ import annotations

from bot.channels.local_platform import LocalOptions, LocalPlatform
from bot.channels.platform import Platform


class Inbox(LocalPlatform):
    name = "inbox"


PLATFORM: Platform[LocalOptions] = Inbox()
