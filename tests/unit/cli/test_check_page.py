"""`vigilia check` says what `vigilia run` would refuse of the page."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bot.cli import main


@pytest.mark.parametrize(("secret", "found"), [("", ["open-page"]), ("a-long-token-of-ours", [])])
def test_a_page_that_others_could_open_without_a_secret_is_an_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    secret: str,
    found: list[str],
) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "vigilia.toml").write_text('[web]\nlisten = "0.0.0.0:8099"\n', "utf-8")
    (config / "channels.toml").write_text('[channels.inbox]\nplatform = "inbox"\n', "utf-8")
    monkeypatch.setenv("VIGILIA_WEB_TOKEN", secret)
    monkeypatch.setattr(sys, "argv", ["vigilia", "check", "--json", "--config", str(config)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert bool(ended.value.code) == bool(found)
    said = [one for one in json.loads(capsys.readouterr().out) if one["entry"] == "[web]"]
    assert [one["code"] for one in said] == found
    assert not said or "VIGILIA_WEB_TOKEN" in said[0]["message"]
