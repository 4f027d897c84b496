"""Google Chat, through a space's webhook.

https://developers.google.com/workspace/chat/quickstart/webhooks and
https://developers.google.com/workspace/chat/api/reference/rest/v1/cards (read 2026-11-24).

A message is one card a language. The native list of sources (``elements.citedSources``) is left
out: whether webhooks take it is not documented, and an unknown field has the whole message refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, urlencode

from pydantic import SecretStr, StringConstraints

from bot.channels.addresses import Address, address_problem, digest, read_address, secrets_of
from bot.channels.answers import json_object, read_answer, told
from bot.channels.colours import colour
from bot.channels.dialects.card_html import CARD_HTML, with_breaks
from bot.channels.dialects.dialect import WORD_JOINER, one_line, units, web_url
from bot.channels.http_platform import (
    USER_AGENT,
    ChannelOptions,
    HttpPlatform,
    json_bytes,
    webhook_rates,
)
from bot.channels.outcome import Delivered, Outcome, Reason, Unknown
from bot.channels.platform import Envelope, Platform
from bot.channels.request import HttpRequest, Response
from bot.content.message import Link, Message, Part

HOST = "chat.googleapis.com"

LONGEST_MESSAGE = 32_000
"""Bytes, of the whole message and of its cards."""
MOST_WIDGETS = 100
LONGEST_FALLBACK = 4096
LONGEST_HEADER = 80
"""A header has the height of two lines, and cuts what is longer (CardHeader.title)."""

# One write a second a space, shared by all apps
# (https://developers.google.com/workspace/chat/limits).
RATE = 1.0

_FOOTER_GREY = 0x80868B
_NAME = re.compile(r'"name"\s*:\s*"(spaces/[^"]+/messages/[^"]+)"')

Json = dict[str, Any]
ThreadKey = Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class GoogleChatOptions(ChannelOptions):
    """``url`` is the webhook's address, with its key and token, which are the secret.

    ``thread_key`` keeps all messages that have it in one thread; without it each begins its own.
    """

    url: SecretStr
    thread_key: ThreadKey | None = None


class GoogleChat(HttpPlatform[GoogleChatOptions]):
    """A card a language: a title, the body, the actions with buttons, the sources, a footer.

    ``repeat_safe_for`` stays None although each request has a ``requestId``: that a repeat gives
    the first message again is documented for "the same credentials", and not said of webhooks.
    """

    name = "google_chat"
    options_model = GoogleChatOptions
    called = "Google Chat"
    where = "in Google Chat, in the space's menu under Apps & integrations, Webhooks"

    def address_problem(
        self, options: GoogleChatOptions, trusted_hosts: Collection[str]
    ) -> str | None:
        url = options.url.get_secret_value()
        problem = address_problem(url, trusted_hosts, hosts=(HOST,))
        if problem is not None:
            return problem
        address = read_address(url)
        if address.host != HOST:
            return None
        query = dict(parse_qsl(address.query))
        if not re.fullmatch(r"/v1/spaces/[^/]+/messages", address.path) or not (
            query.get("key") and query.get("token")
        ):
            return (
                "The address is not that of a Google Chat webhook (https://chat.googleapis.com/v1/"
                "spaces/…/messages?key=…&token=…); copy it again in one piece."
            )
        return None

    def address_digest(self, options: GoogleChatOptions) -> str:
        return digest(self.name, read_address(options.url.get_secret_value()).url)

    def rate_keys(self, options: GoogleChatOptions) -> tuple[tuple[str, float], ...]:
        url = options.url.get_secret_value()
        return webhook_rates(self.name, self.address_digest(options), url, RATE)

    def too_long(self, message: Message, options: GoogleChatOptions | None) -> bool:
        payload = _payload(message, options)
        return (
            len(json_bytes(payload)) > LONGEST_MESSAGE
            or _widgets(payload) > MOST_WIDGETS
            or units(payload["fallbackText"]) > LONGEST_FALLBACK
        )

    def fitted_request(
        self, message: Message, options: GoogleChatOptions, envelope: Envelope
    ) -> HttpRequest:
        address = read_address(options.url.get_secret_value())
        return HttpRequest(
            method="POST",
            url=_with_query(address, options, envelope.request_id),
            headers={"Content-Type": "application/json; charset=UTF-8", "User-Agent": USER_AGENT},
            body=json_bytes(_payload(message, options)),
            secrets=_secrets(address),
        )

    def outcome(self, response: Response, at: datetime) -> Outcome:
        if 200 <= response.status <= 299:
            # Not read as JSON: an answer holds the whole message, and may have been cut.
            name = _NAME.search(response.text)
            if name is None:
                return Unknown(Reason.NOT_A_POST, told(response))
            return Delivered(name[1])
        return read_answer(response, at, gone=(401, 403, 404, 410), said=_said(response))


def _said(response: Response) -> str | None:
    error = json_object(response).get("error")
    if not isinstance(error, dict):
        return None
    pieces = [error.get("status"), error.get("message")]
    return " ".join(piece for piece in pieces if isinstance(piece, str)) or None


def _with_query(address: Address, options: GoogleChatOptions, request_id: str) -> str:
    """Adds to the address's query, whose own words stay as they are."""
    more = {"requestId": request_id}
    if options.thread_key is not None:
        # Without it a thread's key is ignored.
        more["messageReplyOption"] = "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
    joined = "&".join(filter(None, (address.query, urlencode(more))))
    return f"{address.origin}{address.path}?{joined}"


def _secrets(address: Address) -> tuple[str, ...]:
    """The key and the token, as they stand in the address and decoded; the space is no secret."""
    if address.host != HOST:
        return secrets_of(address.url)
    found = [
        secret
        for name, value in parse_qsl(address.query)
        if name in ("key", "token")
        for secret in (value, quote(value, safe=""))
    ]
    written = [pair.partition("=")[2] for pair in address.query.split("&")]
    return tuple(dict.fromkeys([*found, *(value for value in written if len(value) > 12)]))


def _payload(message: Message, options: GoogleChatOptions | None) -> Json:
    payload: Json = {
        "fallbackText": "\n".join(_plain(part.title) for part in message.parts),
        "cardsV2": [
            {"cardId": f"vigilia-{index}-{part.language}", "card": _card(part, message.kind)}
            for index, part in enumerate(message.parts)
        ],
    }
    if options is not None and options.thread_key is not None:
        payload["thread"] = {"threadKey": options.thread_key}
    return payload


def _plain(text: str) -> str:
    """Gives text for where ``<users/all>`` would ping and ``<https://…|…>`` would be a link."""
    return one_line(text).replace("<", f"<{WORD_JOINER}")


def _card(part: Part, kind: str) -> Json:
    title = one_line(part.title)
    short = 0 < units(title) <= LONGEST_HEADER
    card: Json = {"header": {"title": title}} if short else {}
    sections = [_body(part, "" if short else title), *_actions(part, kind), *_end(part)]
    card["sections"] = [{"widgets": widgets} for widgets in sections if widgets]
    return card


def _body(part: Part, title: str) -> list[Json]:
    heading = CARD_HTML.strong(CARD_HTML.text(title)) if title else ""
    text = "<br><br>".join(filter(None, (heading, CARD_HTML.markdown(part.body))))
    return [_paragraph(text)] if text else []


def _actions(part: Part, kind: str) -> Iterator[list[Json]]:
    if not part.actions:
        return
    buttons = [
        link
        for action in part.actions
        for link in action.links
        if web_url(link.url) and one_line(link.title)
    ]
    lines = [*_label(part.actions_label)]
    for action in part.actions:
        pieces = [CARD_HTML.text(one_line(action.text))]
        pieces += [CARD_HTML.link(li.title, li.url) for li in action.links if li not in buttons]
        lines.append(f"{CARD_HTML.bullet}{' '.join(pieces)}")
    widgets = [_paragraph(with_breaks("\n".join(lines)))]
    if buttons:
        widgets.append({"buttonList": {"buttons": [_button(link, kind) for link in buttons]}})
    yield widgets


def _button(link: Link, kind: str) -> Json:
    rgb = colour(kind)
    return {
        "text": one_line(link.title),
        "onClick": {"openLink": {"url": web_url(link.url)}},
        "color": {
            "red": round((rgb >> 16) / 255, 3),
            "green": round((rgb >> 8 & 255) / 255, 3),
            "blue": round((rgb & 255) / 255, 3),
            "alpha": 1,
        },
    }


def _end(part: Part) -> Iterator[list[Json]]:
    """Gives the sources and the footer."""
    lines = [*_label(part.sources_label)] if part.sources else []
    lines += [f"{CARD_HTML.bullet}{CARD_HTML.link(li.title, li.url)}" for li in part.sources]
    widgets = [_paragraph(with_breaks("\n".join(lines)))] if lines else []
    footer = CARD_HTML.text(one_line(part.footer))
    if footer:
        widgets.append(_paragraph(CARD_HTML.coloured(footer, _FOOTER_GREY)))
    yield widgets


def _label(label: str) -> Iterator[str]:
    words = CARD_HTML.text(one_line(label))
    if words:
        yield CARD_HTML.strong(words)


def _paragraph(text: str) -> Json:
    return {"textParagraph": {"text": text}}


def _widgets(payload: Json) -> int:
    return sum(
        len(section["widgets"])
        for card in payload["cardsV2"]
        for section in card["card"]["sections"]
    )


PLATFORM: Platform[GoogleChatOptions] = GoogleChat()
