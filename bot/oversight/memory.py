"""What the service needs no more is given back to the machine: an idle one has 103 MB resident, and
109 without what stands here (`make bench ONLY=idle`)."""

from __future__ import annotations

import ctypes
import threading

SETTLED_S = 15.0
"""After so long a service has read and worked out what it does at its start."""

EVERY_S = 600.0

_M_ARENA_MAX = -8


def watch(ended: threading.Event, settled_s: float = SETTLED_S, every_s: float = EVERY_S) -> None:
    """Give memory back once the service has settled and every ten minutes, until ``ended``."""
    pause = settled_s
    while not ended.wait(pause):
        give_back()
        pause = every_s


def share_arenas() -> None:
    """Have all threads take their memory from two places: the C library would keep one for each, up
    to eight for each core, and every one of them part empty.
    Called before there are threads."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):  # it is glibc, whose number this is
        library.mallopt(_M_ARENA_MAX, 2)


def give_back() -> None:
    """Have the C library return what was freed, which it would keep: 4 MB after a start, more after
    a posting to many channels. Does nothing where the library has no such call: glibc has."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
