from __future__ import annotations

import subprocess
import sys

import pytest

from bot.channels.layout import colour
from bot.channels.registry import PLATFORMS, UnknownPlatformError, platform


def test_each_platform_is_found_by_its_own_name() -> None:
    assert len(PLATFORMS) == len(list(PLATFORMS)) >= 5
    for name in PLATFORMS:
        assert platform(name).name == name
        assert name in PLATFORMS
        assert platform(name).options_model.model_config["extra"] == "forbid"
        assert platform(name).options_model.model_config["frozen"]


def test_an_unknown_platform_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownPlatformError, match=r"Did you mean 'slack'\?"):
        platform("slakc")
    with pytest.raises(UnknownPlatformError, match="The platforms are apprise, console"):
        platform("fax")
    with pytest.raises(KeyError):
        PLATFORMS["fax"]


def test_a_platform_is_imported_only_when_it_is_asked_for() -> None:
    code = (
        "import sys; from bot.channels.registry import PLATFORMS; list(PLATFORMS);"
        "assert 'bot.channels.slack' not in sys.modules;"
        "PLATFORMS['slack']; assert 'bot.channels.slack' in sys.modules;"
        "assert 'standardwebhooks' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_kind_has_a_quiet_colour() -> None:
    kinds = ("day", "remembrance", "anniversary", "month", "notice", "digest", "test")
    colours = [colour(kind) for kind in kinds]
    assert len(set(colours)) == len(kinds)
    for red, green, blue in ((c >> 16, c >> 8 & 255, c & 255) for c in colours):
        assert max(red, green, blue) - min(red, green, blue) < 0x50
    assert colour("unheard-of") == colour("remembrance")
