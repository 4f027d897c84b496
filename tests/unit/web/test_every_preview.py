"""Every platform's look: all the words, none of the secrets, and nothing of a text as markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.fitting import CannotFitError
from bot.content.message import ActionText, Link, Message
from bot.web.previews import draw_preview
from bot.web.routes.posting import shown_request
from bot.web.sanitize import tamed
from tests.every_platform import PLATFORM_CHANNELS, PLATFORMS, SECRET, channel_on, path_on
from tests.page import NOW, Stage, staged
from tests.unit.web.browsing import Browser, browsing, words
from tests.unit.web.test_previews import BODY, message

WICKED = "<script>alert(1)</script><img src=x onerror=y><a href='javascript:alert(1)'>z</a>"
NARROW = ("mastodon", "teams", "email")
"""Where the look is not the whole message, or is drawn elsewhere."""

hostile = st.text(
    st.sampled_from("<>&\"'*_~`|[]()!@#:/-\\\\ ab\n\u2060\u200b\u00e9;"), min_size=1, max_size=60
).filter(lambda text: bool(text.strip()))


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("every") / "group"
    with staged(folder, filled=False, channels=PLATFORM_CHANNELS) as stage:
        yield stage


@pytest.fixture(scope="module")
def reader(everywhere: Stage) -> Iterator[Browser]:
    with browsing(everywhere.site) as browser:
        yield browser


def draw(stage: Stage, platform: str, said: Message) -> str:
    channel = stage.project.channels[channel_on(platform)]
    key = path_on(platform).removeprefix("/posting/")
    posting = stage.site.forecast().posting(key)
    assert posting is not None
    shown = shown_request(channel, said, posting)
    if shown is None:
        raise CannotFitError("too long")
    return str(draw_preview(platform, shown, said, "/mail-part/x"))


@pytest.mark.parametrize("platform", [name for name in PLATFORMS if name not in NARROW])
def test_all_that_is_said_is_seen(everywhere: Stage, platform: str) -> None:
    drawn_html = draw(everywhere, platform, message())
    seen = words(drawn_html)
    for said in (
        "A day",
        "9 December",
        "remember",
        "one",
        "inner",
        "quoted",
        "code",
        "a link",
        "Write a page.",
        "How",
        "One thing you can do",
        "A source",
        "Another",
        "Vigilia",
    ):
        assert said in seen, said
    if platform not in ("console", "inbox", "webhook"):
        assert "**" not in seen and "\\" not in seen and "\u2060" not in drawn_html


@pytest.mark.parametrize(
    "platform", ["google_chat", "matrix", "mattermost", "rocketchat", "telegram", "zulip"]
)
def test_marks_and_links_are_drawn(everywhere: Stage, platform: str) -> None:
    seen = draw(everywhere, platform, message())
    assert "<strong>9 December</strong>" in seen and "<em>remember</em>" in seen
    for url in (
        "https://example.org/a?b=1&amp;c=2",
        "https://example.org/how",
        "https://example.org/s",
    ):
        assert f'href="{url}"' in seen


def test_mastodon_and_ntfy_make_links_of_addresses(everywhere: Stage) -> None:
    assert 'href="https://example.org/s"' in draw(everywhere, "mastodon", message())
    assert 'href="https://example.org/s"' in draw(everywhere, "ntfy", message())


def test_teams_gets_its_card_as_data_beside_the_plain_words(everywhere: Stage) -> None:
    seen = draw(everywhere, "teams", message())
    assert "Write a page." in words(seen)
    found = re.search(r'data-cards="([^"]*)"', seen)
    assert found is not None
    (card,) = json.loads(unescape(found[1]))
    assert card["type"] == "AdaptiveCard" and "A day" in json.dumps(card)


@pytest.mark.parametrize("platform", PLATFORMS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(title=hostile, text=hostile, body=hostile)
def test_nothing_of_a_text_becomes_markup_of_the_page(
    everywhere: Stage, platform: str, title: str, text: str, body: str
) -> None:
    said = message(title + WICKED, body + WICKED + "\n\n" + BODY, text + WICKED)
    link = Link(title + WICKED, "javascript:alert(1)")
    part = said.parts[0]
    part = replace(
        part,
        sources=(*part.sources, link),
        actions=(*part.actions, ActionText("b", text, (link,))),
        footer=WICKED,
        sources_label=WICKED,
        actions_label=WICKED,
    )
    try:
        seen = draw(everywhere, platform, replace(said, parts=(part,)))
    except CannotFitError:
        return
    tags = re.findall(r"<(/?[a-z0-9]+)([^>]*)>", seen)
    assert not {name for name, _ in tags} & {"script", "img", "style", "object", "svg"}
    for _, attributes in tags:
        bare = re.sub(r'"[^"]*"', "", attributes)
        assert not re.search(r"\bon\w+", bare)
        assert "javascript:" not in "".join(re.findall(r'(?:href|src)="([^"]*)"', attributes))


@given(html=hostile, more=hostile)
def test_tamed_html_has_only_what_is_known_and_closes_it(html: str, more: str) -> None:
    wild = f"{html}<b><p onclick='x'>{more}<a href='javascript:x'>{WICKED}</b><ol start=3 x>"
    seen = str(tamed(wild, {"b": "strong", "p": "p", "a": "a", "ol": "ol", "br": "br"}))
    tags = re.findall(r"<([^>]*)>", seen)
    allowed = {"strong", "p", "a", "br", "ol"}
    assert all(re.fullmatch(r'/?[a-z]+|ol start="3"', tag) for tag in tags)
    assert {tag.strip("/").split()[0] for tag in tags} <= allowed
    for name in allowed - {"br"}:
        assert sum(t.split()[0] == name for t in tags) == tags.count(f"/{name}")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_page_of_a_platform_holds_a_secret(reader: Browser, platform: str) -> None:
    page = reader.get(path_on(platform))
    assert page.status_code == 200
    assert SECRET not in page.text and "canaryplatformsecret" not in page.text
    assert page.text.count("<script") == (3 if platform == "teams" else 1)


class TestMailPart:
    def test_it_is_the_html_that_is_sent_kept_apart(self, reader: Browser) -> None:
        address = path_on("email").replace("/posting/", "/mail-part/")
        assert f'src="{address}"' in reader.get(path_on("email")).text
        part = reader.get(address)
        assert part.headers["content-type"].startswith("text/html")
        policy = part.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'") and "sandbox" in policy
        assert "script" not in policy and "frame-ancestors 'self'" in policy
        assert part.headers["x-frame-options"] == "SAMEORIGIN"
        assert "International Day of Commemoration" in words(part.text)
        assert '<base target="_blank">' in part.text and "<script" not in part.text

    @pytest.mark.parametrize(
        "path", ["/mail-part/none", path_on("slack").replace("posting", "mail-part")]
    )
    def test_what_is_no_email_has_none(self, reader: Browser, path: str) -> None:
        assert reader.get(path).status_code == 404

    def test_it_asks_for_a_login_as_every_page_does(self, visitor: Browser) -> None:
        answer = visitor.client.get("/mail-part/none", follow_redirects=False)
        assert answer.status_code == 303 and answer.headers["location"].startswith("/login")


def test_now_is_before_the_day_that_is_looked_at() -> None:
    assert NOW.year == 2026
