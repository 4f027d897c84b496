"""E-mail, through a mail server that the group may post by (SMTP submission).

RFC 5322 (the message), RFC 2369 and RFC 8058 (List-Unsubscribe), RFC 3834 (Auto-Submitted); read
2026-11-24. Each message has its words as plain text and as HTML.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated

import idna
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from bot.channels.addresses import address_problem, digest
from bot.channels.dialects.dialect import one_line
from bot.channels.email_html import page
from bot.channels.local_platform import message_text
from bot.channels.platform import ChannelOptions, Envelope, Platform, Rates
from bot.channels.request import MailServer, MimeRequest, Security
from bot.content.message import Message

PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}

_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")


def _ascii_address(address: str) -> str:
    """Return a bare address, its domain in ASCII. Raises ValueError with a sentence without it."""
    local, at, domain = address.strip().rpartition("@")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        ascii_domain = ""
    if not at or not _LOCAL.fullmatch(local) or not ascii_domain:
        raise ValueError(
            "an e-mail address is written name@example.org, before the @ without accents"
        )
    return f"{local}@{ascii_domain}"


def _sender(text: str) -> str:
    """Takes ``name@example.org`` or ``Our group <name@example.org>``."""
    name, bracket, rest = text.partition("<")
    if not bracket:
        return _ascii_address(text)
    if not rest.endswith(">") or re.search(r"[\x00-\x1f\x7f]", name):
        raise ValueError("a sender is written Our group <name@example.org>")
    return f"{name.strip()} <{_ascii_address(rest[:-1])}>"


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _unsubscribe(address: str) -> str:
    if not re.fullmatch(r"(mailto:[^\s<>,]+@[^\s<>,]+|https://[^\s<>,]+)", address, re.ASCII):
        raise ValueError("it is a mailto: or an https: address")
    return address


Sender = Annotated[str, AfterValidator(_sender)]
Recipient = Annotated[str, AfterValidator(_ascii_address)]
Recipients = Annotated[
    tuple[Recipient, ...], BeforeValidator(_one_or_more), Field(min_length=1, max_length=50)
]
Unsubscribe = Annotated[str, AfterValidator(_unsubscribe)]
Port = Annotated[int, Field(ge=1, le=65535, strict=True)]


class EmailOptions(ChannelOptions):
    """``host`` is the mail server, ``user`` and ``password`` sign in there. ``sender`` is who it is
    from, ``to`` one address (best a list's) or several, which do not see one another.

    ``unsubscribe`` is where a reader leaves the list; ``unsubscribe_one_click`` says that a POST to
    it, without a page, is enough.
    """

    host: str
    security: Security = "starttls"
    port: Port | None = None
    user: str | None = None
    password: SecretStr | None = None
    sender: Sender
    to: Recipients
    reply_to: Recipient | None = None
    unsubscribe: Unsubscribe | None = None
    unsubscribe_one_click: bool = False

    @model_validator(mode="after")
    def _goes_together(self) -> EmailOptions:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together; give both or neither")
        secret = self.password.get_secret_value() if self.password else ""
        if not ((self.user or "") + secret).isascii():
            raise ValueError("user and password may have no accents: mail servers take none")
        https = self.unsubscribe is not None and self.unsubscribe.startswith("https://")
        if self.unsubscribe_one_click and not https:
            raise ValueError("unsubscribe_one_click needs an https: address as unsubscribe")
        return self

    @property
    def its_port(self) -> int:
        return self.port or PORTS[self.security]


class Email(Platform[EmailOptions, EmailMessage]):
    """One e-mail a posting, with all its languages. Nothing limits its length."""

    name = "email"
    called = "E-mail"
    actor = "The mail server"
    where = "with whoever keeps your mail server"
    options_model = EmailOptions

    def address_problem(self, options: EmailOptions, trusted_hosts: Collection[str]) -> str | None:
        """Return what is wrong with the host, judged as that of a web address is."""
        host = f"[{options.host}]" if ":" in options.host else options.host
        secure = options.security != "none"
        problem = address_problem(
            f"{'https' if secure else 'http'}://{host}:{options.its_port}/", trusted_hosts
        )
        if problem is None:
            return None
        if not secure and "http://" in problem:
            return (
                '`security = "none"` sends the message and the password so that anyone on the way '
                'could read them; use "starttls" or "tls", or add the host to trusted_hosts in '
                "config/vigilia.toml if it is your own."
            )
        return problem.replace("The address's host", "The mail server's host")

    def address_digest(self, options: EmailOptions) -> str:
        to = ",".join(sorted(recipient.lower() for recipient in options.to))
        return digest(self.name, to)

    def rate_keys(self, options: EmailOptions) -> Rates:
        place = digest(self.name, options.host.lower(), options.user or "")
        # A submission server documents no rate of its own; this one is polite.
        return ((f"{self.name}:{place}", 1.0),)

    def payload(self, message: Message, options: EmailOptions | None) -> EmailMessage:
        """Return the words, in plain text and as HTML; the envelope's headers are not yet there."""
        mime = EmailMessage(policy=SMTP)
        mime["Subject"] = one_line(message.title)
        mime.set_content(message_text(message) + "\n", cte="quoted-printable")
        mime.add_alternative(page(message), subtype="html", cte="quoted-printable")
        mime["Content-Language"] = ", ".join(message.languages)
        return mime

    def assembled(
        self, payload: EmailMessage, options: EmailOptions, envelope: Envelope
    ) -> MimeRequest:
        """Return the e-mail, the same bytes for the same envelope and words."""
        sender = _bare(options.sender)
        name = options.sender.partition("<")[0].strip() if "<" in options.sender else ""
        mime = EmailMessage(policy=SMTP)
        mime["Subject"] = payload["Subject"]
        mime["From"] = Mailbox(name, addr_spec=sender)
        mime["To"] = options.to[0] if len(options.to) == 1 else "undisclosed-recipients:;"
        if options.reply_to:
            mime["Reply-To"] = options.reply_to
        mime["Date"] = format_datetime(envelope.at)
        mime["Message-ID"] = message_id(envelope.request_id, sender.rpartition("@")[2])
        mime["Auto-Submitted"] = "auto-generated"
        if options.unsubscribe:
            mime["List-Unsubscribe"] = f"<{options.unsubscribe}>"
            if options.unsubscribe_one_click:
                mime["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        for field, value in payload.items():
            if field != "Subject":
                mime[field] = value
        mime.set_payload(payload.get_payload())
        mime.set_boundary(f"=_{envelope.request_id}")
        password = options.password.get_secret_value() if options.password else ""
        server = MailServer(
            options.host, options.its_port, options.security, options.user, password
        )
        return MimeRequest(server, sender, options.to, mime.as_bytes(policy=SMTP))


def _bare(sender: str) -> str:
    return sender.partition("<")[2].rstrip(">") or sender


def message_id(request_id: str, domain: str) -> str:
    """Return the Message-ID that all attempts at one generation of a posting have."""
    return f"<{request_id}@{domain}>"


PLATFORM = Email()
