"""A message as an e-mail: RFC 5322, RFC 3834 (Auto-Submitted), RFC 8058 (one click); read
2026-11-24. Its words are there as plain text and as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from bot.channels.dialects.dialect import one_line
from bot.channels.email_html import page
from bot.channels.local_platform import message_text
from bot.channels.platform import Envelope
from bot.content.message import Message

ONE_CLICK = "List-Unsubscribe=One-Click"


def words_of(message: Message) -> EmailMessage:
    """Return the words; the headers of the envelope are not yet there."""
    mime = EmailMessage(policy=SMTP)
    mime["Subject"] = one_line(message.title)
    mime.set_content(message_text(message) + "\n", cte="quoted-printable")
    mime.add_alternative(page(message), subtype="html", cte="quoted-printable")
    mime["Content-Language"] = ", ".join(message.languages)
    return mime


def complete(
    words: EmailMessage, fields: Mapping[str, Any], envelope: Envelope, domain: str
) -> bytes:
    """Return the e-mail: the same bytes for the same envelope and words. A field that is None is
    left out; ``domain`` is the sender's, and names the message with the request id."""
    headers = {
        "Subject": words["Subject"],
        **fields,
        "Date": format_datetime(envelope.at),
        # the same for all attempts at one generation of a posting
        "Message-ID": f"<{envelope.request_id}@{domain}>",
        "Auto-Submitted": "auto-generated",
        **dict(words.items()),
    }
    mime = EmailMessage(policy=SMTP)
    for name, value in headers.items():
        if value is not None:
            mime[name] = value
    mime.set_payload(words.get_payload())
    mime.set_boundary(f"=_{envelope.request_id}")
    return mime.as_bytes(policy=SMTP)
